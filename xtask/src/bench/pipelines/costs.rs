//! What the engine costs for each step, how long ledgers take to read, and how many schedules the simulation plays.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::stopwatch::Stopwatch;
use super::{Told, figures, fresh};
use crate::bench::Asked;
use crate::bench::contest::answer;
use crate::bench::programs::{build_flow, build_program};
use crate::config::Config;

const SIMULATION: &str = "whatever_happens_each_file_is_published_once";
/// Schedules of the simulation where it is optimised.
const SCHEDULES: f64 = 10_000.0;
/// How often each command is timed.
const ROUNDS: usize = 3;

/// A chain of steps that do nothing, in memory and on a disk.
pub(super) fn engine(config: &Config, _asked: &Asked) -> anyhow::Result<Told> {
    let told = answer(Command::new(build_flow(config)?).arg("chain").current_dir(fresh(config, "engine")?))?;
    let mut text = "engine: microseconds a step, medians of three\n".to_owned();
    for (name, shown) in [
        ("bare", "a bare call"),
        ("memory: 100", "in memory, a chain of 100 steps"),
        ("memory: 1000", "in memory, a chain of 1,000 steps"),
        ("file:bank 100", "in a folder, a chain of 100 steps"),
        ("file:bank 1000", "in a folder, a chain of 1,000 steps"),
        ("file creates alone", "the three synced creates of a step alone"),
    ] {
        let micros = told[name].as_f64().with_context(|| format!("the bench told no `{name}`"))?;
        text += &format!("  {shown:<44} {micros:>11.4}\n");
    }
    Ok(Told { text, json: json!({ "part": "engine", "micros_a_step": told }), is_good: true })
}

/// A run of 1,000 steps, and an index of 100,000 runs, each read by a process that knows nothing yet.
pub(super) fn ledgers(config: &Config, asked: &Asked) -> anyhow::Result<Told> {
    let program = build_program(config)?;
    let folder = fresh(config, "ledgers")?;
    let runs = if asked.quick { "2000" } else { "100000" };
    let made = answer(Command::new(build_flow(config)?).arg("ledgers").arg(&folder).arg(runs))?;
    let run = made["run"].as_str().context("the bench told no run")?;
    let show = times(&program, &folder, &["runs", "show", run, "--json"])?;
    let list = times(&program, &folder, &["runs", "--json"])?;
    std::fs::remove_dir_all(&folder)?;
    let (show, list) =
        ((format!("a run of {} steps", made["steps"]), show), (format!("the last 20 of {runs} runs"), list));
    let is_good = [&show.1, &list.1].into_iter().flatten().all(|seconds| *seconds < 1.0);
    let rows = [(show.0.as_str(), show.1), (list.0.as_str(), list.1)];
    Ok(Told { is_good, ..figures("ledgers: from the start of the process to its end", "s", &rows) })
}

fn times(program: &Path, root: &Path, arguments: &[&str]) -> anyhow::Result<Vec<f64>> {
    let time = |_| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(root).env("WINBACK_ROOT", format!("file://{}", root.display()));
        let watch = Stopwatch::start();
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let seconds = watch.seconds();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let is_whole = told.as_array().map_or_else(|| told.is_object(), |runs| runs.len() == 20);
        if !output.status.success() || !is_whole {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
        }
        Ok(seconds)
    };
    (0..ROUNDS).map(time).collect()
}

/// The simulated schedules of the tests, optimised.
pub(super) fn simulation(config: &Config, _asked: &Asked) -> anyhow::Result<Told> {
    let mut command = config.cargo();
    command.args(["test", "--quiet", "--release", "-p", "winback-flow", "--lib", SIMULATION]);
    let output = command.output().context("cannot start cargo")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let seconds =
        said.split("finished in ").nth(1).and_then(|rest| rest.split('s').next()?.parse::<f64>().ok());
    let seconds = seconds.filter(|_| said.contains("1 passed"));
    let seconds = seconds.with_context(|| format!("{command:?} did not pass: {said}"))?;
    let rate = SCHEDULES / seconds;
    let text =
        format!("simulation: {SCHEDULES} schedules in {seconds:.1} s, {rate:.0} a second, on one thread\n");
    let json = json!({ "part": "simulation", "schedules": SCHEDULES, "seconds": seconds, "a_second": rate });
    Ok(Told { text, json, is_good: output.status.success() })
}
