//! Learning from ten times as many rows: how time and memory grow.

use std::process::Command;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::Asked;
use super::contest::answer;
use super::programs::{build, machine};
use crate::config::Config;
use crate::printer;

const THREADS: &str = "2";

/// What is shown of a run: its name in the answer, and in the table.
const FIGURES: &[(&str, &str)] = &[
    ("seconds", "seconds"),
    ("cpu_seconds", "seconds of work"),
    ("encoding", "seconds of encoding"),
    ("encoded_mib", "MiB, encoded"),
    ("peak_mib", "MiB, trained"),
    ("log_loss", "log loss"),
];

/// Learns from a number of rows and from ten times as many, each in a process of its own.
pub(super) fn run(config: &Config, asked: &Asked) -> anyhow::Result<()> {
    let program = build(config, "engine")?;
    let few: u64 = if asked.quick { 30_000 } else { 1_000_000 };
    let mut answers: Vec<Value> = Vec::new();
    for rows in [few, few * 10] {
        printer::complain(&format!("learning from {rows} rows"));
        let mut command = Command::new(&program);
        command.args(["large", "--threads", THREADS, "--rows", &rows.to_string()]);
        answers.push(answer(&mut command)?);
    }
    if asked.json {
        printer::line(&json!({ "machine": machine(), "runs": answers }).to_string());
        return Ok(());
    }
    printer::line(&format!("{}\n\n{:<20} {:>12} {:>12} {:>8}", machine(), "rows", few, few * 10, "times"));
    for (name, shown) in FIGURES {
        let figures: Vec<f64> = answers.iter().filter_map(|answer| answer[name].as_f64()).collect();
        let [few, many] = figures[..] else { continue };
        printer::line(&format!("{shown:<20} {few:>12.4} {many:>12.4} {:>8.2}", many / few));
    }
    let peak = answers[1]["peak_mib"].as_f64().context("the bench told no peak of memory")?;
    let cells = few as f64 * 10.0 * 40.0;
    printer::line(&format!("bytes a cell at the peak: {:.2}", peak * f64::from(1 << 20) / cells));
    Ok(())
}
