//! Rule `manifests`: versions stand in the root `Cargo.toml` and nowhere else, without default features.
//!
//! One table of versions keeps two crates from drifting apart. Default features are off there because a
//! feature that nobody asked for is compiled by everybody; a crate adds the features it needs where it needs
//! them.

use anyhow::anyhow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Repository, Violation};

const RULE: &str = "manifests";
const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Violation>> {
    let mut violations = check_root(&repository.read("Cargo.toml")?)?;
    for package in repository.members() {
        let path = repository.manifest(package);
        violations.extend(check_member(&path, &repository.read(&path)?)?);
    }
    Ok(violations)
}

fn check_root(text: &str) -> anyhow::Result<Vec<Violation>> {
    let path = "Cargo.toml";
    let manifest = parse(path, text)?;
    let shared = manifest
        .get_ref()
        .get("workspace")
        .and_then(|workspace| workspace.get_ref().get("dependencies"))
        .and_then(|dependencies| dependencies.get_ref().as_table());
    let mut violations = Vec::new();
    for (name, value) in shared.into_iter().flatten() {
        let has = |key: &str| value.get_ref().get(key).is_some();
        let defaults_off = value
            .get_ref()
            .get("default-features")
            .is_some_and(|flag| flag.get_ref().as_bool() == Some(false));
        let message = if has("path") && !has("version") {
            continue;
        } else if has("git") || has("path") {
            format!("`{}` has a source of its own; take a released version", name.get_ref())
        } else if !defaults_off {
            format!("`{}` keeps its default features; add `default-features = false`", name.get_ref())
        } else {
            continue;
        };
        let line = line_of(text, name.span().start);
        violations.push(Violation { path: path.to_owned(), line, rule: RULE, message });
    }
    Ok(violations)
}

fn check_member(path: &str, text: &str) -> anyhow::Result<Vec<Violation>> {
    let manifest = parse(path, text)?;
    let mut tables = vec![manifest.get_ref()];
    let targets = manifest.get_ref().get("target").and_then(|target| target.get_ref().as_table());
    for (_, target) in targets.into_iter().flatten() {
        tables.extend(target.get_ref().as_table());
    }
    let mut violations = Vec::new();
    for table in tables {
        for section in SECTIONS {
            let dependencies = table.get(*section).and_then(|section| section.get_ref().as_table());
            for (name, value) in dependencies.into_iter().flatten() {
                if !is_shared(value) {
                    let message = format!(
                        "`{name}` has a version here; declare it in the root, write `{name}.workspace = true`",
                        name = name.get_ref()
                    );
                    let line = line_of(text, name.span().start);
                    violations.push(Violation { path: path.to_owned(), line, rule: RULE, message });
                }
            }
        }
    }
    Ok(violations)
}

/// Whether a dependency says `workspace = true`. Cargo itself refuses a version beside it.
fn is_shared(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().get("workspace").is_some_and(|flag| flag.get_ref().as_bool() == Some(true))
}

fn parse<'a>(path: &str, text: &'a str) -> anyhow::Result<Spanned<DeTable<'a>>> {
    DeTable::parse(text).map_err(|error| anyhow!("cannot read `{path}`: {error}"))
}

/// The line, counted from one, of a byte position.
fn line_of(text: &str, position: usize) -> usize {
    text[..position].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(violations: anyhow::Result<Vec<Violation>>, expected: &[usize]) {
        let lines: Vec<usize> =
            violations.expect("a readable manifest").iter().map(|violation| violation.line).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_root_takes_released_versions_without_default_features() {
        let text = "[workspace.dependencies]
good = { version = \"1\", default-features = false }
ours = { path = \"crates/ours\" }
bare = \"1\"
defaults = { version = \"1\" }
on = { version = \"1\", default-features = true }
git = { git = \"somewhere\", default-features = false }
";
        let violations = check_root(text);
        let names: Vec<String> =
            violations.expect("a readable manifest").into_iter().map(|it| it.message).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        for name in ["`bare`", "`defaults`", "`on`", "`git`"] {
            assert!(names.iter().any(|message| message.starts_with(name)), "{name} in {names:?}");
        }
    }

    #[test]
    fn members_take_everything_from_the_root() {
        let text = "[dependencies]
dotted.workspace = true
inline = { workspace = true, features = [\"std\"] }
bare = \"1\"

[dev-dependencies.section]
version = \"1\"

[target.'cfg(unix)'.build-dependencies]
deep = { version = \"1\" }
";
        check(check_member("a/Cargo.toml", text), &[4, 6, 10]);
    }

    #[test]
    fn a_manifest_without_dependencies_is_fine() {
        check(check_member("a/Cargo.toml", "[package]\nname = \"a\"\n"), &[]);
    }

    #[test]
    fn a_broken_manifest_is_named() {
        let error = check_member("a/Cargo.toml", "[package").expect_err("an error");
        assert!(error.to_string().contains("`a/Cargo.toml`"), "{error}");
    }
}
