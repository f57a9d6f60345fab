//! Rule `file-size`: a file that cannot be read at one sitting holds more than one idea.
//!
//! 100 to 300 lines are the aim and not checked; 500 without the tests is the limit. Tests do not count,
//! because a limit on them would be paid in tests.

use super::Violation;
use super::source::Source;

const RULE: &str = "file-size";
const MOST_LINES: usize = 500;

pub(super) fn check(source: &Source) -> Option<Violation> {
    let n_lines = source.lines_before_tests();
    (!source.is_test_file() && MOST_LINES < n_lines).then(|| Violation {
        path: source.path.clone(),
        line: MOST_LINES + 1,
        rule: RULE,
        message: format!(
            "{n_lines} lines without tests, {MOST_LINES} are allowed; move one idea to a file of its own"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(path: &str, n_lines: usize, end: &str) -> bool {
        check(&Source::new(path, format!("{}{end}", "a();\n".repeat(n_lines)))).is_none()
    }

    #[test]
    fn the_limit_is_itself_allowed() {
        assert!(is_accepted("a.rs", 500, ""));
        assert!(!is_accepted("a.rs", 501, ""));
    }

    #[test]
    fn tests_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "b();\n".repeat(600));
        assert!(is_accepted("a.rs", 400, &tests));
        assert!(is_accepted("crates/a/tests/it/b.rs", 900, ""));
        assert!(is_accepted("crates/a/src/b/tests.rs", 900, ""));
    }

    #[test]
    fn naming_a_test_file_does_not_end_the_count() {
        assert!(!is_accepted("a.rs", 400, &format!("#[cfg(test)]\nmod tests;\n{}", "b();\n".repeat(200))));
    }
}
