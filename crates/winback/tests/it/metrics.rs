//! `/metrics` of a real server: what it tells is what the manifest and the ledger say, and a real Prometheus collects it.

#![expect(clippy::float_cmp, reason = "a figure in two texts is the same to its last digit")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use winback_peers as peers;

use crate::bank;
use crate::csv::Csv;
use crate::run::Bench;
use crate::serve::{Served, ask, bank, is_published, wait_for};
use crate::weekly::{drop_file, shorter};

/// The customers of a week, all in a region that no model has heard of.
fn strange(week: &str) -> String {
    let mut week = Csv::parse(week);
    let column = week.at("region");
    for row in &mut week.rows {
        row[column] = "moon".to_owned();
    }
    week.text()
}

/// Samples by name and labels, as they stand in the text.
fn samples(server: &Served) -> BTreeMap<String, f64> {
    let (status, text) = ask(server.metrics.as_ref().unwrap(), "GET /metrics");
    assert_eq!(status, 200, "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let samples: Vec<(String, f64)> = lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect();
    let told = samples.len();
    let samples: BTreeMap<String, f64> = samples.into_iter().collect();
    assert_eq!(samples.len(), told, "a series stands there twice:\n{text}");
    samples
}

fn manifest(bench: &Bench, name: &str) -> Value {
    let latest: Value =
        serde_json::from_str(&bench.read(&format!("output_folder/{name}/latest.json"))).unwrap();
    serde_json::from_str(&bench.read(latest["manifest"].as_str().unwrap())).unwrap()
}

fn ended(server: &Served, state: &str) -> bool {
    samples(server)[&format!("winback_runs{{pipeline=\"weekly\",state=\"{state}\"}}")] == 1.0
}

/// Whether nothing is open, and the training that the server asks for by itself has ended.
fn is_at_rest(server: &Served) -> bool {
    let told = samples(server);
    let count = |pipeline: &str, state: &str| {
        told[&format!("winback_runs{{pipeline=\"{pipeline}\",state=\"{state}\"}}")]
    };
    let pipelines = ["deploy", "measure", "score", "train", "weekly"];
    count("train", "succeeded") == 1.0 && pipelines.iter().all(|pipeline| count(pipeline, "open") == 0.0)
}

#[test]
fn metrics_tell_what_manifest_and_ledger_say() {
    let (bench, week) = bank();
    let server = Served::measured(&bench);
    let before = samples(&server);
    assert_eq!(before["winback_runs{pipeline=\"weekly\",state=\"succeeded\"}"], 0.0);
    assert!(!before.keys().any(|series| series.starts_with("winback_file_rows")), "{before:?}");
    drop_file(&bench, "bad.csv", "customer_id;nothing;of this\n1;2;3\n");
    wait_for("the bad file", || ended(&server, "refused"));
    drop_file(&bench, "strange.csv", &strange(&week));
    wait_for("the strange file", || ended(&server, "succeeded"));
    wait_for("rest", || is_at_rest(&server));

    let told = samples(&server);
    let manifest = manifest(&bench, "strange.csv");
    let rows = |outcome: &str| told[&format!("winback_file_rows{{outcome=\"{outcome}\"}}")];
    assert_eq!(Some(rows("scored")), manifest["summary"]["scored"].as_f64());
    assert_eq!(Some(rows("quarantined")), manifest["summary"]["quarantined"].as_f64());
    assert_eq!(
        Some(told["winback_score_mean_ratio{of=\"file\"}"]),
        manifest["summary"]["mean_probability"].as_f64()
    );
    let bands = manifest["summary"]["risk_bands"].as_object().unwrap();
    for (band, customers) in bands {
        let series = format!("winback_file_customers{{risk_band=\"{band}\"}}");
        assert_eq!(Some(told[&series]), customers.as_f64(), "{series}");
    }
    let findings = manifest["drift"]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["columns"][0] == "region"), "{findings:?}");
    for severity in ["warn", "note"] {
        let count = findings.iter().filter(|finding| finding["severity"] == severity).count();
        let series = format!("winback_drift_findings{{severity=\"{severity}\"}}");
        assert_eq!(told[&series], count as f64, "{series}");
    }
    let asks = f64::from(u8::from(manifest["drift"]["asks_for_training"].as_bool().unwrap()));
    assert_eq!(told["winback_drift_asks_for_training"], asks);
    assert_eq!(told["winback_column_unknown_ratio{column=\"region\",of=\"file\"}"], 1.0);
    assert!(
        told["winback_drift_chance_limit{column=\"region\"}"]
            < told["winback_drift_index{column=\"region\"}"]
    );
    assert_eq!(told["winback_model_info{alias=\"champion\",model=\"churn\",version=\"1\"}"], 1.0);
    let (modified, published) =
        (told["winback_file_modified_timestamp_seconds"], told["winback_file_published_timestamp_seconds"]);
    assert!(modified <= published && published <= modified + 600.0, "{modified} {published}");

    // Neither files nor customers are named.
    let keys: Vec<String> = Csv::parse(&week).rows.into_iter().map(|row| row[0].clone()).collect();
    for series in told.keys() {
        let names = |text: &str| series.contains(&format!("\"{text}\""));
        assert!(!series.contains(".csv") && !series.contains("moon"), "{series}");
        assert!(!keys.iter().any(|key| names(key)), "{series}");
    }

    // Another server says the same: it is all in the ledger.
    drop(server);
    let again = samples(&Served::measured(&bench));
    let of_ledger = |told: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
        let is_own =
            |series: &str| series.starts_with("winback_http") || series.starts_with("winback_events");
        told.iter().filter(|(name, _)| !is_own(name)).map(|(name, value)| (name.clone(), *value)).collect()
    };
    assert_eq!(of_ledger(&told), of_ledger(&again));
}

#[test]
fn an_older_file_that_is_scored_after_a_newer_was_refused_is_told() {
    let (bench, week) = bank();
    let server = Served::measured(&bench);
    drop_file(&bench, "first.csv", &week);
    wait_for("the first file", || ended(&server, "succeeded"));
    // Newer by its time, and refused at once.
    let bad = bench.path().join("weekly_folder/bad.csv");
    std::fs::write(&bad, "customer_id;nothing;of this\n1;2;3\n").unwrap();
    wait_for("the bad file", || ended(&server, "refused"));
    let before = samples(&server)["winback_file_rows{outcome=\"scored\"}"];
    drop_file(&bench, "late.csv", &shorter(&week, 7));
    let succeeded = "winback_runs{pipeline=\"weekly\",state=\"succeeded\"}";
    wait_for("the late file", || samples(&server)[succeeded] == 2.0);
    assert_eq!(samples(&server)["winback_file_rows{outcome=\"scored\"}"], before - 7.0);
}

#[test]
fn a_file_that_drift_blocks_is_told_too() {
    let (bench, week) = bank();
    let settings = bench.read("winback.toml");
    bench.write("winback.toml", &format!("{settings}\n[pipelines]\ndrift_blocks = true\n"));
    let server = Served::measured(&bench);
    drop_file(&bench, "strange.csv", &strange(&week));
    wait_for("the strange file", || ended(&server, "refused"));
    let told = samples(&server);
    assert_eq!(told["winback_drift_asks_for_training"], 1.0);
    assert!(!told.contains_key("winback_file_published_timestamp_seconds"), "{told:?}");
}

/// A Prometheus that collects from one address each second.
struct Prometheus {
    process: Child,
    address: String,
}

impl Prometheus {
    fn start(program: &std::path::Path, bench: &Bench, target: &str) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        bench.write(
            "prometheus.yml",
            &format!(
                "scrape_configs:\n  - job_name: winback\n    scrape_interval: 1s\n    static_configs:\n      \
                 - targets: [\"{target}\"]\n"
            ),
        );
        let mut command = Command::new(program);
        command.current_dir(bench.path()).args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]);
        command.arg(format!("--web.listen-address={address}"));
        let process =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { process, address }
    }

    /// What is known now, by the labels asked for; nothing while it starts.
    fn query(&self, series: &str, label: &str) -> BTreeMap<String, f64> {
        if std::net::TcpStream::connect(&self.address).is_err() {
            return BTreeMap::new();
        }
        let (_, answer) = ask(&self.address, &format!("GET /api/v1/query?query={series}"));
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let found = answer["data"]["result"].as_array().into_iter().flatten();
        found
            .map(|found| {
                let label = found["metric"][label].as_str().unwrap_or_default().to_owned();
                (label, found["value"][1].as_str().unwrap().parse().unwrap())
            })
            .collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn a_real_prometheus_collects_what_is_told() {
    let test = "a_real_prometheus_collects_what_is_told";
    let Some(program) = peers::program(test, "prometheus") else { return };
    let (bench, week) = bank();
    let server = Served::measured(&bench);
    drop_file(&bench, "w.csv", &week);
    wait_for("the file", || is_published(&bench, "w.csv") && ended(&server, "succeeded"));
    let told = samples(&server);
    let prometheus = Prometheus::start(&program, &bench, server.metrics.as_ref().unwrap());
    wait_for("the first collection", || prometheus.query("up", "job").get("winback") == Some(&1.0));
    wait_for("a figure", || !prometheus.query("winback_drift_index", "column").is_empty());
    for (name, label) in [
        ("winback_drift_index", "column"),
        ("winback_runs{pipeline=\"weekly\"}", "state"),
        ("winback_file_rows", "outcome"),
        ("winback_model_info", "alias"),
    ] {
        let collected = prometheus.query(&name.replace('"', "%22"), label);
        let name = name.split('{').next().unwrap();
        assert!(!collected.is_empty(), "{name}");
        for (value, figure) in collected {
            let is_it = |series: &str| {
                series.starts_with(&format!("{name}{{"))
                    && series.contains(&format!("{label}=\"{value}\""))
                    && (name != "winback_runs" || series.contains("\"weekly\""))
            };
            let expected: Vec<f64> =
                told.iter().filter(|(series, _)| is_it(series)).map(|(_, figure)| *figure).collect();
            assert_eq!(expected, [figure], "{name} {value}");
        }
    }
}

#[test]
fn an_address_for_metrics_must_be_one() {
    let bench = bank::trained();
    let refused = bench.refused(&["serve", "--listen", "127.0.0.1:0", "--metrics", "here"]);
    assert!(refused.contains("`here` is no address to listen on"), "{refused}");
}

#[test]
fn the_page_about_metrics_names_them_all_and_its_rules_are_sound() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (bench, week) = bank();
    let server = Served::measured(&bench);
    drop_file(&bench, "w.csv", &week);
    wait_for("the file", || ended(&server, "succeeded"));
    let (_, text) = ask(server.metrics.as_ref().unwrap(), "GET /metrics");
    let told: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `winback_"));
    let named: Vec<String> = rows.map(|row| format!("winback_{}", row.split('`').next().unwrap())).collect();
    assert_eq!(named.iter().map(String::as_str).collect::<BTreeSet<_>>(), told);

    let rules = page.rsplit("```yaml\n").next().unwrap().split("```").next().unwrap();
    let words = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let asked: Vec<&str> = words.filter(|word| word.starts_with("winback_")).collect();
    assert!(4 < asked.len() && asked.iter().all(|name| told.contains(name)), "{asked:?}");
    let test = "the_page_about_metrics_names_them_all_and_its_rules_are_sound";
    let Some(promtool) = peers::program(test, "promtool") else { return };
    bench.write("rules.yml", rules);
    bench.write("stories.yml", STORIES);
    for check in [["check", "rules", "rules.yml"], ["test", "rules", "stories.yml"]] {
        let output = Command::new(&promtool).current_dir(bench.path()).args(check).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{check:?}: {}", String::from_utf8_lossy(&said));
    }
}

/// What the rules say in a good week, after a failure among many refusals, when a run is stuck, and when nobody answers.
const STORIES: &str = r#"
rule_files: [rules.yml]
evaluation_interval: 10m
tests:
  - interval: 10m
    input_series:
      - { series: 'winback_build_info{instance="a"}', values: '1x2000' }
      - { series: 'winback_build_info{instance="b"}', values: '1x2000' }
      - { series: 'winback_run_last_end_timestamp_seconds{pipeline="weekly",outcome="succeeded"}', values: '3600x2000' }
      - { series: 'winback_runs{pipeline="weekly",state="refused"}', values: '5x2000' }
      - { series: 'winback_runs{pipeline="weekly",state="failed"}', values: '0x100 1x1900' }
      - { series: 'winback_run_oldest_open_timestamp_seconds{pipeline="weekly"}', values: '_x200 120000x20 _x1700' }
      - { series: 'winback_drift_asks_for_training', values: '0x300 1x1700' }
      - { series: 'winback_events_total{outcome="unreadable"}', values: '0x400 1x1600' }
    alert_rule_test:
      - { eval_time: 900m, alertname: WinbackDown }
      - { eval_time: 900m, alertname: WinbackNoWeeklyFile }
      - { eval_time: 900m, alertname: WinbackRefuses }
      - { eval_time: 900m, alertname: WinbackStuck }
      - { eval_time: 900m, alertname: WinbackDrift }
      - { eval_time: 900m, alertname: WinbackEventsUnreadable }
      - eval_time: 1030m
        alertname: WinbackRefuses
        exp_alerts:
          - exp_labels: { pipeline: weekly, state: failed }
            exp_annotations: { summary: "a run of weekly failed; see `winback runs` and `quarantine/`" }
      - { eval_time: 2020m, alertname: WinbackStuck }
      - { eval_time: 3050m, alertname: WinbackDrift, exp_alerts: [{ exp_annotations: { summary: "the newest file's customers differ from those of the training; see its page" } }] }
      - { eval_time: 4040m, alertname: WinbackEventsUnreadable, exp_alerts: [{ exp_annotations: { summary: "events come that nobody understands" } }] }
      - { eval_time: 11700m, alertname: WinbackNoWeeklyFile, exp_alerts: [{ exp_annotations: { summary: "no weekly file was scored for 8 days" } }] }
  - interval: 10m
    input_series:
      - { series: 'winback_run_oldest_open_timestamp_seconds{pipeline="weekly"}', values: '60x100' }
    alert_rule_test:
      - { eval_time: 300m, alertname: WinbackStuck }
      - { eval_time: 380m, alertname: WinbackStuck, exp_alerts: [{ exp_annotations: { summary: "a run is open for 6 hours; see `winback runs`" } }] }
      - { eval_time: 380m, alertname: WinbackDown, exp_alerts: [{ exp_annotations: { summary: "no server of winback is heard of" } }] }
      - { eval_time: 380m, alertname: WinbackNoWeeklyFile, exp_alerts: [{ exp_labels: { outcome: succeeded }, exp_annotations: { summary: "no weekly file was scored for 8 days" } }] }
"#;
