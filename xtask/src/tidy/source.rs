//! The Rust files of the repository, each with its code and its comments kept apart, line by line.
//!
//! Rules about code look at `code` alone, so a word in a comment or a string breaks none of them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::scrub::{self, Line};

/// One Rust file.
pub(super) struct Source {
    /// Relative to the root, with forward slashes.
    pub(super) path: String,
    /// The crate without its `winback-`: `table`, `winback`, `xtask`.
    pub(super) room: String,
    pub(super) text: String,
    pub(super) lines: Vec<Line>,
}

impl Source {
    pub(super) fn new(path: &str, text: String) -> Self {
        let lines = scrub::lines(&text);
        Self { path: path.to_owned(), room: room(path).to_owned(), text, lines }
    }

    /// Whether the whole file is test code.
    pub(super) fn is_test_file(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// How many lines come before the file's own tests: up to the first `#[cfg(test)]` at the margin that
    /// opens a module here. `#[cfg(test)] mod tests;` only names another file, so it ends nothing.
    pub(super) fn lines_before_tests(&self) -> usize {
        let opens_tests = |line_idx: &usize| {
            if !self.lines[*line_idx].code.starts_with("#[cfg(test)]") {
                return false;
            }
            let item = self.lines[*line_idx..]
                .iter()
                .map(|line| line.code.trim_start_matches("#[cfg(test)]").trim())
                .find(|code| !code.is_empty() && !code.starts_with("#["));
            item.is_some_and(|item| item.contains("mod ") && item.ends_with('{'))
        };
        (0..self.lines.len()).find(opens_tests).unwrap_or(self.lines.len())
    }
}

/// All Rust files under `root`, sorted by path. Build folders and hidden folders are passed over.
pub(super) fn collect(root: &Path, target: &Path) -> anyhow::Result<Vec<Source>> {
    let mut folders = vec![root.to_owned()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("cannot list `{}`", folder.display()))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_symlink() || name.starts_with('.') || name == "target" || path == target {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read `{}` as text", path.display()))?;
                let relative = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                sources.push(Source::new(&relative.replace('\\', "/"), text));
            }
        }
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(sources)
}

/// The crate a file belongs to; a bench is a program of its own, which reads, measures and prints.
fn room(path: &str) -> &str {
    if path.contains("/benches/") {
        return "benches";
    }
    let mut parts = path.split('/');
    match (parts.next(), parts.next()) {
        (Some("crates"), Some(folder)) => folder.strip_prefix("winback-").unwrap_or(folder),
        (Some(first), _) => first,
        (None, _) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_named_after_folders() {
        assert_eq!(room("crates/winback-table/src/csv.rs"), "table");
        assert_eq!(room("crates/winback/src/main.rs"), "winback");
        assert_eq!(room("xtask/src/main.rs"), "xtask");
        assert_eq!(room("crates/winback-table/benches/read.rs"), "benches");
    }

    #[test]
    fn tests_begin_at_the_module_with_a_body() {
        let text = "//! A.
#[cfg(test)]
mod tests;
#[cfg(test)]
use b::C;
fn d() {}
#[cfg(test)]
mod more {
}
";
        assert_eq!(Source::new("a.rs", text.to_owned()).lines_before_tests(), 6);
    }

    #[test]
    fn without_tests_every_line_counts() {
        let text = "//! A.\nfn b() {\n    #[cfg(test)]\n    mod c {}\n}\n";
        assert_eq!(Source::new("a.rs", text.to_owned()).lines_before_tests(), 5);
    }

    #[test]
    fn test_files_are_known_by_place_and_name() {
        for (path, expected) in [
            ("crates/a/tests/it/main.rs", true),
            ("crates/a/src/b/tests.rs", true),
            ("a/src/tests_of.rs", false),
        ] {
            assert_eq!(Source::new(path, String::new()).is_test_file(), expected, "{path}");
        }
    }
}
