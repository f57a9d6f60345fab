//! `winback explain`: the parts add up, agree with the scored file, and protected columns are never a reason.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bank::{HISTORY, WEEK, made, trained, week};
use crate::csv::Csv;
use crate::run::Bench;

/// Rounding in the scored file, and what the parts may miss the whole by.
const TOLERANCE: f64 = 1e-9;

/// Checks one customer's explanation against itself and against the line of the scored file.
pub(crate) fn check(found: &Value, scored: &Csv, row: &[String]) {
    let number = |name: &str| found[name].as_f64().unwrap();
    let effects: BTreeMap<&str, f64> = found["effects"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, effect)| (name.as_str(), effect.as_f64().unwrap()))
        .collect();
    let (base, log_odds, probability) = (number("base"), number("log_odds"), number("probability"));
    let sum: f64 = base + effects.values().sum::<f64>();
    assert!((sum - log_odds).abs() < TOLERANCE, "{sum} and {log_odds}");
    assert!(
        ((probability / (1.0 - probability)).ln() - log_odds).abs() < TOLERANCE,
        "{probability} and {log_odds}"
    );
    let cell = |name: &str| row[scored.at(name)].as_str();
    let written = |name: &str| cell(name).parse::<f64>().unwrap();
    assert!((written("churn_probability") - probability).abs() < TOLERANCE);
    let reasons = found["reasons"].as_array().unwrap();
    let mut told = number("other_effect");
    assert!((written("other_effect") - told).abs() < TOLERANCE);
    for (place, reason) in (1..).zip(reasons) {
        assert_eq!(reason["words"], cell(&format!("reason_{place}")));
        let column = reason["column"].as_str().unwrap();
        assert_eq!(column, cell(&format!("reason_{place}_column")));
        let effect = reason["effect"].as_f64().unwrap();
        assert!((effect - effects[column]).abs() < TOLERANCE);
        assert!((effect - written(&format!("reason_{place}_effect"))).abs() < TOLERANCE);
        told += effect;
    }
    assert!((base + told - log_odds).abs() < TOLERANCE, "reasons and the rest are the whole");
}

/// Checks the customers of some rows of the week.
pub(crate) fn check_rows(bench: &Bench, rows: &[usize]) {
    bench.json(&["score", WEEK, "-o", "scored.csv"]);
    let scored = Csv::parse(&bench.read("scored.csv"));
    for row in rows {
        let row = &scored.rows[*row];
        let found = bench.json(&["explain", "--key", &row[0], "--in", WEEK]);
        assert_eq!(found["key"], row[0].as_str());
        check(&found, &scored, row);
    }
}

#[test]
fn a_customers_parts_are_the_scored_files() {
    check_rows(&trained(), &[0, 1, 57, 400]);
}

#[test]
fn a_customer_is_drawn_for_people() {
    let bench = trained();
    let key = Csv::parse(&bench.read(HISTORY)).rows[3][0].clone();
    // Without --in the customer is looked for in the history.
    let seen = bench.run(&["explain", "--key", &key]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.starts_with(&format!("`{key}` leaves with a probability of ")), "{}", seen.stdout);
    for word in ["an average customer", "other columns", "sum", "█", "typical is"] {
        assert!(seen.stdout.contains(word), "{word}: {}", seen.stdout);
    }
}

#[test]
fn an_unknown_customer_is_the_users_fault() {
    let bench = trained();
    let said = bench.refused(&["explain", "--key", "nobody", "--in", WEEK]);
    assert!(
        said.starts_with(&format!(
            "error: no row that can be used has the key `nobody` in `{WEEK}`\nhint: name the file that has the \
             customer with --in; its key stands in `customer_id`"
        )),
        "{said}"
    );
    let said = bench.refused(&["explain", "--in", WEEK]);
    assert!(said.contains("--key <K>"), "a file without a key asks for nothing: {said}");
}

#[test]
fn a_customer_whose_row_cannot_be_used_is_looked_for_among_the_rejected() {
    let bench = trained();
    let mut week = week(&bench);
    let (key, column) = (week.rows[3][0].clone(), week.at("transactions_3m"));
    week.rows[3][column] = "many".to_owned();
    bench.write("week.csv", &week.text());
    let said = bench.refused(&["explain", "--key", &key, "--in", "week.csv"]);
    assert!(said.contains("rows that cannot be used: 1; `winback score FILE` lists them"), "{said}");
}

#[test]
fn the_model_as_a_whole_has_shares_that_sum_to_one() {
    let bench = trained();
    let found = bench.json(&["explain"]);
    assert_eq!((&found["model_version"], &found["learner"]), (&"churn/1".into(), &"linear".into()));
    let columns = found["columns"].as_array().unwrap();
    let shares: Vec<f64> = columns.iter().map(|column| column["share"].as_f64().unwrap()).collect();
    assert!(
        (shares.iter().sum::<f64>() - 1.0).abs() < TOLERANCE
            && shares.is_sorted_by(|left, right| left >= right)
    );
    let mut names: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
    let history = Csv::parse(&bench.read(HISTORY));
    let not_learnt = ["customer_id", "as_of", "left"];
    let mut features: Vec<&str> =
        history.header.iter().map(String::as_str).filter(|name| !not_learnt.contains(name)).collect();
    names.sort_unstable();
    features.sort_unstable();
    assert_eq!(names, features);
    let change = columns.iter().find(|column| column["name"] == "transaction_change").unwrap();
    assert_eq!(change["direction"], "the lower, the likelier to leave");
    let seen = bench.run(&["explain"]);
    assert!(seen.stdout.starts_with("what moves the scores of `churn/1` (linear)\n"), "{}", seen.stdout);
}

/// A bank that protects three columns, and learns from them if `learn`.
fn protecting(learn: bool) -> Bench {
    let bench = made();
    let settings = bench.read("winback.toml");
    let kept: Vec<&str> = settings.lines().filter(|line| !line.starts_with("# protected")).collect();
    bench.write("winback.toml", &(kept.join("\n") + "\n"));
    bench.edit(
        "winback.toml",
        "exclude = []",
        "exclude = []\nprotected = [\"age\", \"gender\", \"nationality\"]",
    );
    bench.edit("winback.toml", "learn_protected = false", &format!("learn_protected = {learn}"));
    bench.json(&["train", "--learner", "linear"]);
    bench
}

const PROTECTED: [&str; 3] = ["age", "gender", "nationality"];

#[test]
fn protected_columns_are_not_learnt_from_unasked() {
    let bench = protecting(false);
    let found = bench.json(&["explain"]);
    let columns = found["columns"].as_array().unwrap();
    assert!(!columns.iter().any(|column| PROTECTED.contains(&column["name"].as_str().unwrap())));
    // Nor are they needed in a weekly file.
    let week = PROTECTED.iter().fold(week(&bench), |week, name| week.without(name));
    bench.write("week.csv", &week.text());
    assert_eq!(bench.json(&["score", "week.csv"])["scored"], week.rows.len());
}

#[test]
fn protected_columns_that_are_learnt_from_are_never_a_reason() {
    let bench = protecting(true);
    let explained = bench.json(&["explain"]);
    let share = |name: &str| {
        let columns = explained["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap()["share"].as_f64().unwrap()
    };
    assert!(PROTECTED.map(share).iter().sum::<f64>() > 0.01, "they have effects");
    bench.json(&["score", WEEK, "-o", "scored.csv"]);
    let scored = Csv::parse(&bench.read("scored.csv"));
    for place in 1..=3 {
        let reasons = scored.column(&format!("reason_{place}_column"));
        assert!(!reasons.iter().any(|column| PROTECTED.contains(column)));
    }
    // The rest holds their effects, so that the parts are still the whole.
    check_rows(&bench, &[5, 300]);
}

#[test]
fn wording_comes_from_the_settings() {
    let bench = trained();
    let settings = bench.read("winback.toml");
    let wording = "[columns.transactions_3m]\nname = \"payments made\"\nreason = { low = \"Few {name}: {value}, not {typical}\" }\n";
    bench.write("winback.toml", &format!("{settings}\n{wording}"));
    bench.json(&["score", WEEK, "-o", "scored.csv"]);
    let scored = Csv::parse(&bench.read("scored.csv"));
    let told = (1..=3).flat_map(|place| scored.column(&format!("reason_{place}")));
    let told: Vec<&str> = told.filter(|words| words.contains("payments made")).collect();
    assert!(told.iter().any(|words| words.starts_with("Few payments made: ")), "{told:?}");
}
