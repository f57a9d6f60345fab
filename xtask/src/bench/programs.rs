//! Our side of a contest, built in release, and the machine that it runs on.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::config::Config;

/// Builds a bench of `winback-learn` and answers where its program is.
pub(super) fn build(config: &Config, bench: &str) -> anyhow::Result<PathBuf> {
    built(config, &["--profile", "bench", "-p", "winback-learn", "--bench", bench], bench)
}

/// Builds the bench of `winback-flow` and answers where its program is.
pub(super) fn build_flow(config: &Config) -> anyhow::Result<PathBuf> {
    built(config, &["--profile", "bench", "-p", "winback-flow", "--bench", "flow"], "flow")
}

/// Builds `winback` itself and answers where it is.
pub(super) fn build_program(config: &Config) -> anyhow::Result<PathBuf> {
    built(config, &["--release", "-p", "winback", "--bin", "winback"], "winback")
}

/// Builds `winback` with the feature that lets it kill itself, and answers where that program is.
pub(super) fn build_chaos(config: &Config) -> anyhow::Result<PathBuf> {
    let what = ["--release", "-p", "winback", "--features", "chaos", "--bin", "winback"];
    let built = built(config, &what, "winback")?;
    // The next build without the feature takes the same name.
    let kept = config.target.join("bench/winback-chaos");
    let half = kept.with_extension("part");
    // Another bench may be running it.
    let copied = std::fs::copy(&built, &half).and_then(|_| std::fs::rename(&half, &kept));
    copied.with_context(|| format!("cannot write `{}`", kept.display()))?;
    Ok(kept)
}

/// Builds what is asked for, and answers where the program of a name is.
fn built(config: &Config, what: &[&str], name: &str) -> anyhow::Result<PathBuf> {
    let output = config
        .cargo()
        .args(["build", "--quiet", "--message-format", "json-render-diagnostics"])
        .args(what)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("`{name}` could not be built: {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let program =
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
            let is_ours = message["target"]["name"] == name;
            message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
        });
    program.with_context(|| format!("cargo built no program `{name}`"))
}

/// The machine in a line.
pub(super) fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{}, {cores} cores", model.trim_start_matches([' ', '\t', ':']))
}
