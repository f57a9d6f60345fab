//! `winback score` and rows that cannot be used: none is lost, each has its reason, too many refuse the file.

use crate::bank::{WEEK, trained, week};
use crate::csv::Csv;
use crate::run::Bench;

/// The week with four rows that cannot be used, as `week.csv`; answers the week without them.
fn broken(bench: &Bench) -> Csv {
    let week = week(bench);
    let (mut broken, mut good) = (week.clone(), week.clone());
    "old".clone_into(&mut broken.rows[8][week.at("age")]);
    broken.rows[18][0].clear();
    broken.rows[28].pop();
    let mut again = broken.rows[58].clone();
    again[week.at("age")] = "44".to_owned();
    broken.rows.insert(60, again);
    for row in [28, 18, 8] {
        good.rows.remove(row);
    }
    bench.write("week.csv", &broken.text());
    good
}

#[test]
fn read_is_scored_plus_quarantined() {
    let bench = trained();
    let good = broken(&bench);
    let found = bench.json(&["score", "week.csv", "-o", "scored.csv"]);
    let read = good.rows.len() + 4;
    assert_eq!((&found["read"], &found["quarantined"]), (&read.into(), &4.into()));
    assert_eq!(
        (&found["scored"], &found["quarantine"]),
        (&good.rows.len().into(), &"scored.csv.quarantine.csv".into())
    );
    bench.write("good.csv", &good.text());
    bench.json(&["score", "good.csv", "-o", "expected.csv"]);
    assert_eq!(bench.read("scored.csv"), bench.read("expected.csv"), "of equal keys the first is scored");
}

#[test]
fn each_rejected_row_has_its_place_and_reason() {
    let bench = trained();
    let good = broken(&bench);
    let seen = bench.run(&["score", "week.csv", "-o", "scored.csv"]);
    assert!(seen.stdout.contains("rejected rows: scored.csv.quarantine.csv"), "{}", seen.stdout);
    let quarantine = Csv::parse(&bench.read("scored.csv.quarantine.csv"));
    assert_eq!(quarantine.header, ["file", "line", "column", "value", "reason", "row"]);
    assert!(quarantine.column("file").iter().all(|file| *file == "week.csv"));
    let told: Vec<[&str; 4]> =
        quarantine.rows.iter().map(|row| [&*row[1], &*row[2], &*row[3], &*row[4]]).collect();
    let doubled = good.rows[55][0].as_str();
    let expected = [
        ["10", "age", "old", "not a number"],
        ["20", "customer_id", "", "the key is missing"],
        ["30", "", "", "33 fields where the header has 34"],
        ["62", "customer_id", doubled, "an earlier row has the same key"],
    ];
    assert_eq!(told, expected);
    let lines: Vec<String> = bench.read("week.csv").lines().map(str::to_owned).collect();
    assert_eq!(quarantine.column("row"), [&lines[9], &lines[19], &lines[29], &lines[61]]);
}

#[test]
fn too_many_rejects_refuse_the_file_and_keep_the_evidence() {
    let bench = trained();
    broken(&bench);
    let said = bench.refused(&["score", "week.csv", "-o", "scored.csv", "--reject-limit", "0.001"]);
    assert!(said.contains("rows were rejected, more than the limit of 0.1 %"), "{said}");
    assert!(said.contains("hint: `scored.csv.quarantine.csv` lists them"), "{said}");
    assert!(!bench.path().join("scored.csv").exists());
    assert_eq!(Csv::parse(&bench.read("scored.csv.quarantine.csv")).rows.len(), 4);
    assert_eq!(leftovers(&bench), 0);
    let mut worse = week(&bench);
    let age = worse.at("age");
    worse.rows.iter_mut().for_each(|row| "old".clone_into(&mut row[age]));
    bench.write("week.csv", &worse.text());
    let found = bench.json(&["score", "week.csv", "-o", "scored.csv", "--reject-limit", "1"]);
    assert_eq!((&found["scored"], &found["quarantined"]), (&0.into(), &worse.rows.len().into()));
    assert_eq!(bench.read("scored.csv").lines().count(), 1, "a header, so that readers do not fail");
}

#[test]
fn the_settings_hold_the_limit() {
    let bench = trained();
    broken(&bench);
    bench.edit("winback.toml", "reject_limit = 0.01", "reject_limit = 0.002");
    let said = bench.refused(&["score", "week.csv", "-o", "scored.csv"]);
    assert!(said.contains("more than the limit of 0.2 %"), "{said}");
    let said = bench.refused(&["score", "week.csv", "--reject-limit", "7"]);
    assert!(said.starts_with("error: the reject limit is 7, not a share from 0 to 1"), "{said}");
}

#[test]
fn the_quarantine_of_an_earlier_run_goes_away() {
    let bench = trained();
    broken(&bench);
    bench.json(&["score", "week.csv", "-o", "scored.csv"]);
    assert!(bench.path().join("scored.csv.quarantine.csv").is_file());
    let found = bench.json(&["score", WEEK, "-o", "scored.csv"]);
    assert_eq!((&found["quarantined"], &found["quarantine"]), (&0.into(), &serde_json::Value::Null));
    assert!(!bench.path().join("scored.csv.quarantine.csv").exists());
    assert_eq!(leftovers(&bench), 0);
}

#[test]
fn a_quote_that_never_ends_costs_one_row() {
    let bench = trained();
    let week = week(&bench);
    let mut lines: Vec<String> = week.text().lines().map(str::to_owned).collect();
    lines[300] = lines[300].replacen("home", "\"home", 1);
    assert!(lines[300].contains('"'), "{}", lines[300]);
    bench.write("week.csv", &(lines.join("\n") + "\n"));
    let found = bench.json(&["score", "week.csv", "-o", "scored.csv"]);
    assert_eq!((&found["read"], &found["quarantined"]), (&week.rows.len().into(), &1.into()));
    assert_eq!(Csv::parse(&bench.read("scored.csv")).rows.len() + 1, week.rows.len());
}

/// Temporary files that were not taken away.
fn leftovers(bench: &Bench) -> usize {
    let entries = std::fs::read_dir(bench.path()).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp")).count()
}
