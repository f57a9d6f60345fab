//! Runs cargo as a child and passes its output on while reading it.
//!
//! Both streams are pumped by a thread each: a person sees every line as it comes, and the counts are taken
//! from the same bytes, so no report file has to be agreed upon with the test runner.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;

use crate::config::Config;
use crate::printer;

/// Whether `cargo <subcommand>` is installed.
pub(super) fn answers(config: &Config, subcommand: &str) -> bool {
    config
        .cargo()
        .args([subcommand, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs `cargo <arguments>`, shows `read_line` each line of output; whether it succeeded.
pub(super) fn run(
    config: &Config,
    arguments: &[&str],
    skips: &Path,
    mut read_line: impl FnMut(&str),
) -> anyhow::Result<bool> {
    let mut command = config.cargo();
    if config.color {
        // A pipe is no terminal: without this the colours would be gone.
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .args(arguments)
        .env("WINBACK_SKIPS", skips)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {:?}; is cargo installed", config.cargo))?;
    let stdout = child.stdout.take().context("the child has no stdout")?;
    let stderr = child.stderr.take().context("the child has no stderr")?;

    let (sender, lines) = mpsc::channel();
    let other_sender = sender.clone();
    thread::scope(|scope| {
        scope.spawn(move || pump(BufReader::new(stdout), printer::relay_stdout, &sender));
        scope.spawn(move || pump(BufReader::new(stderr), printer::relay_stderr, &other_sender));
        for line in lines {
            read_line(&line);
        }
    });
    Ok(child.wait().context("cannot wait for cargo")?.success())
}

/// Passes on every line and sends a copy; ends with the stream.
fn pump(mut stream: impl BufRead, relay: fn(&[u8]), lines: &mpsc::Sender<String>) {
    let mut line = Vec::new();
    // A stream that cannot be read ends like one that is closed: the exit status still tells the outcome.
    while stream.read_until(b'\n', &mut line).is_ok_and(|length| 0 < length) {
        relay(&line);
        if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_passed_on_even_without_a_last_newline() {
        let (sender, lines) = mpsc::channel();
        pump(&b"one\ntwo\xff\nthree"[..], |_| {}, &sender);
        drop(sender);
        let seen: Vec<String> = lines.into_iter().collect();
        assert_eq!(seen, ["one\n", "two\u{fffd}\n", "three"]);
    }
}
