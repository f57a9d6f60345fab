//! A component whose outputs change has to say so by its version, or the skipping of steps would hand out old work as
//! new. Here the outputs of one week on a made bank are held to a table that knows the versions.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::Digest as _;

use crate::bank;
use crate::weekly::drop_file;

const TABLE: &str = include_str!("../../../../testdata/components.json");

fn digest(value: &Value) -> String {
    hex::encode(sha2::Sha256::digest(value.to_string()))[..16].to_owned()
}

/// The value without what says where things lie.
fn placeless(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "place");
            kept.map(|(name, value)| (name.clone(), placeless(value))).collect()
        }
        Value::Array(items) => items.iter().map(placeless).collect(),
        plain => plain.clone(),
    }
}

#[test]
fn outputs_change_only_with_versions() {
    let bench = bank::made();
    bench.edit("winback.toml", "learner = \"auto\"", "learner = \"linear\"");
    let week = bench.read(bank::WEEK);
    std::fs::remove_file(bench.path().join(bank::WEEK)).unwrap();
    drop_file(&bench, "week.csv", &week);
    let run = bench.json(&["run", "weekly", "--pending"]);
    assert_eq!(run["runs"][0]["outcome"], "succeeded", "{run}");

    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for entry in std::fs::read_dir(bench.path().join("state/keys")).unwrap() {
        let kept: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let of = &kept["of"];
        let told = json!({ "version": of["version"], "given": digest(of), "gave": digest(&placeless(&kept["outputs"])) });
        found.insert(of["component"].as_str().unwrap().to_owned(), told);
    }
    let known: BTreeMap<String, Value> = serde_json::from_str(TABLE).unwrap();
    for (component, now) in &found {
        let before = &known.get(component).cloned().unwrap_or_default();
        let same_work = before["given"] == now["given"];
        assert!(
            !same_work || before["gave"] == now["gave"],
            "`{component}` gives something else for the same work: raise its version, then put this into \
             testdata/components.json: {now}"
        );
    }
    let table = serde_json::to_string_pretty(&found).unwrap();
    assert!(
        found == known,
        "other components, versions, or another bank; testdata/components.json is to be:\n{table}"
    );
}
