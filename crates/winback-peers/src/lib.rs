//! What some tests need and not every machine has: programs, Python packages, real data. What is missing is told, never
//! silently left out; `.ci/run` supplies it.
#![warn(missing_docs)]
#![expect(clippy::disallowed_methods, reason = "tests are told by the environment where things are")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of real data: `WINBACK_DATA`, else `../shared/data` seen from the repository. Where there is none, the
/// skip is noted under the test's name, or fails the test if nothing may be skipped.
pub fn data(test: &str) -> Option<PathBuf> {
    let named = std::env::var_os("WINBACK_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = named.unwrap_or_else(beside);
    if folder.is_dir() {
        return Some(folder);
    }
    skip(test, &format!("there is no folder of real data `{}`", folder.display()));
    None
}

/// A file of real data, by its name in that folder.
pub fn file(test: &str, name: &str) -> Option<PathBuf> {
    let path = data(test)?.join(name);
    if path.is_file() {
        return Some(path);
    }
    skip(test, &format!("there is no file `{}`", path.display()));
    None
}

/// Where a program is. Where it is not, the skip is noted under the test's name.
pub fn program(test: &str, name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(test, &format!("there is no program `{name}` on the `PATH`"));
    }
    found
}

/// Whether `python3` is here with these packages; if not, the skip is noted under the test's name.
pub fn python(test: &str, packages: &[&str]) -> bool {
    let names = packages.join(", ");
    let import = Command::new("python3").args(["-c", &format!("import {names}")]).output();
    let is_here = import.is_ok_and(|output| output.status.success());
    if !is_here {
        skip(test, &format!("`python3` cannot import {names}"));
    }
    is_here
}

/// What the environment says under a name, if anything.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Notes a skip under the name of a test, or fails it if nothing may be skipped.
pub fn skip(test: &str, why: &str) {
    let line = format!("{test}: {why}");
    assert!(std::env::var_os("WINBACK_REQUIRE").is_none_or(|value| value != "all"), "{line}");
    if let Some(path) = std::env::var_os("WINBACK_SKIPS") {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        // One write, so that the lines of tests running side by side do not mix.
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    std::io::stderr().write_all(format!("skipped: {line}\n").as_bytes()).unwrap();
}
