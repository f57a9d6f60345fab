//! `winback explain`: the parts add up, agree with the scored file, say what they compare with, and protected columns are
//! never a reason.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bank::{HISTORY, WEEK, made, trained, week};
use crate::csv::Csv;
use crate::run::{Bench, see};

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
    assert_eq!(found["compared_with"], json!({ "background": "training" }));
    let seen = bench.run(&["explain"]);
    let opening = "what moves the scores of `churn/1` (linear)\ncompared with: the training distribution\n";
    assert!(seen.stdout.starts_with(opening), "{}", seen.stdout);
}

/// The first rows of the week, as a file to compare with.
fn background(bench: &Bench, rows: usize) -> Csv {
    let mut background = week(bench);
    background.rows.truncate(rows);
    bench.write("background.csv", &background.text());
    background
}

#[test]
fn a_customer_compared_with_chosen_rows_adds_up_from_their_mean() {
    let bench = trained();
    let background = background(&bench, 50);
    bench.json(&["score", "background.csv", "-o", "scored.csv"]);
    let probabilities = Csv::parse(&bench.read("scored.csv")).numbers("churn_probability");
    let log_odds = probabilities.iter().map(|probability| (probability / (1.0 - probability)).ln());
    let mean = log_odds.sum::<f64>() / 50.0;
    let key = &background.rows[7][0];
    let arguments = ["explain", "--key", key, "--in", WEEK];
    let usual = bench.json(&arguments);
    let found = bench.json(&[&arguments[..], &["--background", "background.csv"]].concat());
    let rows = json!({ "background": "rows", "rows": 50, "file": "background.csv" });
    assert_eq!(
        (&usual["compared_with"], &found["compared_with"]),
        (&json!({ "background": "training" }), &rows)
    );
    assert_eq!(found["log_odds"], usual["log_odds"]);
    let number = |value: &Value| value.as_f64().unwrap();
    // A column rounds its mean to 2⁻²⁴.
    assert!((number(&found["base"]) - mean).abs() < 1e-5, "{} {mean}", found["base"]);
    let effects: f64 = found["effects"].as_object().unwrap().values().map(number).sum();
    assert!((number(&found["base"]) + effects - number(&found["log_odds"])).abs() < TOLERANCE);
    let seen = bench.run(&[&arguments[..], &["--background", "background.csv"]].concat());
    for said in ["compared with: the 50 rows of background.csv", "an average of background.csv"] {
        assert!(seen.stdout.contains(said), "{said}: {}", seen.stdout);
    }
    assert!(!seen.stdout.contains("an average customer"), "{}", seen.stdout);
}

#[test]
fn against_one_row_that_row_has_no_effects() {
    let bench = trained();
    let background = background(&bench, 1);
    // Without a key, and beside columns that the model does not know.
    bench.write("background.csv", &background.clone().without("customer_id").shuffled("anything").text());
    let arguments =
        ["explain", "--key", &background.rows[0][0], "--in", WEEK, "--background", "background.csv"];
    let found = bench.json(&arguments);
    let effects = found["effects"].as_object().unwrap();
    assert!(effects.values().all(|effect| effect.as_f64().unwrap().abs() < TOLERANCE), "{effects:?}");
    assert!(bench.run(&arguments).stdout.contains("compared with: the one row of background.csv"));
}

#[test]
fn the_model_as_a_whole_is_told_among_rows_where_it_is_compared_with_some() {
    let bench = trained();
    background(&bench, 50);
    let found = bench.json(&["explain", "--background", "background.csv", "--in", WEEK]);
    assert_eq!(found["rows"], week(&bench).rows.len());
    let shares = found["columns"].as_array().unwrap().iter().map(|column| column["share"].as_f64().unwrap());
    assert!((shares.sum::<f64>() - 1.0).abs() < TOLERANCE);
    // Without --in the rows are the history's.
    let of_history = bench.json(&["explain", "--background", "background.csv"]);
    assert_eq!(of_history["rows"], Csv::parse(&bench.read(HISTORY)).rows.len());
    let seen = bench.run(&["explain", "--background", "background.csv", "--in", WEEK]);
    let opening = format!(
        "what moves the scores of `churn/1` (linear)\ncompared with: the 50 rows of background.csv; among the {} rows \
         of week-2026-04-06.csv\n",
        week(&bench).rows.len()
    );
    assert!(seen.stdout.starts_with(&opening), "{}", seen.stdout);
}

#[test]
fn a_background_that_cannot_be_used_is_refused_with_a_way_out() {
    let bench = trained();
    let background = background(&bench, 3);
    let refused = |text: &str| {
        bench.write("background.csv", text);
        bench.refused(&["explain", "--background", "background.csv"])
    };
    let header = Csv { header: background.header.clone(), rows: Vec::new() }.text();
    let said = refused(&header);
    assert!(said.starts_with("error: `background.csv` cannot be compared with"), "{said}");
    assert!(said.contains("there is no row to compare with\nhint: it must hold"), "{said}");
    let said = refused(&background.clone().without("age").text());
    assert!(said.starts_with("error: `background.csv` has no column `age`"), "{said}");
    assert!(said.contains("\nhint: name files of customers that have the columns of the model"), "{said}");
    let mut dirty = background;
    let at = dirty.at("age");
    dirty.rows[1][at] = "old".to_owned();
    let said = refused(&dirty.text());
    assert!(said.contains("1 of 3 rows were rejected, more than the limit of 1 %"), "{said}");
    assert!(
        said.ends_with("hint: mend them, or let more rows be rejected with `reject_limit` under `[data]`\n"),
        "{said}"
    );
    let said = bench.refused(&["explain", "--background", "nowhere.csv"]);
    assert!(said.starts_with("error: cannot open `nowhere.csv`") && said.contains("\nhint: "), "{said}");
    // With a wider limit the row is left out, and that is said.
    bench.edit("winback.toml", "reject_limit = 0.01", "reject_limit = 0.5");
    let seen = bench.run(&["explain", "--background", "background.csv"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(
        seen.stderr.contains("warning: 1 of 3 rows of `background.csv` cannot be used"),
        "{}",
        seen.stderr
    );
    assert!(seen.stdout.contains("compared with: the 2 rows of background.csv"), "{}", seen.stdout);
}

#[test]
fn a_scorecard_has_no_interactions_and_says_so() {
    let bench = trained();
    let found = bench.json(&["explain", "--interactions", "--in", WEEK]);
    assert_eq!((&found["pairs"], &found["rows"]), (&json!([]), &week(&bench).rows.len().into()));
    let seen = bench.run(&["explain", "--interactions"]);
    assert!(
        seen.stdout.contains("nothing: a scorecard adds up what each column does alone"),
        "{}",
        seen.stdout
    );
    let key = week(&bench).rows[0][0].clone();
    let found = bench.json(&["explain", "--interactions", "--key", &key, "--in", WEEK]);
    assert_eq!((&found["interactions"], &found["alone"]), (&json!([]), &found["effects"]));
    let seen = bench.run(&["explain", "--interactions", "--key", &key, "--in", WEEK]);
    assert!(seen.stdout.contains("no two columns do anything together"), "{}", seen.stdout);
}

/// Checks that what columns do alone and pairs together is a customer's effects, and says of what kind they are.
fn check_parts(found: &Value) {
    let number = |value: &Value| value.as_f64().unwrap();
    let numbers = |name: &str| -> BTreeMap<String, f64> {
        let named = found[name].as_object().unwrap().iter();
        named.map(|(name, value)| (name.clone(), number(value))).collect()
    };
    let mut sums = numbers("alone");
    let pairs = found["interactions"].as_array().unwrap();
    assert!(!pairs.is_empty());
    for pair in pairs {
        for column in pair["columns"].as_array().unwrap() {
            *sums.get_mut(column.as_str().unwrap()).unwrap() += number(&pair["effect"]) / 2.0;
        }
    }
    let effects = numbers("effects");
    assert_eq!(sums.len(), effects.len());
    for (name, effect) in &effects {
        assert!((sums[name] - effect).abs() < TOLERANCE, "{name}: {} {effect}", sums[name]);
    }
    let whole = number(&found["base"]) + effects.values().sum::<f64>();
    assert!((whole - number(&found["log_odds"])).abs() < TOLERANCE);
}

#[test]
fn pairs_of_columns_are_told_apart_from_columns() {
    let bench = made();
    bench.json(&["train", "--learner", "trees"]);
    let key = background(&bench, 50).rows[7][0].clone();
    let customer = ["explain", "--model", "1", "--interactions", "--key", &key, "--in", WEEK];
    let whole = ["explain", "--model", "1", "--interactions", "--in", WEEK];
    let against = ["--background", "background.csv"];
    for more in [&[][..], &against] {
        check_parts(&bench.json(&[&customer, more].concat()));
        let found = bench.json(&[&whole, more].concat());
        let shares = |name: &str| -> Vec<f64> {
            found[name].as_array().unwrap().iter().map(|part| part["share"].as_f64().unwrap()).collect()
        };
        let (pairs, alone) = (shares("pairs"), shares("alone"));
        assert!(pairs.is_sorted_by(|left, right| left >= right) && pairs[0] > 0.0);
        assert!((pairs.iter().chain(&alone).sum::<f64>() - 1.0).abs() < TOLERANCE);
        // Neither threads nor kernels change what is told.
        let portable = see(bench
            .command(&[&whole, more, &["--threads", "1", "--json"]].concat())
            .env("WINBACK_CPU", "portable"));
        assert_eq!(serde_json::from_str::<Value>(&portable.stdout).unwrap(), found);
    }
    let seen = bench.run(&[&customer[..], &against].concat());
    for said in [" × ", "other columns and pairs", "compared with: the 50 rows of background.csv"] {
        assert!(seen.stdout.contains(said), "{said}: {}", seen.stdout);
    }
    let seen = bench.run(&whole);
    for said in
        [" × ", "other pairs", "each column alone", "compared with: the training distribution; among the "]
    {
        assert!(seen.stdout.contains(said), "{said}: {}", seen.stdout);
    }
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
