//! The service from outside: a real process on a port of this machine, files that land, events that come twice, and
//! kills.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bank;
use crate::run::Bench;
use crate::weekly::{drop_file, shorter};

/// How long anything may take on a busy machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that ends with the test.
pub(crate) struct Served {
    process: Child,
    address: String,
    /// Where it tells metrics, if at an address of their own.
    pub(crate) metrics: Option<String>,
}

impl Served {
    fn start(bench: &Bench) -> Self {
        Self::started(bench, &[])
    }

    /// One with an address for metrics.
    pub(crate) fn measured(bench: &Bench) -> Self {
        Self::started(bench, &["--metrics", "127.0.0.1:0"])
    }

    fn started(bench: &Bench, more: &[&str]) -> Self {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_winback"));
        command.current_dir(bench.path()).args(["serve", "--listen", "127.0.0.1:0"]).args(more);
        let mut process = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut address = || {
            let line = lines.next().unwrap().unwrap();
            line.split("http://").nth(1).unwrap().split([';', '/']).next().unwrap().to_owned()
        };
        let metrics = more.first().map(|_| address());
        let address = address();
        // Whoever stops reading stops the writer.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address, metrics }
    }

    /// Sends an event of Google's about an object; answers the status and the body.
    fn event(&self, name: &str, generation: u64, id: u64) -> (u16, Value) {
        let body =
            json!({ "bucket": "any", "name": name, "generation": generation.to_string(), "size": "1" })
                .to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             ce-specversion: 1.0\r\nce-id: {id}\r\nce-source: //storage.googleapis.com/projects/_/buckets/any\r\n\
             ce-type: google.cloud.storage.object.v1.finalized\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

/// Makes a request without a body, such as `GET /metrics`; answers the status and the body.
pub(crate) fn ask(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.0\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A bank with a scorecard as champion, and its week.
pub(crate) fn bank() -> (Bench, String) {
    let bench = bank::trained();
    bench.edit("winback.toml", "learner = \"auto\"", "learner = \"linear\"");
    let week = bench.read(bank::WEEK);
    std::fs::remove_file(bench.path().join(bank::WEEK)).unwrap();
    (bench, week)
}

pub(crate) fn wait_for(what: &str, holds: impl Fn() -> bool) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test that waits for another process has to stop some day"
    )]
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(30));
    }
}

pub(crate) fn is_published(bench: &Bench, name: &str) -> bool {
    bench.path().join(format!("output_folder/{name}/latest.json")).exists()
}

/// How often each file was published: manifests by file.
fn manifests(bench: &Bench, name: &str) -> usize {
    let folder = bench.path().join("output_folder").join(name);
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.filter(|entry| entry.as_ref().unwrap().path().join("manifest.json").exists()).count()
}

fn open_runs(bench: &Bench) -> usize {
    let runs = bench.json(&["runs", "list", "--last", "1000"]);
    runs.as_array().unwrap().iter().filter(|run| run["outcome"] == "open").count()
}

#[test]
fn a_file_that_lands_is_scored_without_a_word() {
    let (bench, week) = bank();
    let server = Served::start(&bench);
    std::fs::write(bench.path().join("weekly_folder/w1.csv"), &week).unwrap();
    wait_for("the file that landed", || is_published(&bench, "w1.csv"));
    drop(server);
    wait_for("the run's end", || manifests(&bench, "w1.csv") == 1);
}

#[test]
fn a_thousand_events_about_a_few_files_make_a_run_of_each() {
    let (bench, week) = bank();
    let server = Served::start(&bench);
    let files: Vec<String> = (0..8).map(|number| format!("w{number}.csv")).collect();
    for (number, name) in files.iter().enumerate() {
        drop_file(&bench, name, &shorter(&week, number));
    }
    // Doubled, out of order, from four senders at a time; and some about what is no business of ours.
    let (mut runs, mut outcomes) = (BTreeSet::new(), BTreeSet::new());
    std::thread::scope(|scope| {
        let senders = (0..4_u64).map(|sender| {
            let (server, files) = (&server, &files);
            scope.spawn(move || {
                let mut told = Vec::new();
                for round in 0..250_u64 {
                    let place = (round * 7 + sender * 3) % 10;
                    let name = match place {
                        8 => "output_folder/w0.csv/x/scores.csv".to_owned(),
                        9 => "weekly_folder/gone.csv".to_owned(),
                        file => format!("weekly_folder/{}", files[file as usize]),
                    };
                    let (status, answer) = server.event(&name, place, round);
                    assert_eq!(status, 200, "{answer}");
                    told.push((name, answer["changes"][0].clone()));
                }
                told
            })
        });
        for (name, answer) in
            senders.collect::<Vec<_>>().into_iter().flat_map(|sender| sender.join().unwrap())
        {
            outcomes.insert(answer["outcome"].as_str().unwrap().to_owned());
            if let Some(run) = answer["run"].as_str() {
                runs.insert((name, run.to_owned()));
            }
        }
    });
    assert_eq!(runs.len(), files.len(), "one run a file: {runs:?}");
    assert!(
        outcomes.iter().all(|outcome| ["started", "known", "ignored"].contains(&outcome.as_str())),
        "{outcomes:?}"
    );
    wait_for("the last file", || files.iter().all(|name| is_published(&bench, name)));
    wait_for("the last run", || open_runs(&bench) == 0);
    assert!(files.iter().all(|name| manifests(&bench, name) == 1));
    let runs = bench.json(&["runs", "list", "--last", "1000"]);
    let weekly = runs.as_array().unwrap().iter().filter(|run| run["pipeline"] == "weekly");
    assert_eq!(weekly.count(), files.len(), "{runs:#}");
    let (_, answer) = server.event("input_folder/more.csv", 1, 1);
    assert_eq!(answer["changes"][0]["outcome"], "noticed", "history is not read before the answer");
    let long = format!("weekly_folder/{}.csv", "n".repeat(300));
    let (status, answer) = server.event(&long, 1, 1);
    assert_eq!((status, &answer["changes"][0]["outcome"]), (200, &"ignored".into()), "{answer}");
}

#[test]
fn two_servers_that_are_killed_again_and_again_lose_nothing() {
    let (bench, week) = bank();
    let mut servers = [Served::start(&bench), Served::start(&bench)];
    let kills = 14;
    for round in 0..kills {
        let name = format!("w{round}.csv");
        drop_file(&bench, &name, &shorter(&week, round));
        let victim = &mut servers[round % 2];
        victim.event(&format!("weekly_folder/{name}"), 1, 1);
        // Somewhere in the run that the event began, never at the same place.
        std::thread::sleep(Duration::from_millis(11 * round as u64 + 3));
        victim.process.kill().unwrap();
        victim.process.wait().unwrap();
        *victim = Served::start(&bench);
    }
    let names: Vec<String> = (0..kills).map(|round| format!("w{round}.csv")).collect();
    wait_for("the last file", || names.iter().all(|name| is_published(&bench, name)));
    wait_for("the last run", || open_runs(&bench) == 0);
    assert!(names.iter().all(|name| manifests(&bench, name) == 1), "published once each");
}

#[test]
fn a_model_object_is_deployed_by_the_server() {
    let (bench, _) = bank();
    let package = bench.path().join(bank::PACKAGE);
    let copied = bench.path().join("models/churn/5");
    std::fs::create_dir_all(&copied).unwrap();
    for entry in std::fs::read_dir(package).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copied.join(entry.file_name())).unwrap();
    }
    let _server = Served::start(&bench);
    let is_decided = || {
        let models = bench.json(&["models"]);
        let five = models.as_array().unwrap().iter().find(|model| model["version"] == 5).cloned();
        five.is_some_and(|five| five["refusals"].as_array().is_some_and(|refusals| !refusals.is_empty()))
    };
    wait_for("the copied package", is_decided);
}

#[test]
fn a_server_for_all_the_world_asks_who_is_there() {
    let (bench, _) = bank();
    let refused = bench.refused(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(refused.contains("the server cannot listen there"), "{refused}");
}
