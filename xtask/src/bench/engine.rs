//! The engine's contests: learning, scoring and explaining a wide table of 40 columns, beside other programs, and the
//! kernels beside each other.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::bail;
use serde_json::Value;

use super::Asked;
use super::contest::{Better, Contender, Contest, answer, hold_all};
use super::peers::Peers;
use super::programs::build;
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
    if !folder.join("winback.onnx").exists() {
        answer(Command::new(&ours).arg("onnx").arg(&folder))?;
    }
    let all = contests(&ours, &peers.python, &script, &folder).into_iter().chain(of_kernels(&ours, &folder));
    hold_all(all, asked, rounds, &peers.versions)
}

/// Who learns and scores; shap explains what scikit-learn learnt.
const TRAINED: [&str; 4] = ["lightgbm", "xgboost", "scikit-learn", "catboost"];
const SCORED: [&str; 5] = ["lightgbm", "xgboost", "scikit-learn", "onnxruntime", "catboost"];
const EXPLAINED: [&str; 4] = ["lightgbm", "xgboost", "shap", "catboost"];
/// Trees that kernels are timed on.
const TREES: &str = "60";

/// Each contest with its contenders, ours last. The first is the one whose log loss ours learns to.
fn contests(ours: &Path, python: &Path, script: &Path, folder: &Path) -> Vec<Contest> {
    let ours = |work: &'static str, threads: usize| {
        let (program, folder) = (ours.to_owned(), folder.to_owned());
        let call = move |answers: &[Value]| {
            let mut command = Command::new(&program);
            command.arg(work).arg(&folder).args(["--threads", &threads.to_string()]);
            if let Some(loss) = answers.first().and_then(|answer| answer["log_loss"].as_f64()) {
                command.args(["--loss", &loss.to_string()]);
            }
            command
        };
        Contender { name: OURS, call: Box::new(call) }
    };
    let theirs = |names: &[&'static str], work: &'static str, threads: usize| {
        let of = |name: &&'static str| {
            let start: Vec<OsString> =
                vec![script.into(), work.into(), (*name).into(), folder.into(), "--threads".into()];
            let python = python.to_owned();
            let call = move |_: &[Value]| {
                let mut command = Command::new(&python);
                command.args(&start).arg(threads.to_string());
                command
            };
            Contender { name, call: Box::new(call) }
        };
        names.iter().map(of).collect::<Vec<_>>()
    };
    let mut contests = Vec::new();
    for threads in [1, 2] {
        let mut contenders = theirs(&TRAINED, "train", threads);
        contenders.push(ours("train", threads));
        contests.push(Contest {
            name: format!("train, {threads} threads, to LightGBM's log loss"),
            figure: ("seconds", Better::Less),
            contenders,
            besides: &["log_loss", "trees", "encoding", "peak_mib"],
        });
    }
    for (work, names) in [("score", SCORED.as_slice()), ("explain", EXPLAINED.as_slice())] {
        let mut contenders = theirs(names, work, 2);
        contenders.push(ours(work, 2));
        contests.push(Contest {
            name: format!("{work}, 2 threads"),
            figure: ("rows_a_second", Better::More),
            contenders,
            besides: &[],
        });
    }
    contests
}

/// Ours beside itself: the kernels that every machine can run beside those of wider registers.
fn of_kernels(ours: &Path, folder: &Path) -> Vec<Contest> {
    let contender = |work: &'static str, cpu: &'static str| {
        let (program, folder) = (ours.to_owned(), folder.to_owned());
        let call = move |_: &[Value]| {
            let mut command = Command::new(&program);
            command.arg(work).arg(&folder).args(["--threads", "2", "--trees", TREES, "--cpu", cpu]);
            command
        };
        Contender { name: cpu, call: Box::new(call) }
    };
    let contest = |work: &'static str, figure| Contest {
        name: format!("kernels: {work}, 2 threads"),
        figure,
        contenders: CPUS.iter().filter(|cpu| has(cpu)).map(|cpu| contender(work, cpu)).collect(),
        besides: &[],
    };
    vec![
        contest("train", ("seconds", Better::Less)),
        contest("score", ("rows_a_second", Better::More)),
        contest("explain", ("rows_a_second", Better::More)),
    ]
}

/// Kernels, the fastest last, and the feature that tells whether this machine runs them.
const CPUS: [&str; 3] = ["portable", "avx2", "avx512"];

fn has(cpu: &str) -> bool {
    match cpu {
        #[cfg(target_arch = "x86_64")]
        "avx2" => std::arch::is_x86_feature_detected!("avx2"),
        #[cfg(target_arch = "x86_64")]
        "avx512" => {
            std::arch::is_x86_feature_detected!("avx512bw") && std::arch::is_x86_feature_detected!("avx512dq")
        }
        other => other == "portable",
    }
}
