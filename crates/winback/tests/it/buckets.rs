//! A week on buckets, as servers of this machine play them: the same program, another root.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use winback_flow::Store;

use crate::bank;
use crate::gateway::{Face, Gateway};
use crate::run::Bench;
use crate::servers::{ACCOUNT, BUCKET, KEY, Server, service_account};
use crate::weekly::shorter;
use winback_peers as peers;

/// What the environment of a process says to [`does_what_it_is_told`].
const ROOT: &str = "WINBACK_TEST_ROOT";
const OPTIONS: &str = "WINBACK_TEST_OPTIONS";
const PUT: &str = "WINBACK_TEST_PUT";
const GET: &str = "WINBACK_TEST_GET";
const FILE: &str = "WINBACK_TEST_FILE";

/// A bucket, and how it is opened: by settings, and by an environment, which alone may hold credentials.
struct Place<'a> {
    root: String,
    options: &'a [(&'a str, &'a str)],
    variables: &'a [(&'a str, &'a str)],
    folder: tempfile::TempDir,
}

impl Place<'_> {
    /// Lets this very program, started again with that environment, put a file into the bucket or get one out.
    fn told(&self, verb: &str, path: &str) {
        let options: BTreeMap<&str, &str> = self.options.iter().copied().collect();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "buckets::does_what_it_is_told", "--nocapture"]);
        command
            .envs(self.variables.iter().copied())
            .env(ROOT, &self.root)
            .env(verb, path)
            .env(FILE, self.file());
        command.env(OPTIONS, serde_json::to_string(&options).unwrap());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("file")
    }

    fn put(&self, path: &str, text: &str) {
        std::fs::write(self.file(), text).unwrap();
        self.told(PUT, path);
    }

    fn get(&self, path: &str) -> Vec<u8> {
        self.told(GET, path);
        std::fs::read(self.file()).unwrap()
    }
}

/// No test but where a test has started this program with an environment that says what to do.
#[test]
fn does_what_it_is_told() {
    let Some(root) = peers::variable(ROOT) else { return };
    let options: BTreeMap<String, String> = serde_json::from_str(&peers::variable(OPTIONS).unwrap()).unwrap();
    let store = Store::open(&root, Path::new(""), &options).unwrap();
    let file = peers::variable(FILE).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(path) = peers::variable(PUT) {
        let bytes = std::fs::read(&file).unwrap();
        runtime.block_on(store.put_new(&path, bytes.into())).unwrap();
    }
    if let Some(path) = peers::variable(GET) {
        std::fs::write(&file, runtime.block_on(store.get(&path)).unwrap()).unwrap();
    }
}

/// Runs a week on a bucket.
fn a_week(root: &str, options: &[(&str, &str)], variables: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { root: root.to_owned(), options, variables, folder };
    let mut bench = bank::made();
    bench.set(variables);
    bench.edit("winback.toml", "learner = \"auto\"", "learner = \"linear\"");
    bench.edit("winback.toml", "root = \"file:.\"", &format!("root = \"{root}\""));
    let settings: Vec<String> =
        options.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")).collect();
    let toml = bench.read("winback.toml");
    bench.write("winback.toml", &format!("{toml}\n[store]\n{}", settings.concat()));
    let week = bench.read(bank::WEEK);

    place.put("weekly_folder/w1.csv", &week);
    let first = one(&bench, "succeeded");
    assert_eq!((&first["trained"], &first["model"]), (&true.into(), &"churn/1".into()));
    let folder = first["published"].as_str().unwrap();
    let manifest: Value = serde_json::from_slice(&place.get(&format!("{folder}/manifest.json"))).unwrap();
    let scores = place.get(&format!("{folder}/scores.csv"));
    assert_eq!(manifest["files"]["scores.csv"]["size"], scores.len());
    assert_eq!(bench.json(&["run", "weekly", "--pending"])["runs"], serde_json::json!([]));

    place.put("weekly_folder/w2.csv", &shorter(&week, 1));
    assert_eq!(one(&bench, "succeeded")["trained"], false);
    place.put("weekly_folder/bad.csv", "a,b\n1,2\n");
    let refused = one(&bench, "refused");
    let quarantine = refused["quarantine"].as_str().unwrap();
    assert_eq!(place.get(&format!("{quarantine}/bad.csv")), b"a,b\n1,2\n");
    assert_eq!(bench.json(&["runs"]).as_array().unwrap().len(), 3);

    // The history may lie in the bucket as well.
    place.put("input_folder/history.csv", &bench.read(bank::HISTORY));
    bench.edit("winback.toml", "history = \"input_folder/history.csv\"\n", "");
    place.put("weekly_folder/w3.csv", &shorter(&week, 2));
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
    let options = [("aws_endpoint", endpoint.as_str()), ("allow_http", "true")];
    let variables = [("AWS_ACCESS_KEY_ID", "anybody"), ("AWS_SECRET_ACCESS_KEY", "anything")];
    a_week(&format!("s3://{BUCKET}/a/bank"), &options, &variables);
}

#[test]
fn a_week_on_s3_with_signatures() {
    let Some(server) = Server::s3s("a_week_on_s3_with_signatures") else { return };
    let endpoint = format!("http://{}", server.address);
    let options = [("aws_endpoint", endpoint.as_str()), ("allow_http", "true")];
    let variables = [("AWS_ACCESS_KEY_ID", KEY.0), ("AWS_SECRET_ACCESS_KEY", KEY.1)];
    a_week(&format!("s3://{BUCKET}/bank"), &options, &variables);
}

#[test]
fn a_week_on_azure() {
    let Some(server) = Server::azurite("a_week_on_azure") else { return };
    let endpoint = format!("http://{}/{}", server.address, ACCOUNT.0);
    let options = [("azure_storage_endpoint", endpoint.as_str()), ("allow_http", "true")];
    let variables = [("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.0), ("AZURE_STORAGE_ACCOUNT_KEY", ACCOUNT.1)];
    a_week(&format!("az://{BUCKET}/bank"), &options, &variables);
}

#[test]
fn a_week_on_google() {
    let Some(server) = Server::moto("a_week_on_google") else { return };
    let gateway = Gateway::start(Face::Google, server.address);
    let endpoint = format!("http://{}", gateway.address);
    let folder = tempfile::tempdir().unwrap();
    let account = service_account(folder.path());
    let options = [("google_base_url", endpoint.as_str()), ("allow_http", "true")];
    a_week(&format!("gs://{BUCKET}/bank"), &options, &[("GOOGLE_SERVICE_ACCOUNT", account.as_str())]);
}
