//! What these tests need and not every machine has: programs that play a cloud. What is missing is told, never
//! silently left out; `.ci/run` supplies it.
#![expect(clippy::disallowed_methods, reason = "tests are told by the environment where programs are")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

/// Where a program is. Where it is not, the skip is noted under the test's name, or fails the test if nothing may be
/// skipped.
pub(crate) fn program(test: &str, name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(test, &format!("there is no program `{name}` on the `PATH`"));
    }
    found
}

/// What the environment says under a name, if anything.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Notes a skip under the name of a test, or fails it if nothing may be skipped.
fn skip(test: &str, why: &str) {
    let line = format!("{test}: {why}");
    assert!(std::env::var_os("WINBACK_REQUIRE").is_none_or(|value| value != "all"), "{line}");
    if let Some(path) = std::env::var_os("WINBACK_SKIPS") {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        // One write, so that the lines of tests running side by side do not mix.
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    std::io::stderr().write_all(format!("skipped: {line}\n").as_bytes()).unwrap();
}
