//! The main job on the public churn files: learnt from four fifths, the other fifth scored, judged and accounted for.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;
use winback_learn::package::Package;
use winback_table::input::{FileInput, unpacked};
use winback_table::reader::{Options, TableReader};

use crate::csv::Csv;
use crate::explain::check;
use crate::onnx;
use crate::run::Bench;
use winback_peers as peers;

/// Base and effects add up to the log-odds within this on every row.
const TOLERANCE: f64 = 1e-9;

/// The folder of the model.
const PACKAGE: &str = "bank/models/churn/1";

const NAIVE_BAYES: &str = "Naive_Bayes_Classifier_Attrition_Flag_Card_Category_Contacts_Count_12_mon_Dependent_count_Education_Level_Months_Inactive_12_mon";

/// One file, and what is known of it beforehand.
struct Expected<'a> {
    file: &'a str,
    /// The label, and the value of those who left, with the quotes it has in the file.
    label: (&'a str, &'a str),
    excluded: &'a [&'a str],
    learner: &'a str,
    /// Of how many rows one is taken, to keep the tests quick.
    one_in: usize,
    /// What the fifth must at least be ranked like.
    roc_auc: f64,
}

/// What was made of a file.
struct Made {
    bench: Bench,
    /// All of the file.
    text: String,
    scored: Csv,
}

/// Learns from four fifths, scores the other one with a broken row in it, and counts.
fn run(test: &str, expected: &Expected<'_>) -> Option<Made> {
    let path = peers::file(test, expected.file)?;
    let mut text = String::new();
    unpacked(&FileInput::new(&path)).unwrap().read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let (mut history, mut week) = (vec![header], vec![header]);
    for (number, line) in lines.step_by(expected.one_in).enumerate() {
        if number % 5 == 4 { week.push(line) } else { history.push(line) }
    }
    let bench = Bench::new();
    bench.write("history.csv", &(history.join("\n") + "\n"));
    bench.write("week.csv", &(week.join("\n") + "\nragged\n"));
    let excluded = expected.excluded.iter().flat_map(|name| ["--exclude", *name]);
    bench.json(&["init", "history.csv"].into_iter().chain(excluded).collect::<Vec<_>>());
    let trained = bench.json(&["train", "--learner", expected.learner]);
    assert_eq!(
        (&trained["read"], &trained["promoted"]),
        (&(history.len() - 1).into(), &true.into()),
        "{trained}"
    );

    let scored = bench.json(&["score", "week.csv", "-o", "scored.csv"]);
    let rows = week.len() - 1;
    assert_eq!((&scored["read"], &scored["scored"]), (&(rows + 1).into(), &rows.into()));
    assert_eq!(
        (&scored["quarantined"], Csv::parse(&bench.read("scored.csv.quarantine.csv")).rows.len()),
        (&1.into(), 1)
    );
    let lines = Csv::parse(&bench.read("scored.csv"));
    assert_eq!(lines.rows.len(), rows);
    let left = labels(&week, expected);
    let found = roc_auc(&lines.numbers("churn_probability"), &left);
    assert!(found >= expected.roc_auc, "{found}");
    let rate = left.iter().filter(|left| **left).count() as f64 / rows as f64;
    let mean = scored["mean_probability"].as_f64().unwrap();
    assert!((mean / rate - 1.0).abs() < 0.12, "{mean} expected to leave, {rate} left");
    Some(Made { bench, text, scored: lines })
}

/// Who left, of the lines of a file whose fields hold no delimiter.
fn labels(lines: &[&str], expected: &Expected<'_>) -> Vec<bool> {
    let delimiter = if lines[0].contains(';') { ';' } else { ',' };
    let (label, positive) = expected.label;
    let at = lines[0].split(delimiter).position(|name| name.trim_matches('"') == label).unwrap();
    lines[1..]
        .iter()
        .map(|line| line.split(delimiter).nth(at).unwrap().trim_matches('"') == positive)
        .collect()
}

/// By its definition: how often one who left has the higher score than one who stayed.
fn roc_auc(scores: &[f64], left: &[bool]) -> f64 {
    let of = |which: bool| {
        scores.iter().zip(left).filter(move |(_, left)| **left == which).map(|(score, _)| *score)
    };
    let wins = of(true).flat_map(|gone| {
        of(false).map(move |stayed| match gone.total_cmp(&stayed) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
    });
    wins.sum::<f64>() / (of(true).count() * of(false).count()) as f64
}

/// Every row of the history and the week: base and effects are the log-odds, which are also those of scoring alone.
fn check_every_row(bench: &Bench) {
    let folder = std::fs::read_dir(bench.path().join(PACKAGE)).unwrap();
    let files: Vec<(String, Vec<u8>)> = folder
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    let package = Package::from_files(&files).unwrap();
    let schema = package.model.encoder.scoring_schema(&package.schema);
    for name in ["history.csv", "week.csv"] {
        let input = Arc::new(FileInput::new(&bench.path().join(name)));
        let mut reader = TableReader::new(vec![input], &schema, Options::default());
        while let Some(batch) = reader.next_batch().unwrap() {
            let explanation = package.model.explain(&batch.rows).unwrap();
            let scores = package.model.score(&batch.rows).unwrap();
            assert_eq!(scores.len(), batch.rows.num_rows());
            for (row, score) in scores.iter().enumerate() {
                let sum = explanation.base + explanation.of_row(row).iter().sum::<f64>();
                assert!((sum - explanation.log_odds[row]).abs() < TOLERANCE, "{sum} in row {row}");
                assert!(score.total_cmp(&explanation.log_odds[row]).is_eq(), "{score} in row {row}");
            }
        }
        assert!(reader.tally().kept > 1000);
    }
}

/// Every row of the file has the same probability in onnxruntime; with a history, also by trees learnt from that.
fn check_onnx(test: &str, made: &Made, history: Option<&str>) {
    onnx::check(test, &made.bench, PACKAGE, history, &made.text.lines().collect::<Vec<_>>());
}

fn bank_churners_with<'a>(learner: &'a str, excluded: &'a [&'a str], roc_auc: f64) -> Expected<'a> {
    let label = ("Attrition_Flag", "Attrited Customer");
    Expected { file: "BankChurners.csv", label, excluded, learner, one_in: 1, roc_auc }
}

fn naive_bayes() -> [String; 2] {
    [format!("{NAIVE_BAYES}_1"), format!("{NAIVE_BAYES}_2")]
}

#[test]
fn bank_churners_by_trees() {
    let leaks = naive_bayes();
    let excluded = leaks.each_ref().map(String::as_str);
    let Some(made) = run("bank_churners_by_trees", &bank_churners_with("trees", &excluded, 0.985)) else {
        return;
    };
    check_every_row(&made.bench);
    check_onnx("bank_churners_by_trees", &made, None);
    for row in [0, 999, 2000] {
        let line = &made.scored.rows[row];
        let found: Value = made.bench.json(&["explain", "--key", &line[0], "--in", "week.csv"]);
        check(&found, &made.scored, line);
    }
}

#[test]
fn bank_churners_by_a_scorecard() {
    let leaks = naive_bayes();
    let excluded = leaks.each_ref().map(String::as_str);
    let expected = bank_churners_with("linear", &excluded, 0.955);
    let Some(made) = run("bank_churners_by_a_scorecard", &expected) else { return };
    check_every_row(&made.bench);
    check_onnx("bank_churners_by_a_scorecard", &made, None);
}

#[test]
fn churn_modelling_by_a_scorecard() {
    let expected = Expected {
        file: "Churn_Modelling.csv",
        label: ("Exited", "1"),
        excluded: &[],
        learner: "linear",
        one_in: 1,
        roc_auc: 0.83,
    };
    let Some(made) = run("churn_modelling_by_a_scorecard", &expected) else { return };
    check_every_row(&made.bench);
    check_onnx("churn_modelling_by_a_scorecard", &made, Some("history.csv"));
}

#[test]
fn telco_by_a_scorecard() {
    let expected = Expected {
        file: "WA_Fn-UseC_-Telco-Customer-Churn.csv",
        label: ("Churn", "Yes"),
        excluded: &[],
        learner: "linear",
        one_in: 1,
        roc_auc: 0.82,
    };
    let Some(made) = run("telco_by_a_scorecard", &expected) else { return };
    check_every_row(&made.bench);
    check_onnx("telco_by_a_scorecard", &made, Some("history.csv"));
}

#[test]
fn bank_marketing_by_a_scorecard() {
    let expected = Expected {
        file: "bank-additional-full.csv.gz",
        label: ("y", "yes"),
        excluded: &["duration"],
        learner: "linear",
        one_in: 5,
        roc_auc: 0.74,
    };
    let Some(made) = run("bank_marketing_by_a_scorecard", &expected) else { return };
    check_every_row(&made.bench);
    check_onnx("bank_marketing_by_a_scorecard", &made, Some("history.csv"));
    // Without a key, a line bears the number of its row.
    let numbers: Vec<String> = (1..=made.scored.rows.len()).map(|number| number.to_string()).collect();
    assert_eq!(made.scored.column("row"), numbers);
}
