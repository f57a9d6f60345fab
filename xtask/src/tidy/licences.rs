//! Rule `licences`: all that is linked into the product may be passed on with it, in source or binary, by a
//! bank.
//!
//! The whole resolved graph is looked at, build and test dependencies too: what makes or checks the binary is
//! part of what a bank's legal department asks about.

use super::spdx::is_allowed;
use super::{Repository, Violation, line_locking};

const RULE: &str = "licences";

/// Licences that ask for no more than a notice.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

pub(super) fn check(repository: &Repository) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in &repository.metadata.packages {
        let name = package.name.as_str();
        let version = package.version.to_string();
        if let Some(message) = complaint(name, &version, package.license.as_deref()) {
            let line = line_locking(&repository.lock, name, &version);
            violations.push(Violation { path: "Cargo.lock".to_owned(), line, rule: RULE, message });
        }
    }
    violations
}

/// What is wrong with a package's licence, if anything is.
fn complaint(name: &str, version: &str, licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else {
        return Some(format!("`{name}` {version} names no licence; use a crate that does"));
    };
    match is_allowed(licence, ALLOWED) {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "`{name}` {version} is under `{licence}`, which asks for more than a notice; use another crate"
        )),
        Err(why) => Some(format!("the licence `{licence}` of `{name}` {version} cannot be read: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissive_licences_pass() {
        for licence in ["MIT", "Unlicense/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "BSD-3-Clause AND ISC"]
        {
            assert_eq!(complaint("a", "1.0.0", Some(licence)), None, "{licence}");
        }
    }

    #[test]
    fn others_are_named_with_crate_and_version() {
        for licence in [Some("MPL-2.0"), Some("GPL-3.0 AND MIT"), Some("MIT OR"), None] {
            let message = complaint("a", "1.0.0", licence).expect("a complaint");
            assert!(message.contains("`a` 1.0.0"), "{message}");
        }
    }
}
