//! `winback train`: what it says of a model, what the package holds, and which version becomes of it.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bank::{HISTORY, PACKAGE, WEEK, made, trained};
use crate::run::Bench;

#[test]
fn json_says_what_a_person_and_a_pipeline_need() {
    let bench = made();
    let found = bench.json(&["train", "--learner", "linear"]);
    for name in ["model", "version", "promoted", "metrics", "findings", "package", "seconds"] {
        assert!(!found[name].is_null(), "{name}");
    }
    assert_eq!((&found["model"], &found["version"]), (&"churn".into(), &1.into()));
    assert_eq!((&found["promoted"], &found["gates"]), (&true.into(), &Value::Array(Vec::new())));
    assert_eq!(
        (&found["read"], &found["quarantined"], &found["quarantine"]),
        (&600.into(), &0.into(), &Value::Null)
    );
    check_metrics(&found["metrics"], &bench);
    let stored: Value = serde_json::from_str(&bench.read("models/churn/1/metrics.json")).unwrap();
    assert_eq!(stored, found["metrics"]);
    let package = found["package"].as_str().unwrap();
    assert!(package.ends_with(PACKAGE) && std::path::Path::new(package).is_dir(), "{package}");
}

fn check_metrics(metrics: &Value, bench: &Bench) {
    let left = bench.read(HISTORY).lines().filter(|line| line.ends_with(",yes")).count();
    assert_eq!((&metrics["rows"], &metrics["positives"]), (&600.into(), &left.into()));
    assert_eq!((&metrics["learner"], &metrics["split"]), (&"linear".into(), &"2 x 5 folds".into()));
    for name in ["roc_auc", "average_precision", "log_loss", "brier"] {
        check_interval(&metrics[name], name);
    }
    assert!((0.5..1.0).contains(&metrics["roc_auc"]["value"].as_f64().unwrap()));
    for name in ["slope", "intercept"] {
        check_interval(&metrics["calibration"][name], name);
    }
    assert!((0.0..0.2).contains(&metrics["calibration"]["ece"].as_f64().unwrap()));
    assert!(metrics["lift_at_10pct"].as_f64().unwrap() > 1.0);
    let learners = metrics["learners"].as_array().unwrap();
    assert_eq!(learners.len(), 1);
    assert_eq!((&learners[0]["learner"], &learners[0]["log_loss"]), (&"linear".into(), &metrics["log_loss"]));
}

fn check_interval(interval: &Value, name: &str) {
    let of = |part: &str| interval[part].as_f64().unwrap();
    assert!(
        of("low") <= of("value") && of("value") <= of("high") && of("low") < of("high"),
        "{name}: {interval}"
    );
}

#[test]
fn the_package_is_whole_and_sealed() {
    let bench = trained();
    let manifest: Value = serde_json::from_str(&bench.read("models/churn/1/manifest.json")).unwrap();
    let digests = manifest["files"].as_object().unwrap();
    for name in ["model.bin", "schema.json", "metrics.json", "profile.json", "card.md"] {
        assert!(digests.contains_key(name), "{name}");
    }
    for (name, digest) in digests {
        let bytes = std::fs::read(bench.path().join(PACKAGE).join(name)).unwrap();
        assert_eq!(*digest, hex::encode(Sha256::digest(&bytes)), "{name}");
    }
    let found = std::fs::read_dir(bench.path().join(PACKAGE)).unwrap().count();
    assert_eq!(found, digests.len() + 1, "the manifest names every file but itself");
    let card = bench.read("models/churn/1/card.md");
    assert!(card.starts_with("# Model card\n") && card.contains("It learnt from 600 rows"), "{card}");
}

#[test]
fn nothing_stored_holds_a_customer() {
    let bench = trained();
    let mut folders =
        vec![bench.path().join("models"), bench.path().join("state"), bench.path().join("artifacts")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            let holds_key = bytes.windows(6).any(|window| window == b"C00000");
            assert!(!holds_key, "a customer's key stands in `{}`", path.display());
        }
    }
    assert!(files > 8, "{files}");
}

#[test]
fn the_same_again_is_the_same_version() {
    let bench = trained();
    let manifest = bench.read("models/churn/1/manifest.json");
    let again = bench.json(&["train", "--learner", "linear"]);
    assert_eq!((&again["version"], &again["promoted"]), (&1.into(), &true.into()));
    assert_eq!(bench.json(&["models"]).as_array().unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(bench.path().join("models/churn")).unwrap().count(), 1);
    assert_eq!(bench.read("models/churn/1/manifest.json"), manifest);
}

#[test]
fn the_same_history_elsewhere_gives_the_same_bytes() {
    let bench = trained();
    let other = made();
    std::fs::rename(other.path().join(HISTORY), other.path().join("bank.csv")).unwrap();
    other.edit("winback.toml", HISTORY, "bank.csv");
    other.json(&["train", "--learner", "linear"]);
    assert_eq!(bench.read("models/churn/1/manifest.json"), other.read("models/churn/1/manifest.json"));
}

#[test]
fn another_seed_is_another_version_that_passes_or_names_its_gate() {
    let bench = trained();
    let found = bench.json(&["train", "--learner", "linear", "--seed", "2"]);
    assert_eq!(found["version"], 2);
    let gates = found["gates"].as_array().unwrap();
    assert_eq!(found["promoted"], gates.is_empty(), "{found}");
    for gate in gates {
        assert!(["champion", "calibration"].contains(&gate["gate"].as_str().unwrap()), "{gate}");
        assert!(!gate["reason"].as_str().unwrap().is_empty());
    }
    assert!(bench.path().join("models/churn/2/model.bin").is_file());
}

#[test]
fn a_model_of_other_columns_waits_for_a_person() {
    let bench = trained();
    bench.edit("winback.toml", "exclude = []", "exclude = [\"branch\"]");
    let seen = bench.run(&["train", "--learner", "linear"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.contains("gate `schema` stands closed: "), "{}", seen.stdout);
    assert!(seen.stdout.contains("`churn/2` is registered but not champion"), "{}", seen.stdout);
    assert!(seen.stderr.contains("winback models promote 2 --by NAME --reason"), "{}", seen.stderr);
    let scored = bench.json(&["score", WEEK, "-o", "scored.csv"]);
    assert_eq!(scored["model_version"], "churn/1", "the old champion goes on");
    let models = bench.json(&["models"]);
    assert_eq!(models[1]["refusals"][0]["gates"][0]["gate"], "schema");
}

#[test]
fn a_name_keeps_models_apart() {
    let bench = trained();
    let found = bench.json(&["train", "--learner", "linear", "--name", "cards"]);
    assert_eq!(
        (&found["model"], &found["version"], &found["promoted"]),
        (&"cards".into(), &1.into(), &true.into())
    );
    assert!(bench.path().join("models/cards/1/model.bin").is_file());
    assert_eq!(bench.json(&["models"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_trend_is_kept_in_the_package_and_said_on_the_card() {
    let bench = made();
    let settings = bench.read("winback.toml") + "\n[columns.complaints_12m]\nmonotone = \"rising\"\n";
    std::fs::write(bench.path().join("winback.toml"), &settings).unwrap();
    bench.json(&["train", "--learner", "linear"]);
    let schema: Value = serde_json::from_str(&bench.read("models/churn/1/schema.json")).unwrap();
    let fields = schema["fields"].as_array().unwrap();
    for field in fields {
        let trend = if field["name"] == "complaints_12m" { Value::from("rising") } else { Value::Null };
        assert_eq!(field["monotone"], trend, "{}", field["name"]);
    }
    let said = "the risk never falls as one of these rises: complaints_12m.";
    assert!(bench.read("models/churn/1/card.md").contains(said));
    bench.json(&["score", WEEK, "-o", "scored.csv"]);
    let wrong = settings.replace("complaints_12m", "region");
    std::fs::write(bench.path().join("winback.toml"), wrong).unwrap();
    let said = bench.refused(&["train", "--learner", "linear"]);
    assert!(said.contains("calls `region` monotone, but it is a category"), "{said}");
}

#[test]
fn rows_count_by_their_weights_and_bad_weights_are_rejected() {
    let bench = made();
    let mut lines: Vec<String> = bench.read(HISTORY).lines().map(str::to_owned).collect();
    for (row, line) in lines.iter_mut().enumerate() {
        let weight = match row {
            0 => "stands_for",
            1 => "0",
            2 => "",
            3 => "-1",
            _ if line.ends_with(",yes") => "1",
            _ => "4",
        };
        *line = format!("{weight},{line}");
    }
    std::fs::write(bench.path().join(HISTORY), lines.join("\n") + "\n").unwrap();
    let settings = bench.read("winback.toml").replacen("[data]\n", "[data]\nweight = \"stands_for\"\n", 1);
    std::fs::write(bench.path().join("winback.toml"), settings).unwrap();
    let found = bench.json(&["train", "--learner", "linear"]);
    assert_eq!((&found["quarantined"], &found["metrics"]["weighted"]), (&3.into(), &true.into()));
    let quarantine = std::fs::read_to_string(found["quarantine"].as_str().unwrap()).unwrap();
    assert_eq!(quarantine.matches("a weight must be above 0").count(), 3, "{quarantine}");
    assert!(bench.read("models/churn/1/card.md").contains("Rows counted by their weights"));
    // The week has no weights, and its customers leave less often than the rows say.
    bench.json(&["score", WEEK, "-o", "scored.csv"]);
}
