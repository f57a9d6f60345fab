//! `cargo xtask test`: everything that must hold before a change is shared, in the order that fails soonest.
//!
//! A step is a cargo command, or `tidy`. The first step that fails ends the run with the command that repeats
//! it. The last line always reads `N passed, N failed, N skipped`: passed and failed are tests (a step that
//! fails without failing tests, such as the lints, counts as one failure), skipped are the checks that could
//! not be made on this machine. What the steps print passes through untouched.

mod counts;
mod relay;
mod skips;

use anyhow::Context as _;

use self::counts::{Counts, Runner};
use self::skips::Skips;
use crate::config::Config;
use crate::{printer, tidy};

/// One cargo command among the steps.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// What is checked, in a word or two.
    name: &'static str,
    /// The command, after `cargo`.
    arguments: &'static [&'static str],
    /// The part of the toolchain that it needs and that some machines lack.
    component: Option<Component>,
    /// Who prints the summary of tests, if it runs any.
    runner: Option<Runner>,
}

/// A cargo subcommand that is installed separately.
#[derive(Debug, Clone, Copy)]
struct Component {
    subcommand: &'static str,
    install: &'static str,
}

const FORMAT: Step = Step {
    name: "format",
    arguments: &["fmt", "--all", "--check"],
    component: Some(Component { subcommand: "fmt", install: "rustup component add rustfmt" }),
    runner: None,
};
const LINTS: Step = Step {
    name: "lints",
    arguments: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    component: Some(Component { subcommand: "clippy", install: "rustup component add clippy" }),
    runner: None,
};
const NEXTEST: Step = Step {
    name: "tests",
    arguments: &["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests=pass"],
    component: None,
    runner: Some(Runner::Nextest),
};
// `--no-fail-fast` lets the last line count every failure, not the first alone.
const PLAIN_TESTS: Step = Step {
    name: "tests",
    arguments: &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"],
    component: None,
    runner: Some(Runner::Harness),
};
const DOC_TESTS: Step = Step {
    name: "doc tests",
    arguments: &["test", "--doc", "--workspace", "--no-fail-fast"],
    component: None,
    runner: Some(Runner::Harness),
};

/// How a step ended.
enum Ending {
    Passed(Counts),
    Failed(Counts),
    Skipped(String),
}

/// Runs the steps; `false` when one of them failed.
pub(crate) fn run(config: &Config) -> anyhow::Result<bool> {
    let skips = Skips::start(&config.target)?;
    let mut missing = 0;
    let mut counts = Counts::default();
    let failure = run_steps(config, &skips, &mut counts, &mut missing)?;

    let from_tests = skips.read()?;
    for skip in &from_tests {
        printer::line(&format!("skipped: {skip}"));
    }
    let skipped = missing + from_tests.len() as u64 + counts.ignored;
    if 0 < skipped && !config.require_all {
        printer::line(&format!("checks skipped: {skipped}; `WINBACK_REQUIRE=all` makes each a failure"));
    }
    // A test that skips itself returns early and is reported as passed by the runner.
    counts.passed = counts.passed.saturating_sub(from_tests.len() as u64);
    let failure = failure.or_else(|| refuse_skips(config, skipped));
    if let Some(message) = &failure {
        printer::complain(&format!("error: {message}"));
        counts.failed = counts.failed.max(1);
    }
    printer::line(&format!("{} passed, {} failed, {skipped} skipped", counts.passed, counts.failed));
    Ok(failure.is_none())
}

/// All steps in order; what made the first of them fail, if one did.
fn run_steps(
    config: &Config,
    skips: &Skips,
    counts: &mut Counts,
    missing: &mut u64,
) -> anyhow::Result<Option<String>> {
    let tests = if relay::answers(config, "nextest") { NEXTEST } else { PLAIN_TESTS };
    let steps = [FORMAT, LINTS, tests, DOC_TESTS];
    let total = steps.len() + 1;
    for (step_idx, step) in steps.iter().enumerate() {
        let command = format!("cargo {}", step.arguments.join(" "));
        printer::line(&format!("[{}/{total}] {}: {command}", step_idx + 1, step.name));
        match run_step(config, skips, step)? {
            Ending::Passed(seen) => counts.add(seen),
            Ending::Failed(seen) => {
                counts.add(seen);
                return Ok(Some(format!("the step `{}` failed; repeat it with `{command}`", step.name)));
            }
            Ending::Skipped(why) => {
                let skip = format!("{}: {why}", step.name);
                if config.require_all {
                    return Ok(Some(format!("`WINBACK_REQUIRE=all` and a step cannot run: {skip}")));
                }
                printer::line(&format!("skipped: {skip}"));
                *missing += 1;
            }
        }
    }
    printer::line(&format!("[{total}/{total}] tidy: cargo xtask tidy"));
    let is_tidy = tidy::run(config)?;
    Ok((!is_tidy).then(|| "the step `tidy` failed; repeat it with `cargo xtask tidy`".to_owned()))
}

fn run_step(config: &Config, skips: &Skips, step: &Step) -> anyhow::Result<Ending> {
    if let Some(component) = step.component
        && !relay::answers(config, component.subcommand)
    {
        let why = format!("`cargo {}` is not installed; `{}`", component.subcommand, component.install);
        return Ok(Ending::Skipped(why));
    }
    let mut counts = Counts::default();
    let read_line = |line: &str| {
        if let Some(runner) = step.runner {
            counts.read_line(runner, line);
        }
    };
    let succeeded = relay::run(config, step.arguments, skips.path(), read_line)
        .with_context(|| format!("the step `{}` could not be started", step.name))?;
    Ok(if succeeded { Ending::Passed(counts) } else { Ending::Failed(counts) })
}

/// The failure that skips are under `WINBACK_REQUIRE=all`.
fn refuse_skips(config: &Config, skipped: u64) -> Option<String> {
    (config.require_all && 0 < skipped).then(|| {
        format!("`WINBACK_REQUIRE=all` and checks were skipped: {skipped}; supply what the lines above name")
    })
}
