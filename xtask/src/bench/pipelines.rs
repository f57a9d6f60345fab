//! The pipelines as a whole: what is left after kills, and what the ledger, the engine and the service cost.

mod audit;
mod bank;
mod chaos;
mod costs;
mod latency;
mod place;
mod stopwatch;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::place::Place;
use super::Asked;
use super::programs::{build_chaos, build_program, machine};
use crate::config::Config;
use crate::printer;

/// What a part came to: for people, for programs, and whether it is as it must be.
struct Told {
    text: String,
    json: Value,
    is_good: bool,
}

/// Kills, some of which come while no step is under way; and how many must not.
const KILLS: usize = 300;
const INSIDE: usize = 150;

type Part = fn(&Config, &Asked) -> anyhow::Result<Told>;

const PARTS: &[(&str, Part)] = &[
    ("chaos file", chaos_file),
    ("chaos s3", chaos_s3),
    ("engine", costs::engine),
    ("ledgers", costs::ledgers),
    ("simulation", costs::simulation),
    ("latency", latency),
];

/// Runs the parts that are asked for; `--quick` without a name is the first alone.
pub(super) fn run(config: &Config, asked: &Asked) -> anyhow::Result<bool> {
    let mut told = Vec::new();
    if !asked.json {
        printer::line(&format!("{}\n", machine()));
    }
    for (name, part) in PARTS {
        if !asked.wants(name) || (asked.quick && asked.only.is_none() && *name != PARTS[0].0) {
            continue;
        }
        printer::complain(&format!("measuring: {name}"));
        let part = part(config, asked)?;
        if !asked.json {
            printer::line(&part.text);
        }
        told.push(part);
    }
    if asked.json {
        let parts: Vec<&Value> = told.iter().map(|told| &told.json).collect();
        printer::line(&json!({ "machine": machine(), "parts": parts }).to_string());
    }
    Ok(told.iter().all(|told| told.is_good))
}

fn chaos_file(config: &Config, asked: &Asked) -> anyhow::Result<Told> {
    let folder = fresh(config, "chaos-file")?;
    let place = Place::Folder(folder.join("bank"));
    chaos(config, asked, "chaos file", &folder, place)
}

fn chaos_s3(config: &Config, asked: &Asked) -> anyhow::Result<Told> {
    let folder = fresh(config, "chaos-s3")?;
    let place = Place::bucket(config, &folder)?;
    chaos(config, asked, "chaos s3", &folder, place)
}

fn chaos(config: &Config, asked: &Asked, name: &str, folder: &Path, place: Place) -> anyhow::Result<Told> {
    let program = build_chaos(config)?;
    let kills = if asked.quick { 10 } else { KILLS };
    let outcome = chaos::hold(&program, folder, place, kills)?;
    // Kills between steps prove less; of the few of a quick run nothing is asked.
    let inside = asked.quick || INSIDE <= outcome.audit.kills_inside.len();
    Ok(Told {
        text: outcome.table(name),
        json: outcome.json(name),
        is_good: outcome.audit.is_good() && inside,
    })
}

fn latency(config: &Config, asked: &Asked) -> anyhow::Result<Told> {
    let files = if asked.quick { 1 } else { 5 };
    latency::measure(&build_program(config)?, &fresh(config, "latency")?, files)
}

/// Medians and extremes of what was timed, by name.
fn figures(name: &str, unit: &str, rows: &[(&str, Vec<f64>)]) -> Told {
    let mut text = format!("{name}\n");
    let mut told = serde_json::Map::new();
    for (row, times) in rows {
        let mut sorted = times.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let [first, .., last] = sorted[..] else {
            text += &format!("  {row:<30} {times:?} {unit}\n");
            continue;
        };
        let median = sorted[sorted.len() / 2];
        text +=
            &format!("  {row:<30} {median:>8.3} {unit} ({first:.3} to {last:.3}, {} times)\n", sorted.len());
        told.insert((*row).to_owned(), json!({ "median": median, "times": times }));
    }
    Told { text, json: json!({ "part": name, "unit": unit, "figures": told }), is_good: true }
}

/// An empty folder under `target/bench/pipelines`.
fn fresh(config: &Config, name: &str) -> anyhow::Result<PathBuf> {
    let folder = config.target.join("bench/pipelines").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
