//! Rule `opening`: every Rust file begins with `//!`, so that it says what it is and why before anything
//! else.

use super::Violation;
use super::source::Source;

const RULE: &str = "opening";

pub(super) fn check(source: &Source) -> Option<Violation> {
    let first = source.text.lines().next().unwrap_or_default();
    let says_something = first.strip_prefix("//!").is_some_and(|text| !text.trim().is_empty());
    (!says_something).then(|| Violation {
        path: source.path.clone(),
        line: 1,
        rule: RULE,
        message: "the file does not open with `//!`; say in its first lines what it is and why it exists"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(text: &str) -> bool {
        check(&Source::new("a.rs", text.to_owned())).is_none()
    }

    #[test]
    fn a_file_must_say_what_it_is() {
        assert!(is_accepted("//! The rows.\nfn a() {}\n"));
        assert!(!is_accepted("fn a() {}\n"));
        assert!(!is_accepted("// The rows.\n"));
        assert!(!is_accepted("//!\n"));
        assert!(!is_accepted(""));
    }
}
