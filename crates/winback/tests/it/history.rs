//! Where `winback train` finds its history, and what it does with one that is broken or too small.

use crate::bank::{HISTORY, made};
use crate::csv::Csv;
use crate::run::Bench;

/// A bank whose history has six rows that cannot be used.
fn with_broken_rows() -> Bench {
    let bench = made();
    let mut history = Csv::parse(&bench.read(HISTORY));
    let (age, time, label) = (history.at("age"), history.at("as_of"), history.at("left"));
    history.rows[8][age] = "old".to_owned();
    history.rows[18][0] = String::new();
    history.rows[28].push("x".to_owned());
    history.rows[38][label] = "Unknown".to_owned();
    history.rows[48][time] = String::new();
    history.rows.insert(59, history.rows[58].clone());
    bench.write(HISTORY, &history.text());
    bench
}

#[test]
fn broken_rows_go_to_the_quarantine_of_the_bucket() {
    let bench = with_broken_rows();
    let seen = bench.run(&["train", "--learner", "linear", "--json"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let found: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((&found["read"], &found["quarantined"]), (&601.into(), &6.into()));
    assert_eq!(found["metrics"]["rows"], 595);
    let path = found["quarantine"].as_str().unwrap();
    assert!(
        seen.stderr.contains(&format!("warning: 6 rows of the history were rejected; `{path}`")),
        "{}",
        seen.stderr
    );
    let quarantine = Csv::parse(&std::fs::read_to_string(path).unwrap());
    assert_eq!(quarantine.header, ["file", "line", "column", "value", "reason", "row"]);
    let told: Vec<[&str; 4]> =
        quarantine.rows.iter().map(|row| [&*row[1], &*row[2], &*row[3], &*row[4]]).collect();
    let expected = [
        ["10", "age", "old", "not a number"],
        ["20", "customer_id", "", "the key is missing"],
        ["30", "", "", "36 fields where the header has 35"],
        ["40", "left", "Unknown", "the label is missing"],
        ["50", "as_of", "", "the time is missing"],
        ["61", "customer_id", "C00000058", "an earlier row has the same key"],
    ];
    assert_eq!(told, expected);
    assert!(quarantine.column("file").iter().all(|file| file.ends_with(HISTORY)));
    assert!(quarantine.column("row")[0].contains(",old,"));
}

#[test]
fn too_many_broken_rows_refuse_the_history() {
    let bench = with_broken_rows();
    bench.edit("winback.toml", "reject_limit = 0.01", "reject_limit = 0.005");
    let said = bench.refused(&["train", "--learner", "linear"]);
    assert!(
        said.starts_with(
            "error: 6 of 601 rows were rejected, more than the limit of 0.5 %; the first is `input_folder/history.csv` \
             line 10, column `age`: not a number\nhint: "
        ),
        "{said}"
    );
    assert!(!bench.path().join("models").exists(), "nothing was registered");
    let mut kept = std::fs::read_dir(bench.path().join("quarantine/history.csv")).unwrap();
    let kept = std::fs::read_to_string(kept.next().unwrap().unwrap().path()).unwrap();
    assert_eq!(kept.lines().count(), 7, "{kept}");
}

#[test]
fn settings_without_a_label_say_how_to_name_one() {
    let bench = made();
    let settings = bench.read("winback.toml");
    let without: Vec<&str> = settings.lines().filter(|line| !line.starts_with("label")).collect();
    bench.write("winback.toml", &without.join("\n"));
    let said = bench.refused(&["train"]);
    assert!(said.starts_with("error: `winback.toml` names no label\nhint: write `label = "), "{said}");
}

#[test]
fn too_few_leavers_are_counted() {
    let bench = made();
    let history = bench.read(HISTORY);
    let few: Vec<&str> = history.lines().take(100).collect();
    bench.write(HISTORY, &few.join("\n"));
    let positives = few.iter().filter(|line| line.ends_with(",yes")).count();
    let said = bench.refused(&["train"]);
    let expected = format!("{positives} of 99 rows are positive; at least 30 are needed to learn anything");
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn a_label_value_that_nobody_has_is_named() {
    let bench = made();
    bench.edit("winback.toml", "positive = \"yes\"", "positive = \"gone\"");
    let said = bench.refused(&["train"]);
    assert!(said.contains("`gone`") && said.contains("`left`"), "{said}");
}

#[test]
fn without_a_named_history_the_input_folder_is_read() {
    let bench = made();
    let settings = bench.read("winback.toml");
    let without: Vec<&str> = settings.lines().filter(|line| !line.starts_with("history")).collect();
    bench.write("winback.toml", &without.join("\n"));
    // The same rows in two files are the same history.
    let history = Csv::parse(&bench.read(HISTORY));
    let (first, second) = history.rows.split_at(250);
    for (name, rows) in [("a.csv", first), ("b.csv", second)] {
        let part = Csv { header: history.header.clone(), rows: rows.to_vec() };
        bench.write(&format!("input_folder/{name}"), &part.text());
    }
    std::fs::remove_file(bench.path().join(HISTORY)).unwrap();
    bench.write("input_folder/.c.csv.part", "half a file");
    let found = bench.json(&["train", "--learner", "linear"]);
    assert_eq!((&found["read"], &found["metrics"]["rows"]), (&600.into(), &600.into()));
}

#[test]
fn an_input_folder_with_nothing_in_it_says_what_to_do() {
    let bench = made();
    let settings = bench.read("winback.toml");
    let without: Vec<&str> = settings.lines().filter(|line| !line.starts_with("history")).collect();
    bench.write("winback.toml", &without.join("\n"));
    std::fs::remove_file(bench.path().join(HISTORY)).unwrap();
    let said = bench.refused(&["train"]);
    assert!(said.contains("has no files\nhint: put files of labelled customers there"), "{said}");
    bench.write("winback.toml", &settings);
    let said = bench.refused(&["train"]);
    assert!(said.starts_with("error: cannot open `input_folder/history.csv`"), "{said}");
}
