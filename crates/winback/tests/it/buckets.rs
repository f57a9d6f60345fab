//! A week on buckets, as servers of this machine play them: the same program, another root.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use winback_flow::Store;

use crate::bank;
use crate::gateway::{Face, Gateway};
use crate::run::Bench;
use crate::servers::{BUCKET, Server, service_account};
use crate::weekly::shorter;

/// Runs a week on the bucket `root`, opened with `options`.
fn a_week(root: &str, options: &[(&str, &str)]) {
    let bench = bank::made();
    bench.edit("winback.toml", "learner = \"auto\"", "learner = \"linear\"");
    bench.edit("winback.toml", "root = \"file:.\"", &format!("root = \"{root}\""));
    let settings: Vec<String> =
        options.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")).collect();
    let toml = bench.read("winback.toml");
    bench.write("winback.toml", &format!("{toml}\n[store]\n{}", settings.concat()));
    let week = bench.read(bank::WEEK);

    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let store = Store::open(root, Path::new(""), &options.collect::<BTreeMap<_, _>>()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let put = |path: &str, text: String| runtime.block_on(store.put_new(path, text.into())).unwrap();
    let get = |path: &str| runtime.block_on(store.get(path)).unwrap();

    put("weekly_folder/w1.csv", week.clone());
    let first = one(&bench, "succeeded");
    assert_eq!((&first["trained"], &first["model"]), (&true.into(), &"churn/1".into()));
    let folder = first["published"].as_str().unwrap();
    let manifest: Value = serde_json::from_slice(&get(&format!("{folder}/manifest.json"))).unwrap();
    let scores = get(&format!("{folder}/scores.csv"));
    assert_eq!(manifest["files"]["scores.csv"]["size"], scores.len());
    assert_eq!(bench.json(&["run", "weekly", "--pending"])["runs"], serde_json::json!([]));

    put("weekly_folder/w2.csv", shorter(&week, 1));
    assert_eq!(one(&bench, "succeeded")["trained"], false);
    put("weekly_folder/bad.csv", "a,b\n1,2\n".to_owned());
    let refused = one(&bench, "refused");
    let quarantine = refused["quarantine"].as_str().unwrap();
    assert_eq!(get(&format!("{quarantine}/bad.csv")), "a,b\n1,2\n");
    assert_eq!(bench.json(&["runs"]).as_array().unwrap().len(), 3);

    // The history may lie in the bucket as well.
    put("input_folder/history.csv", bench.read(bank::HISTORY));
    bench.edit("winback.toml", "history = \"input_folder/history.csv\"\n", "");
    put("weekly_folder/w3.csv", shorter(&week, 2));
    assert_eq!(one(&bench, "succeeded")["trained"], false, "the same bytes in another place");
}

fn one(bench: &Bench, outcome: &str) -> Value {
    let runs = bench.json(&["run", "weekly", "--pending"])["runs"].clone();
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["outcome"]), (1, &outcome.into()), "{runs}");
    runs[0].clone()
}

#[test]
fn a_week_on_s3() {
    let Some(server) = Server::moto("a_week_on_s3") else { return };
    let gateway = Gateway::start(Face::Amazon, server.address);
    let endpoint = format!("http://{}", gateway.address);
    let options =
        [("aws_endpoint", endpoint.as_str()), ("allow_http", "true"), ("aws_skip_signature", "true")];
    a_week(&format!("s3://{BUCKET}/a/bank"), &options);
}

#[test]
fn a_week_on_google() {
    let Some(server) = Server::moto("a_week_on_google") else { return };
    let gateway = Gateway::start(Face::Google, server.address);
    let endpoint = format!("http://{}", gateway.address);
    let folder = tempfile::tempdir().unwrap();
    let account = service_account(folder.path());
    let options = [
        ("google_base_url", endpoint.as_str()),
        ("allow_http", "true"),
        ("google_service_account", account.as_str()),
    ];
    a_week(&format!("gs://{BUCKET}/bank"), &options);
}
