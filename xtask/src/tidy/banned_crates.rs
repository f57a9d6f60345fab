//! Rule `banned-crates`: crates that we decided against, with the reason, so that the decision is made once.
//!
//! Some must not be built at all; others may come along under another crate, but our code must not use them.

use std::collections::BTreeSet;

use super::{Repository, Violation, line_locking, line_naming};

const RULE: &str = "banned-crates";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Nowhere in the graph.
    Anywhere,
    /// Not as a dependency of our own crates.
    Direct,
}

struct Ban {
    name: &'static str,
    reach: Reach,
    reason: &'static str,
}

const BANS: &[Ban] = &[
    ban("openssl-sys", Reach::Anywhere, "it needs OpenSSL of the machine; use rustls with ring"),
    ban("openssl-src", Reach::Anywhere, "it builds OpenSSL with perl and make; use rustls with ring"),
    ban("native-tls", Reach::Anywhere, "it takes whichever TLS the machine has; use rustls with ring"),
    ban("aws-lc-sys", Reach::Anywhere, "it needs cmake; use ring, which needs a C compiler only"),
    ban("cmake", Reach::Anywhere, "a newcomer has Rust and a C compiler; use a crate that builds with `cc`"),
    ban("bindgen", Reach::Anywhere, "it needs libclang; use a crate with committed bindings"),
    ban(
        "datafusion",
        Reach::Anywhere,
        "it costs a newcomer ten minutes; keep it behind a feature that is off",
    ),
    ban("polars", Reach::Anywhere, "Arrow batches are the table in memory; a second one is not needed"),
    ban("chrono", Reach::Direct, "`jiff` is our calendar; two would disagree about time zones"),
    ban("time", Reach::Direct, "`jiff` is our calendar; two would disagree about time zones"),
    ban("rand", Reach::Direct, "it offers ambient generators; use `rand_core` and `rand_pcg` with a seed"),
];

const fn ban(name: &'static str, reach: Reach, reason: &'static str) -> Ban {
    Ban { name, reach, reason }
}

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for package in &repository.metadata.packages {
        let version = package.version.to_string();
        let line = line_locking(&repository.lock, &package.name, &version);
        let mut complain = |message| {
            violations.push(Violation { path: "Cargo.lock".to_owned(), line, rule: RULE, message });
        };
        if let Some(message) = complaint(&package.name, Reach::Anywhere) {
            complain(message);
        }
        if package.source.as_ref().is_some_and(|source| !source.is_crates_io()) {
            complain(format!("`{}` does not come from crates.io; use a released version", package.name));
        }
    }
    for package in repository.members() {
        let path = repository.manifest(package);
        let text = repository.read(&path)?;
        // A crate can be a dependency twice, for the code and for the tests.
        let used: BTreeSet<&str> =
            package.dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
        for name in used {
            if let Some(message) = complaint(name, Reach::Direct) {
                let line = line_naming(&text, name);
                violations.push(Violation { path: path.clone(), line, rule: RULE, message });
            }
        }
    }
    Ok(violations)
}

fn complaint(name: &str, reach: Reach) -> Option<String> {
    let ban = BANS.iter().find(|ban| ban.name == name && ban.reach == reach)?;
    Some(format!("`{name}` is banned: {}", ban.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_reaches_as_far_as_it_says() {
        assert!(complaint("openssl-sys", Reach::Anywhere).is_some());
        assert!(complaint("chrono", Reach::Direct).is_some());
        assert!(complaint("chrono", Reach::Anywhere).is_none());
        assert!(complaint("serde", Reach::Anywhere).is_none());
    }

    #[test]
    fn the_complaint_gives_the_reason() {
        let message = complaint("cmake", Reach::Anywhere).expect("a ban");
        assert!(message.starts_with("`cmake` is banned: a newcomer"), "{message}");
    }
}
