//! `cargo xtask tidy`: the rules of this repository that neither the compiler nor clippy knows, as code.
//!
//! Each file below holds one rule as a function from what it looks at to its violations, with tests on made
//! inputs. To add a rule, write such a file and a line in `run`. A rule says what is wrong, where, and what
//! to do instead; if it cannot say what to do, it is not ready to be a rule.

mod banned_calls;
mod banned_crates;
mod edges;
mod file_size;
mod licences;
mod links;
mod manifests;
mod opening;
mod scrub;
mod source;
mod spdx;

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use self::source::Source;
use crate::config::Config;
use crate::printer;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    /// Relative to the root of the repository.
    path: String,
    /// Counted from one.
    line: usize,
    rule: &'static str,
    /// What is wrong and what to do.
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}

/// The repository, as the rules see it.
struct Repository {
    root: PathBuf,
    /// The whole resolved graph.
    metadata: Metadata,
    /// Every Rust file.
    sources: Vec<Source>,
    /// The text of `Cargo.lock`: where a violation about an external crate points to.
    lock: String,
}

impl Repository {
    fn open(config: &Config) -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .cargo_path(&config.cargo)
            .current_dir(&config.root)
            .exec()
            .context("cannot resolve the dependencies; `cargo fetch` says more")?;
        let sources = source::collect(&config.root, &config.target)?;
        let lock_path = config.root.join("Cargo.lock");
        let lock = fs::read_to_string(&lock_path)
            .with_context(|| format!("cannot read `{}`", lock_path.display()))?;
        Ok(Self { root: config.root.clone(), metadata, sources, lock })
    }

    /// The text of a file under the root.
    fn read(&self, path: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read `{path}`"))
    }

    /// Our own crates.
    fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// The manifest of one of our crates, relative to the root.
    fn manifest(&self, package: &Package) -> String {
        let path = package.manifest_path.as_std_path();
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string().replace('\\', "/")
    }
}

/// Applies every rule and prints what breaks one; `false` when something does.
pub(crate) fn run(config: &Config) -> anyhow::Result<bool> {
    let repository = Repository::open(config)?;
    let mut violations = Vec::new();
    violations.extend(edges::check(&repository)?);
    violations.extend(manifests::check(&repository)?);
    violations.extend(licences::check(&repository));
    violations.extend(banned_crates::check(&repository)?);
    violations.extend(links::check(&repository)?);
    for source in &repository.sources {
        violations.extend(opening::check(source));
        violations.extend(file_size::check(source));
        violations.extend(banned_calls::check(source));
    }
    violations.sort_by(|left, right| (&left.path, left.line).cmp(&(&right.path, right.line)));
    for violation in &violations {
        printer::line(&violation.to_string());
    }
    let n_files = repository.sources.len();
    let n_packages = repository.metadata.packages.len();
    if violations.is_empty() {
        printer::line(&format!("tidy: {n_files} source files and {n_packages} packages, no violation"));
    } else {
        printer::complain(&format!(
            "tidy: violations: {}; each line above says what to do",
            violations.len()
        ));
    }
    Ok(violations.is_empty())
}

/// The line of `text`, counted from one, on which a crate is declared or first named; 1 if it is not.
fn line_naming(text: &str, name: &str) -> usize {
    let declares = |line: &str| {
        line.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['.', '=']))
    };
    let position = text.lines().position(declares).or_else(|| {
        // `[dependencies.name]`
        text.lines().position(|line| line.starts_with('[') && line.contains(name))
    });
    position.map_or(1, |line_idx| line_idx + 1)
}

/// The line of `Cargo.lock`, counted from one, on which a package begins; 1 if it is not there.
fn line_locking(lock: &str, name: &str, version: &str) -> usize {
    let name_line = format!("name = \"{name}\"");
    let version_line = format!("version = \"{version}\"");
    let lines: Vec<&str> = lock.lines().collect();
    let position = lines.windows(2).position(|pair| pair[0] == name_line && pair[1] == version_line);
    position.map_or(1, |line_idx| line_idx + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_by_their_whole_name() {
        let manifest = "[dependencies]
serde_json.workspace = true
serde = { workspace = true }
[dependencies.tokio]
";
        assert_eq!(line_naming(manifest, "serde"), 3);
        assert_eq!(line_naming(manifest, "serde_json"), 2);
        assert_eq!(line_naming(manifest, "tokio"), 4);
        assert_eq!(line_naming(manifest, "absent"), 1);
    }

    #[test]
    fn locked_packages_are_found_by_name_and_version() {
        let lock = "[[package]]
name = \"a\"
version = \"1.0.0\"

[[package]]
name = \"a\"
version = \"2.0.0\"
";
        assert_eq!(line_locking(lock, "a", "2.0.0"), 6);
        assert_eq!(line_locking(lock, "b", "2.0.0"), 1);
    }
}
