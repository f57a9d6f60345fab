//! Python packages that some tests need and not every machine has. What is missing is told, never silently left out.
#![expect(clippy::disallowed_methods, reason = "tests are told by the environment what may be skipped")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

/// Whether Python is here with these packages; if not, the skip is noted under the test's name, or fails the test if
/// nothing may be skipped.
pub(crate) fn has(test: &str, packages: &[&str]) -> bool {
    let names = packages.join(", ");
    let import = Command::new("python3").args(["-c", &format!("import {names}")]).output();
    let is_here = import.is_ok_and(|output| output.status.success());
    if !is_here {
        skip(&format!("{test}: `python3` cannot import {names}"));
    }
    is_here
}

fn skip(line: &str) {
    assert!(std::env::var_os("WINBACK_REQUIRE").is_none_or(|value| value != "all"), "{line}");
    if let Some(path) = std::env::var_os("WINBACK_SKIPS") {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        // One write, so that the lines of tests running side by side do not mix.
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    std::io::stderr().write_all(format!("skipped: {line}\n").as_bytes()).unwrap();
}
