//! `winback demo`: the loop on a made bank, and again in the same folder without harm.

use crate::csv::Csv;
use crate::run::Bench;

#[test]
fn a_second_demo_in_the_same_folder_changes_nothing() {
    let bench = Bench::new();
    let first = bench.json(&["demo", "--customers", "1000"]);
    assert_eq!(first["folder"], "bank-demo");
    let path = first["scored"].as_str().unwrap();
    let scored = bench.read(path);
    check_most_at_risk(&first["most_at_risk"], &Csv::parse(&scored));
    let models = bench.json(&["models", "--config", "bank-demo/winback.toml"]);
    assert_eq!((models.as_array().unwrap().len(), &models[0]["aliases"][0]), (1, &"champion".into()));
    let settings = bench.read("bank-demo/winback.toml");

    let seen = bench.run(&["demo", "--customers", "1000"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.contains("`churn/1` is champion"), "{}", seen.stdout);
    assert_eq!((bench.read(path), bench.read("bank-demo/winback.toml")), (scored, settings));
    assert_eq!(bench.json(&["models", "--config", "bank-demo/winback.toml"]), models);
    // What it says to go on with works as it stands.
    let next = seen.stdout.lines().find_map(|line| line.strip_prefix("Go on with: winback ")).unwrap();
    let seen = bench.run(&next.split(' ').collect::<Vec<_>>());
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.contains("leaves with a probability of"), "{}", seen.stdout);
}

fn check_most_at_risk(found: &serde_json::Value, scored: &Csv) {
    let top = found.as_array().unwrap();
    assert_eq!(top.len(), 10);
    let mut probabilities = scored.numbers("churn_probability");
    probabilities.sort_by(|left, right| right.total_cmp(left));
    for (customer, expected) in top.iter().zip(probabilities) {
        assert!(customer["probability"].as_f64().unwrap().total_cmp(&expected).is_eq());
        assert!(scored.column("customer_id").contains(&customer["key"].as_str().unwrap()));
        assert_eq!(customer["reasons"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn a_folder_that_is_not_the_demos_is_left_alone() {
    let bench = Bench::new();
    bench.write("taken", "");
    let said = bench.refused(&["demo", "--out", "taken", "--quiet"]);
    assert!(said.starts_with("error: cannot write to `taken`\n"), "{said}");
    assert!(said.contains("hint: name a folder to write to with --out"), "{said}");
    bench.write("winback.toml", "mine");
    let said = bench.refused(&["demo", "--out", ".", "--quiet"]);
    assert!(said.contains("has settings that the demo did not write\nhint: name another folder"), "{said}");
    assert_eq!(bench.read("winback.toml"), "mine");
    assert!(!bench.path().join("input_folder").exists());
}
