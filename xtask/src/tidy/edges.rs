//! Rule `edges`: which of our crates may use which, as one table; everything not in it is forbidden.
//!
//! Build and test dependencies count like ordinary ones, otherwise a circle could come in through the tests.
//! The exceptions serve tests alone: `winback-simulate` makes data for every crate above `winback-table`, and
//! `winback-peers` knows what a machine may lack.

use std::collections::BTreeSet;

use cargo_metadata::DependencyKind;

use super::{Repository, Violation, line_naming};

const RULE: &str = "edges";

/// A crate, and what it may use. A new edge is a decision about the design: change `ARCHITECTURE.md` with it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("winback-kernels", &[]),
    ("winback-table", &[]),
    ("winback-flow", &[]),
    ("winback-peers", &[]),
    ("winback-simulate", &["winback-table"]),
    ("winback-learn", &["winback-table", "winback-kernels"]),
    ("winback-retain", &["winback-learn", "winback-table"]),
    ("winback-server", &["winback-flow", "winback-retain", "winback-learn", "winback-table"]),
    (
        "winback",
        &[
            "winback-server",
            "winback-flow",
            "winback-retain",
            "winback-learn",
            "winback-simulate",
            "winback-table",
            "winback-kernels",
        ],
    ),
    ("xtask", &[]),
];

/// What tests may use besides: a crate, and the crates whose tests may use it.
const TESTS_MAY_USE: &[(&str, &[&str])] = &[
    ("winback-peers", &["winback-flow", "winback-server", "winback"]),
    ("winback-simulate", &["winback-learn", "winback-retain", "winback-server", "winback"]),
];

/// One use of one of our crates by another.
struct Edge<'a> {
    user: &'a str,
    used: &'a str,
    for_tests: bool,
}

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Violation>> {
    let members = repository.members();
    let names: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    let mut violations = Vec::new();
    for package in &members {
        let path = repository.manifest(package);
        let text = repository.read(&path)?;
        let user = package.name.as_str();
        if row(user).is_none() {
            let message =
                format!("`{user}` is not in the table of crate edges; add it to `xtask/src/tidy/edges.rs`");
            violations.push(Violation { path: path.clone(), line: 1, rule: RULE, message });
            continue;
        }
        for dependency in package.dependencies.iter().filter(|used| names.contains(used.name.as_str())) {
            let used = dependency.name.as_str();
            let edge = Edge { user, used, for_tests: dependency.kind == DependencyKind::Development };
            if !is_allowed(&edge) {
                let line = line_naming(&text, dependency.rename.as_deref().unwrap_or(used));
                violations.push(Violation {
                    path: path.clone(),
                    line,
                    rule: RULE,
                    message: complaint(&edge),
                });
            }
        }
    }
    Ok(violations)
}

fn row(name: &str) -> Option<&'static [&'static str]> {
    MAY_USE.iter().find(|(user, _)| *user == name).map(|(_, used)| *used)
}

fn is_allowed(edge: &Edge<'_>) -> bool {
    let in_table = row(edge.user).is_some_and(|used| used.contains(&edge.used));
    let helps = |(used, users): &(&str, &[&str])| *used == edge.used && users.contains(&edge.user);
    in_table || (edge.for_tests && TESTS_MAY_USE.iter().any(helps))
}

fn complaint(edge: &Edge<'_>) -> String {
    let Edge { user, used, .. } = edge;
    let allowed = match row(user) {
        None | Some([]) => "it may use none of our crates".to_owned(),
        Some(names) => format!("it may use `{}`", names.join("`, `")),
    };
    let purpose = if edge.for_tests { " in tests" } else { "" };
    format!("`{user}` may not use `{used}`{purpose}: {allowed}; move the code to a crate that may")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: &str, used: &str, for_tests: bool, expected: bool) {
        assert_eq!(is_allowed(&Edge { user, used, for_tests }), expected, "{user} -> {used}");
    }

    #[test]
    fn edges_of_the_table_are_allowed_and_others_are_not() {
        check("winback-learn", "winback-table", false, true);
        check("winback-table", "winback-learn", false, false);
        check("winback-flow", "winback-table", false, false);
        check("winback", "winback-flow", false, true);
        check("xtask", "winback-table", false, false);
        check("winback-unheard-of", "winback-table", false, false);
    }

    #[test]
    fn some_crates_are_for_tests_alone() {
        check("winback-flow", "winback-peers", true, true);
        check("winback-flow", "winback-peers", false, false);
        check("winback-learn", "winback-peers", true, false);
        check("winback-learn", "winback-simulate", true, true);
        check("winback-learn", "winback-simulate", false, false);
        check("winback-table", "winback-simulate", true, false);
        check("winback-flow", "winback-simulate", true, false);
        check("winback-table", "winback-learn", true, false);
    }

    #[test]
    fn the_table_has_no_circle() {
        // Every crate uses only crates of rows that are settled before its own.
        let mut settled: Vec<&str> = Vec::new();
        while settled.len() < MAY_USE.len() {
            let ready: Vec<&str> = MAY_USE
                .iter()
                .filter(|(user, used)| {
                    !settled.contains(user) && used.iter().all(|name| settled.contains(name))
                })
                .map(|(user, _)| *user)
                .collect();
            assert!(!ready.is_empty(), "a circle among the crates other than {settled:?}");
            settled.extend(ready);
        }
    }

    #[test]
    fn the_complaint_names_both_crates_and_what_is_allowed() {
        let message = complaint(&Edge { user: "winback-table", used: "winback-learn", for_tests: true });
        assert!(message.contains("`winback-table` may not use `winback-learn` in tests"), "{message}");
        assert!(message.contains("none of our crates"), "{message}");
    }
}
