//! Rule `edges`: which of our crates may use which, as one table; everything not in it is forbidden.
//!
//! Build and test dependencies count like ordinary ones, otherwise a circle could come in through the tests.
//! The one exception is `winback-simulate`, which makes test data for every crate above `winback-table`.

use std::collections::BTreeSet;

use cargo_metadata::DependencyKind;

use super::{Repository, Violation, line_naming};

const RULE: &str = "edges";

/// A crate, and what it may use. A new edge is a decision about the design: change `ARCHITECTURE.md` with it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("winback-kernels", &[]),
    ("winback-table", &[]),
    ("winback-flow", &[]),
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

/// What the tests of these crates may use besides.
const TESTS_MAY_USE: &str = "winback-simulate";
const TESTED_WITH_IT: &[&str] = &["winback-learn", "winback-retain", "winback-server", "winback"];

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
    let as_test_data = edge.for_tests && edge.used == TESTS_MAY_USE && TESTED_WITH_IT.contains(&edge.user);
    in_table || as_test_data
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
    fn simulate_is_for_tests_of_the_crates_above_table() {
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
