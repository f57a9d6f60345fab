//! `winback score`: the scored file, and the weekly files that are scored though they differ from the history.

use std::io::Write as _;

use serde_json::Value;
use winback_table::input::FileInput;
use winback_table::reader::{Options, TableReader};
use winback_table::{Field, Kind, Role, Schema};

use crate::bank::{HISTORY, PACKAGE, WEEK, trained, week};
use crate::csv::Csv;
use crate::run::Bench;

const COLUMNS: [&str; 15] = [
    "customer_id",
    "churn_probability",
    "risk_band",
    "risk_percentile",
    "reason_1",
    "reason_2",
    "reason_3",
    "reason_1_column",
    "reason_1_effect",
    "reason_2_column",
    "reason_2_effect",
    "reason_3_column",
    "reason_3_effect",
    "other_effect",
    "model_version",
];

fn score(bench: &Bench, file: &str) -> (Value, Csv) {
    let found = bench.json(&["score", file, "-o", "scored.csv"]);
    (found, Csv::parse(&bench.read("scored.csv")))
}

#[test]
fn every_customer_has_a_line_in_the_files_order() {
    let bench = trained();
    let (found, scored) = score(&bench, WEEK);
    let week = week(&bench);
    let rows = week.rows.len();
    assert_eq!(
        (&found["read"], &found["scored"], &found["quarantined"]),
        (&rows.into(), &rows.into(), &0.into())
    );
    assert_eq!((&found["output"], &found["model_version"]), (&"scored.csv".into(), &"churn/1".into()));
    assert_eq!((&found["quarantine"], &found["notes"]), (&Value::Null, &Value::Array(Vec::new())));
    assert!(found["seconds"].is_number());
    assert_eq!(scored.header, COLUMNS);
    assert_eq!(scored.column("customer_id"), week.column("customer_id"));
    assert!(scored.column("model_version").iter().all(|version| *version == "churn/1"));
    let mean = scored.numbers("churn_probability").iter().sum::<f64>() / rows as f64;
    assert!((found["mean_probability"].as_f64().unwrap() - mean).abs() < 1e-8);
}

#[test]
fn bands_and_ranks_follow_the_training() {
    let bench = trained();
    let (found, scored) = score(&bench, WEEK);
    let metrics: Value = serde_json::from_str(&bench.read("models/churn/1/metrics.json")).unwrap();
    let base_rate = metrics["positives"].as_f64().unwrap() / metrics["rows"].as_f64().unwrap();
    let probabilities = scored.numbers("churn_probability");
    for (probability, band) in probabilities.iter().zip(scored.column("risk_band")) {
        let expected = match probability / base_rate {
            3.0.. => "high",
            1.0.. => "medium",
            _ => "low",
        };
        assert_eq!(band, expected, "{probability} at {base_rate}");
    }
    for band in ["high", "medium", "low"] {
        let customers = scored.column("risk_band").iter().filter(|found| **found == band).count();
        assert_eq!(found["risk_bands"][band], customers);
        assert!(customers > 0, "{band}");
    }
    let mut ranked: Vec<(f64, f64)> =
        probabilities.into_iter().zip(scored.numbers("risk_percentile")).collect();
    ranked.sort_by(|left, right| left.0.total_cmp(&right.0));
    assert!(ranked.iter().all(|(probability, rank)| {
        0.0 < *probability && *probability < 1.0 && (0.0..=100.0).contains(rank)
    }));
    assert!(ranked.is_sorted_by(|left, right| left.1 <= right.1), "a higher risk never ranks lower");
}

#[test]
fn reasons_are_words_about_the_customers_own_values() {
    let bench = trained();
    let (_, scored) = score(&bench, WEEK);
    let week = week(&bench);
    for (row, customer) in scored.rows.iter().zip(&week.rows) {
        let mut effects = Vec::new();
        for place in 1..=3 {
            let cell = |name: &str| row[scored.at(&format!("reason_{place}{name}"))].as_str();
            let (words, column) = (cell(""), cell("_column"));
            let effect: f64 = cell("_effect").parse().unwrap();
            assert_eq!(words.starts_with("Protective: "), effect < 0.0, "{words}");
            assert!(
                tells(words, &customer[week.at(column)]),
                "{column} is {}: {words}",
                customer[week.at(column)]
            );
            effects.push(effect);
        }
        let risky = effects.partition_point(|effect| *effect > 0.0);
        let strength = |part: &[f64]| part.is_sorted_by(|left, right| left.abs() >= right.abs());
        assert!(strength(&effects[..risky]) && strength(&effects[risky..]), "{effects:?}");
        assert!(effects[risky..].iter().all(|effect| *effect < 0.0), "{effects:?}");
    }
}

/// Whether a reason holds the customer's value: a level as it stands, a number to its first digits.
fn tells(words: &str, value: &str) -> bool {
    if value.is_empty() || value == "Unknown" {
        return words.contains("missing");
    }
    let Ok(value) = value.parse::<f64>() else { return words.contains(value) };
    let numbers = words.split(' ').filter_map(|word| word.replace([',', ';'], "").parse::<f64>().ok());
    numbers.into_iter().any(|number| (number - value).abs() <= 0.001 * value.abs())
}

#[test]
fn other_columns_in_another_order_change_no_score() {
    let bench = trained();
    let (_, plain) = score(&bench, WEEK);
    let mut shuffled = week(&bench).shuffled("favourite_colour");
    bench.write("week.csv", &shuffled.text());
    let (found, scored) = score(&bench, "week.csv");
    assert_eq!(scored.text(), plain.text());
    assert_eq!(
        found["notes"],
        serde_json::json!(["columns that the model does not use: `favourite_colour`"])
    );
    // Levels that training never saw are scored all the same.
    let segment = shuffled.at("segment");
    shuffled.rows.iter_mut().take(60).for_each(|row| "platinum".clone_into(&mut row[segment]));
    bench.write("week.csv", &shuffled.text());
    let (found, scored) = score(&bench, "week.csv");
    assert_eq!(found["scored"], shuffled.rows.len());
    let note = "`segment` has values that training saw too seldom or never, in ";
    assert!(found["notes"][1].as_str().unwrap().starts_with(note), "{}", found["notes"]);
    let (before, after) = (plain.numbers("churn_probability"), scored.numbers("churn_probability"));
    assert!(before[60..].iter().zip(&after[60..]).all(|(left, right)| left.total_cmp(right).is_eq()));
}

#[test]
fn a_label_in_the_file_is_not_looked_at_and_this_is_said() {
    let bench = trained();
    let (found, with) = score(&bench, HISTORY);
    let note = "the file has the label `left`, which scoring does not look at";
    assert_eq!(found["notes"], serde_json::json!([note]));
    let unlabelled = Csv::parse(&bench.read(HISTORY)).without("left");
    bench.write("week.csv", &unlabelled.text());
    let (found, without) = score(&bench, "week.csv");
    assert_eq!(found["notes"], serde_json::json!([]));
    assert_eq!(with.text(), without.text());
}

#[test]
fn a_missing_column_is_named_with_the_nearest() {
    let bench = trained();
    let mut renamed = week(&bench);
    let logins = renamed.at("logins_3m");
    "logins3m".clone_into(&mut renamed.header[logins]);
    bench.write("week.csv", &renamed.text());
    let said = bench.refused(&["score", "week.csv", "-o", "scored.csv"]);
    assert_eq!(said, "error: `week.csv` has no column `logins_3m`; the nearest is `logins3m`\n");
    assert!(!bench.path().join("scored.csv").exists());
    // What the model does not learn from may be missing.
    bench.write("week.csv", &week(&bench).without("as_of").text());
    assert_eq!(bench.run(&["score", "week.csv"]).code, Some(0));
    assert!(bench.path().join("week.csv.scored.csv").is_file(), "without -o it lies beside the file");
}

#[test]
fn parquet_holds_the_same_values() {
    let bench = trained();
    let (_, scored) = score(&bench, WEEK);
    let found = bench.json(&["score", WEEK, "-o", "deep/scored.parquet"]);
    assert_eq!(
        (&found["output"], &found["scored"]),
        (&"deep/scored.parquet".into(), &scored.rows.len().into())
    );
    let is_number =
        |name: &str| ["churn_probability", "risk_percentile"].contains(&name) || name.ends_with("_effect");
    let field = |name: &str| match name {
        "customer_id" => Field::new(name, Kind::Identifier, Role::Key),
        _ if is_number(name) => Field::new(name, Kind::Number, Role::Feature),
        _ => Field::new(name, Kind::Text, Role::Feature),
    };
    let schema = Schema::new(COLUMNS.map(field).to_vec(), None).unwrap();
    let input = FileInput::new(&bench.path().join("deep/scored.parquet"));
    let mut reader = TableReader::new(vec![std::sync::Arc::new(input)], &schema, Options::default());
    let mut csv = Vec::new();
    let mut writer = winback_table::csv::Writer::new(&mut csv, &schema.arrow()).unwrap();
    while let Some(batch) = reader.next_batch().unwrap() {
        assert!(batch.rejects.is_empty());
        writer.write(&batch.rows).unwrap();
    }
    writer.finish().unwrap();
    assert!(csv == bench.read("scored.csv").into_bytes(), "written as CSV it is the CSV file to the byte");
}

#[test]
fn compressed_files_and_several_at_once_are_read() {
    let bench = trained();
    let (_, plain) = score(&bench, WEEK);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bench.read(WEEK).as_bytes()).unwrap();
    std::fs::write(bench.path().join("week.csv.gz"), packer.finish().unwrap()).unwrap();
    let (_, packed) = score(&bench, "week.csv.gz");
    assert_eq!(packed.text(), plain.text());
    let week = week(&bench);
    let (first, second) = week.rows.split_at(100);
    for (name, rows) in [("a.csv", first), ("b.csv", second)] {
        bench.write(name, &Csv { header: week.header.clone(), rows: rows.to_vec() }.text());
    }
    bench.json(&["score", "a.csv", "b.csv", "-o", "both.csv"]);
    assert_eq!(bench.read("both.csv"), bench.read("scored.csv"));
}

#[test]
fn a_package_in_a_folder_scores_as_the_champion_does() {
    let bench = trained();
    let (_, champion) = score(&bench, WEEK);
    // Neither settings nor bucket are needed: the package stands alone.
    let away = Bench::new();
    std::fs::rename(bench.path().join(PACKAGE), away.path().join("package")).unwrap();
    std::fs::rename(bench.path().join(WEEK), away.path().join("week.csv")).unwrap();
    let found = away.json(&["score", "week.csv", "--model", "package", "-o", "scored.csv"]);
    assert!(found["model_version"].as_str().unwrap().starts_with("sha256:"), "{}", found["model_version"]);
    let alone = Csv::parse(&away.read("scored.csv"));
    assert_eq!(alone.without("model_version").text(), champion.without("model_version").text());
}

#[test]
fn what_cannot_be_written_or_found_is_named() {
    let bench = trained();
    let said = bench.refused(&["score", WEEK, "-o", "scored.txt"]);
    assert!(
        said.starts_with("error: `scored.txt` ends neither in `.csv` nor in `.parquet`\nhint: "),
        "{said}"
    );
    let said = bench.refused(&["score", WEEK, "-o", WEEK]);
    assert!(said.contains("would be overwritten by its own scores"), "{said}");
    let said = bench.refused(&["score", "gone.csv"]);
    assert!(said.starts_with("error: cannot open `gone.csv`"), "{said}");
    let said = bench.refused(&["score", WEEK, "--model", "7"]);
    assert!(said.contains("has no registered version 7; it has `1`"), "{said}");
    let said = bench.refused(&["score", WEEK, "--model", "nowhere"]);
    assert!(said.contains("`nowhere`") && said.contains("hint: `--model` takes a version number"), "{said}");
    let said = crate::bank::made().refused(&["score", WEEK]);
    assert!(said.contains("has no champion") && said.contains("hint: `winback train` makes one"), "{said}");
}
