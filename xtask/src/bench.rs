//! `cargo xtask bench NAME`: measures something in release and prints the figures.
//!
//! A bench is a program of the crate it measures (`benches/NAME.rs`), so that it sees what users of the crate see.
//! Benches are never part of `cargo xtask test`: what they print depends on the machine, or takes minutes.

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::printer;

/// One thing that can be measured.
struct Bench {
    name: &'static str,
    package: &'static str,
    /// What it answers, in a line.
    about: &'static str,
}

const BENCHES: &[Bench] = &[Bench {
    name: "leaks",
    package: "winback-retain",
    about: "how often the leak guard blocks a history without a leak, and how many planted leaks it finds",
}];

/// Runs one bench; `arguments` go to it. Without a name, the benches are listed.
pub(crate) fn run(config: &Config, name: Option<&str>, arguments: &[&str]) -> anyhow::Result<bool> {
    let Some(name) = name else {
        for bench in BENCHES {
            printer::line(&format!("{:<8} {}", bench.name, bench.about));
        }
        return Ok(true);
    };
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        let known: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no bench `{name}`; there are: {}", known.join(", "));
    };
    let status = config
        .cargo()
        .args(["bench", "--quiet", "-p", bench.package, "--bench", bench.name, "--"])
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start {:?}; is cargo installed", config.cargo))?;
    Ok(status.success())
}
