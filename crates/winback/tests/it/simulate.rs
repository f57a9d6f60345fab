//! `winback simulate`, and a made bank as `winback init` sees it.

use crate::run::Bench;

#[test]
fn a_bank_is_written_and_said() {
    let bench = Bench::new();
    let found = bench.json(&["simulate", "--customers", "500", "--weeks", "2", "--out", "made"]);
    assert_eq!(found["history"]["path"], "made/input_folder/history.csv");
    assert_eq!((&found["history"]["rows"], found["weeks"].as_array().unwrap().len()), (&500.into(), 2));
    let lines = bench.read("made/input_folder/history.csv").lines().count();
    assert_eq!(lines, 501);
    for file in found["weeks"].as_array().unwrap().iter().chain(found["truth"].as_array().unwrap()) {
        let rows = bench.read(file["path"].as_str().unwrap()).lines().count() - 1;
        assert_eq!(file["rows"], rows);
    }
    let text = bench.run(&["simulate", "--customers", "500", "--weeks", "2"]);
    assert_eq!(bench.read("bank/input_folder/history.csv"), bench.read("made/input_folder/history.csv"));
    assert!(text.stdout.contains("bank/weekly_folder/week-2026-04-06.csv"), "{}", text.stdout);
    assert!(text.stderr.contains("next: winback init bank/input_folder/history.csv"), "{}", text.stderr);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let bench = Bench::new();
    bench.write("taken", "");
    let said = bench.refused(&["simulate", "--customers", "10", "--out", "taken"]);
    assert!(said.starts_with("error: cannot create `taken/input_folder`\n  caused by: "), "{said}");
    assert!(said.contains("hint: "), "{said}");
}

#[test]
fn init_understands_a_made_bank() {
    let bench = Bench::new();
    bench.run(&["simulate", "--customers", "2000", "--weeks", "0"]);
    let found = bench.json(&["init", "bank/input_folder/history.csv"]);
    let role = |role: &str| {
        let columns = found["columns"].as_array().unwrap().iter().filter(|column| column["role"] == role);
        columns.map(|column| column["name"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        (role("key"), role("label"), role("time")),
        (vec!["customer_id"], vec!["left"], vec!["as_of"])
    );
    assert!(role("excluded").is_empty(), "{:?}", role("excluded"));
    assert_eq!(found["positive"], "yes");
}
