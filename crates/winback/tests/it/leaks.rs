//! The leak guard in training: a column that knows the outcome closes the gate, and a person can open it.

use serde_json::json;

use crate::bank::{HISTORY, made};
use crate::run::Bench;

/// A bank whose history has a column more: why the account was closed, filled in afterwards.
fn leaky() -> Bench {
    let bench = made();
    let history = bench.read(HISTORY);
    let mut lines = history.lines();
    let header = lines.next().unwrap();
    let mut changed = format!("closing_reason,{header}\n");
    for (row, line) in lines.enumerate() {
        let reasons = if line.ends_with(",yes") { ["moved", "merged"] } else { ["", ""] };
        changed.push_str(&format!("{},{line}\n", reasons[row % 2]));
    }
    bench.write(HISTORY, &changed);
    bench
}

#[test]
fn a_leak_keeps_a_model_from_becoming_champion_and_a_person_can_decide_otherwise() {
    let bench = leaky();
    let found = bench.json(&["train", "--learner", "linear"]);
    assert_eq!(found["promoted"], false);
    assert_eq!(found["gates"][0]["gate"], "leak");
    let block = &found["findings"][0];
    assert_eq!(
        (&block["severity"], &block["kind"], &block["columns"]),
        (&"block".into(), &"label-copy".into(), &json!(["closing_reason"]))
    );
    assert!(block["evidence"].as_str().unwrap().contains("AUC 1.0000"), "{block}");
    let card = bench.read("models/churn/1/card.md");
    assert!(
        card.contains("- **block**: `closing_reason` is the label under another name or coding"),
        "{card}"
    );
    // With no champion, nothing can be scored; the message says what stands in the way.
    let said = bench.refused(&["score", HISTORY]);
    assert!(said.contains("champion"), "{said}");

    let promoted =
        bench.json(&["models", "promote", "1", "--by", "Anna", "--reason", "a reason is on file for all"]);
    assert_eq!(promoted["promotions"][0]["overridden"], json!(["leak"]));
    assert_eq!(promoted["aliases"], json!(["champion"]));
}

#[test]
fn without_the_leaky_column_the_same_history_is_not_blocked() {
    let bench = leaky();
    bench.edit("winback.toml", "exclude = [", "exclude = [\"closing_reason\",");
    let found = bench.json(&["train", "--learner", "linear"]);
    assert_eq!((&found["promoted"], &found["gates"]), (&true.into(), &json!([])));
    let findings = found["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["severity"] != "block"), "{findings:?}");
}

#[test]
fn init_names_a_leak_and_leaves_the_decision_to_the_user() {
    let bench = leaky();
    let seen = bench.run(&["init", HISTORY, "--root", "file:.", "--force"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let said =
        "\nfound:\n  block: `closing_reason` is the label under another name or coding; leave it out (";
    assert!(seen.stdout.contains(said), "{}", seen.stdout);
    let written = bench.read("winback.toml");
    let suspected: Vec<&str> =
        written.lines().filter(|line| line.starts_with("    # \"closing_reason\",")).collect();
    assert!(matches!(suspected[..], [line] if line.ends_with("# block: label-copy")), "{written}");

    let found = bench.json(&["init", HISTORY, "--root", "file:.", "--force"]);
    let column = |name: &str| {
        let columns = found["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap().clone()
    };
    assert_eq!(found["findings"][0]["kind"], "label-copy");
    let reason = column("closing_reason");
    assert_eq!((&reason["auc_alone"], &reason["note"]), (&1.0.into(), &"block: label-copy".into()));
    assert_eq!(reason["role"], "feature", "nothing is decided for the user");
    assert!((0.5..0.9).contains(&column("balance")["auc_alone"].as_f64().unwrap()));
    assert_eq!(column("opened_on")["range"].as_str().unwrap().len(), "2001-01-01 to 2026-01-01".len());
    assert_eq!(column("customer_id")["range"], "", "no customer is named");

    // With the `#` taken away the column is left out, and nothing is suspected any more.
    bench.edit("winback.toml", "    # \"closing_reason\",", "    \"closing_reason\",");
    assert_eq!(bench.json(&["train", "--learner", "linear"])["promoted"], true);
}

#[test]
fn whoever_scores_with_a_champion_over_a_closed_gate_is_told() {
    let bench = leaky();
    bench.json(&["train", "--learner", "linear"]);
    bench.json(&["models", "promote", "1", "--by", "Anna", "--reason", "on file for all"]);
    let found = bench.json(&["score", HISTORY, "-o", "scored.csv"]);
    let note = found["notes"][0].as_str().unwrap();
    assert_eq!(note, "`churn/1` was made champion over the closed gate `leak` by Anna: on file for all");
    assert!(bench.read("models/churn/1/report.html").contains("Do not trust these figures"));
    // The same history without the column is another schema: the gate says what differs.
    bench.edit("winback.toml", "exclude = [", "exclude = [\"closing_reason\",");
    let gate = &bench.json(&["train", "--learner", "linear"])["gates"][0];
    assert!(gate["reason"].as_str().unwrap().contains("(it lacks `closing_reason`)"), "{gate}");
}
