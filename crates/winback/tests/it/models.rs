//! `winback models`: what is registered, and promotion by a person with a name and a reason.

use serde_json::{Value, json};

use crate::bank::{WEEK, trained};
use crate::run::{Bench, see};

/// A bank with a champion, version 1, and a version 2 of fewer columns that waits for a person.
fn waiting() -> Bench {
    let bench = trained();
    bench.edit("winback.toml", "exclude = []", "exclude = [\"branch\", \"region\"]");
    let found = bench.json(&["train", "--learner", "linear"]);
    assert_eq!((&found["version"], &found["promoted"]), (&2.into(), &false.into()));
    bench
}

#[test]
fn before_any_training_the_list_is_empty() {
    let bench = crate::bank::made();
    assert_eq!(bench.json(&["models"]), json!([]));
    let seen = bench.run(&["models", "list"]);
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(0), ""));
    assert!(seen.stderr.contains("no version of `churn` is registered yet; `winback train` makes one"));
    let said = bench.refused(&["models", "show"]);
    assert!(said.contains("has no champion"), "{said}");
}

#[test]
fn a_list_shows_versions_with_what_became_of_them() {
    let bench = waiting();
    let found = bench.json(&["models", "list"]);
    let versions: Vec<(&Value, &Value)> =
        found.as_array().unwrap().iter().map(|version| (&version["version"], &version["aliases"])).collect();
    assert_eq!(versions, [(&json!(1), &json!(["champion"])), (&json!(2), &json!([]))]);
    for version in found.as_array().unwrap() {
        assert_eq!((&version["model"], &version["metrics"]["learner"]), (&"churn".into(), &"linear".into()));
        assert_eq!(version["label"], "left = yes");
        assert!(version["registered_at"].as_str().unwrap().ends_with('Z'));
    }
    let text = bench.run(&["models"]).stdout;
    let line =
        |version: &str| text.lines().find(|line| line.trim_start().starts_with(version)).unwrap().to_owned();
    assert!(line("1").contains("champion") && line("2").contains("refused"), "{text}");
}

#[test]
fn a_version_is_shown_with_its_card() {
    let bench = waiting();
    let champion = bench.run(&["models", "show"]).stdout;
    assert!(champion.starts_with("churn/1, champion\nregistered "), "{champion}");
    assert!(
        champion.contains("# Model card") && champion.contains("promoted by winback train"),
        "{champion}"
    );
    let other = bench.run(&["models", "show", "2"]).stdout;
    assert!(other.starts_with("churn/2\n") && other.contains("gate `schema` stood closed: "), "{other}");
    assert_eq!(bench.run(&["models", "show", "churn/2"]).stdout, other);
    let said = bench.refused(&["models", "show", "9"]);
    assert!(said.contains("no registered version 9; it has `1`, `2`"), "{said}");
}

#[test]
fn a_person_promotes_over_a_closed_gate_and_the_ledger_keeps_who_and_why() {
    let bench = waiting();
    let reason = "the branches were merged";
    let found = bench.json(&["models", "promote", "2", "--by", "Anna", "--reason", reason]);
    assert_eq!((&found["version"], &found["aliases"]), (&2.into(), &json!(["champion"])));
    let kept = bench.json(&["models", "show", "churn/2"]);
    let promotion = &kept["promotions"][0];
    assert_eq!((&promotion["by"], &promotion["reason"]), (&"Anna".into(), &reason.into()));
    assert_eq!(promotion["overridden"], json!(["schema"]));
    assert!(bench.run(&["models", "show", "2"]).stdout.contains(&format!("promoted by Anna: {reason}")));
    assert_eq!(bench.json(&["models"])[0]["aliases"], json!([]));
    // From now on it scores; the former champion is still there by its number.
    assert_eq!(bench.json(&["score", WEEK, "-o", "scored.csv"])["model_version"], "churn/2");
    for name in ["1", "churn/1"] {
        assert_eq!(
            bench.json(&["score", WEEK, "-o", "scored.csv", "--model", name])["model_version"],
            "churn/1"
        );
    }
    // And back again.
    let seen = bench.run(&["models", "promote", "churn/1", "--by", "Anna", "--reason", "a mistake"]);
    assert_eq!(
        (seen.code, seen.stdout.as_str()),
        (Some(0), "`churn/1` is champion now\n"),
        "{}",
        seen.stderr
    );
    assert_eq!(bench.json(&["score", WEEK, "-o", "scored.csv"])["model_version"], "churn/1");
}

#[test]
fn without_a_name_the_user_of_the_system_promotes() {
    let bench = waiting();
    let arguments = ["models", "promote", "2", "--reason", "agreed", "--json"];
    let seen = see(bench.command(&arguments).env("USER", "bert"));
    let found: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(found["promotions"][0]["by"], "bert");
}

#[test]
fn a_promotion_needs_a_reason_and_a_version_that_exists() {
    let bench = waiting();
    let said = bench.refused(&["models", "promote", "2"]);
    assert!(said.contains("--reason"), "{said}");
    let said = bench.refused(&["models", "promote", "2", "--by", "Anna", "--reason", "  "]);
    assert!(said.starts_with("error: a promotion by hand needs a reason\nhint: "), "{said}");
    let said = bench.refused(&["models", "promote", "7", "--by", "Anna", "--reason", "because"]);
    assert!(said.contains("`churn` has no registered version 7; it has `1`, `2`"), "{said}");
    let said =
        bench.refused(&["models", "--name", "cards", "promote", "1", "--by", "Anna", "--reason", "because"]);
    assert!(said.contains("`cards`"), "{said}");
    assert_eq!(bench.json(&["models"])[0]["aliases"], json!(["champion"]), "nothing changed");
    let mut nameless = bench.command(&["models", "promote", "2", "--reason", "because"]);
    let seen = see(nameless.env_remove("USER").env_remove("LOGNAME").env_remove("USERNAME"));
    assert_eq!(seen.code, Some(1));
    assert_eq!(
        seen.stderr,
        "error: a promotion by hand needs the name of who decides\nhint: say it with --by\n"
    );
}
