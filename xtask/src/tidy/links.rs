//! Rule `links`: what the pages at the root point to inside the repository exists.
//!
//! Links to the network are left alone: a check that fails when someone else's server does is switched off
//! soon.

use super::{Repository, Violation};

const RULE: &str = "links";
const PAGES: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

pub(super) fn check(repository: &Repository) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for page in PAGES.iter().filter(|page| repository.root.join(page).exists()) {
        let text = repository.read(page)?;
        violations.extend(check_page(page, &text, |target| repository.root.join(target).exists()));
    }
    Ok(violations)
}

fn check_page(page: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut in_fence = false;
    for (line_idx, line) in text.lines().enumerate() {
        let is_fence = ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence));
        in_fence ^= is_fence;
        if in_fence || is_fence {
            continue;
        }
        for target in targets(line) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains(':') && !exists(file) {
                let message = format!("the link to `{file}` leads nowhere; mend the path or add the file");
                violations.push(Violation { path: page.to_owned(), line: line_idx + 1, rule: RULE, message });
            }
        }
    }
    violations
}

/// What a line of Markdown links to: `[text](target "title")` and `[name]: target`.
fn targets(line: &str) -> Vec<String> {
    let line = without_code(line);
    let mut targets = Vec::new();
    let mut rest = line.as_str();
    while let Some((_, after)) = rest.split_once("](") {
        let Some((target, after)) = after.split_once(')') else { break };
        targets.extend(target.split_whitespace().next().map(bare));
        rest = after;
    }
    if line.starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        targets.extend(target.split_whitespace().next().map(bare));
    }
    targets
}

/// Markdown allows `<target>` for paths with odd characters.
fn bare(target: &str) -> String {
    target.trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// The line without `code`, in which brackets mean nothing.
fn without_code(line: &str) -> String {
    // Between an odd and an even backtick is code.
    line.split('`').step_by(2).collect::<Vec<_>>().join("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[usize]) {
        let violations =
            check_page("README.md", text, |target| target == "docs/there.md" || target == "docs");
        let lines: Vec<usize> = violations.iter().map(|violation| violation.line).collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn files_that_exist_are_accepted() {
        check("See [a](docs/there.md), [b](docs/there.md#part \"title\") and [c](<docs>).\n", &[]);
        check("[there]: docs/there.md\n", &[]);
    }

    #[test]
    fn files_that_do_not_are_found_with_their_line() {
        check("fine\n[a](docs/there.md) [b](docs/gone.md)\n\n[c]: gone.md\n", &[2, 4]);
        check("![picture](gone.svg)\n", &[1]);
    }

    #[test]
    fn anchors_and_the_network_are_left_alone() {
        check("[a](#part) [b](https://example.org/x) [c](mailto:a@example.org)\n", &[]);
    }

    #[test]
    fn code_is_left_alone() {
        check("`[a](gone.md)`\n```text\n[b](gone.md)\n```\n", &[]);
        check("```text\n```\n[b](gone.md)\n", &[3]);
    }
}
