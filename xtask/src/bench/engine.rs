//! The engine's contests: learning, scoring and explaining a wide table of 40 columns, beside LightGBM and CatBoost.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::bail;
use serde_json::{Value, json};

use super::Asked;
use super::contest::{Better, Contender, Contest};
use super::peers::Peers;
use super::programs::{build, machine};
use crate::config::Config;
use crate::printer;

const OURS: &str = "winback";

/// Holds all contests that are asked for.
pub(super) fn run(config: &Config, asked: &Asked) -> anyhow::Result<()> {
    let ours = build(config, "engine")?;
    let peers = Peers::install(config)?;
    let (rows, test_rows, rounds) = if asked.quick { (100_000, 50_000, 1) } else { (1_000_000, 250_000, 3) };
    let folder = config.target.join(format!("bench/wide-{rows}"));
    if !folder.join("test.parquet").exists() {
        printer::complain(&format!("making {rows} rows in `{}`", folder.display()));
        let rows = ["--rows".to_owned(), rows.to_string(), "--test-rows".to_owned(), test_rows.to_string()];
        let status = Command::new(&ours).arg("data").arg(&folder).args(rows).status()?;
        if !status.success() {
            bail!("the data could not be made: {status}");
        }
    }
    let script = config.root.join("testdata/bench/contenders.py");
    let mut results = Vec::new();
    if !asked.json {
        printer::line(&format!("{}\npeers: {}\n", machine(), peers.versions.join(", ")));
    }
    for contest in contests(&ours, &peers.python, &script, &folder) {
        if !asked.wants(&contest.name) {
            continue;
        }
        let outcomes = contest.hold(rounds)?;
        if asked.json {
            results.push(contest.json(&outcomes));
        } else {
            printer::line(&contest.table(&outcomes));
        }
    }
    if asked.json {
        let result = json!({ "machine": machine(), "peers": peers.versions, "contests": results });
        printer::line(&result.to_string());
    }
    Ok(())
}

/// Each contest with its contenders, the one that the bar names first and ours last.
fn contests(ours: &Path, python: &Path, script: &Path, folder: &Path) -> Vec<Contest> {
    let ours = |work: &'static str, threads: usize| {
        let (program, folder) = (ours.to_owned(), folder.to_owned());
        let call = move |answers: &[Value]| {
            let mut command = Command::new(&program);
            command.arg(work).arg(&folder).args(["--threads", &threads.to_string()]);
            // Learning is timed until it has the log loss of the contender before it.
            if let Some(loss) = answers.first().and_then(|answer| answer["log_loss"].as_f64()) {
                command.args(["--loss", &loss.to_string()]);
            }
            command
        };
        Contender { name: OURS, call: Box::new(call) }
    };
    let theirs = |name: &'static str, work: &'static str, threads: usize| {
        let start: Vec<OsString> =
            vec![script.into(), work.into(), name.into(), folder.into(), "--threads".into()];
        let python = python.to_owned();
        let call = move |_: &[Value]| {
            let mut command = Command::new(&python);
            command.args(&start).arg(threads.to_string());
            command
        };
        Contender { name, call: Box::new(call) }
    };
    let mut contests = Vec::new();
    for threads in [1, 2] {
        contests.push(Contest {
            name: format!("train, {threads} threads, to LightGBM's log loss"),
            figure: ("seconds", Better::Less),
            contenders: vec![theirs("lightgbm", "train", threads), ours("train", threads)],
            besides: &["log_loss", "trees", "encoding", "peak_mib"],
        });
    }
    for work in ["score", "explain"] {
        contests.push(Contest {
            name: format!("{work}, 2 threads"),
            figure: ("rows_a_second", Better::More),
            contenders: vec![theirs("lightgbm", work, 2), theirs("catboost", work, 2), ours(work, 2)],
            besides: &[],
        });
    }
    contests
}
