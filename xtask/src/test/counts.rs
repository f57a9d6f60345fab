//! How many tests ran and how they ended, read off the summary lines that test runners print.
//!
//! The runners' machine-readable output is unstable, while their summary lines have kept their form for
//! years; whoever changes runner adds a line form here. Lines that are no summary count nothing.

/// Whose summary lines to read. The two are kept apart because nextest shows what a failing test printed,
/// and that ends with a summary of the standard harness: the failure would be counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runner {
    /// `Summary [   0.1s] 4 tests run: 3 passed (1 slow), 1 failed, 0 skipped`
    Nextest,
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`
    Harness,
}

/// Tests by how they ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// Left out by the runner itself; we ban that, but a doc test can still be marked so.
    pub(super) ignored: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Adds what one line of output says, if it is a summary of this runner.
    pub(super) fn read_line(&mut self, runner: Runner, line: &str) {
        let plain = without_color(line);
        let line = plain.trim();
        let parts = match runner {
            Runner::Nextest if line.starts_with("Summary [") => line.split_once(" run: "),
            Runner::Harness if line.starts_with("test result:") => line.split_once(". "),
            Runner::Nextest | Runner::Harness => None,
        };
        let Some((_, parts)) = parts else { return };
        for part in parts.split([',', ';']) {
            let mut words = part.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += number,
                // `1 timed out`, `2 exec failed`: neither passed.
                Some("failed" | "timed" | "exec") => self.failed += number,
                Some("ignored" | "skipped") => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// The line without terminal colours, which runners keep when a person watches.
fn without_color(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // `ESC [ … letter`
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runner: Runner, lines: &[&str], passed: u64, failed: u64, ignored: u64) {
        let mut counts = Counts::default();
        for line in lines {
            counts.read_line(runner, line);
        }
        assert_eq!(counts, Counts { passed, failed, ignored });
    }

    #[test]
    fn standard_harness_lines_are_summed() {
        check(
            Runner::Harness,
            &[
                "running 3 tests",
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 7 filtered out; finished in 1.00s",
            ],
            8,
            2,
            1,
        );
    }

    #[test]
    fn nextest_summary_is_read() {
        check(
            Runner::Nextest,
            &["     Summary [   0.123s] 10 tests run: 8 passed (1 slow), 2 failed, 3 skipped"],
            8,
            2,
            3,
        );
        check(Runner::Nextest, &["     Summary [   0.123s] 1 test run: 1 passed, 0 skipped"], 1, 0, 0);
    }

    #[test]
    fn nextest_summary_of_an_unfinished_run_is_read() {
        check(
            Runner::Nextest,
            &["  Summary [ 9.9s] 4/9 tests run: 2 passed, 1 timed out, 1 exec failed, 0 skipped"],
            2,
            2,
            0,
        );
    }

    #[test]
    fn colored_summary_is_read() {
        check(
            Runner::Nextest,
            &[
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m skipped",
            ],
            2,
            0,
            0,
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        for runner in [Runner::Nextest, Runner::Harness] {
            check(runner, &["5 passed, 3 failed", "test result", "", "Summary of 4 passed"], 0, 0, 0);
        }
    }

    #[test]
    fn what_a_failing_test_printed_is_not_counted_again() {
        let lines = [
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
            "     Summary [   0.1s] 1 test run: 0 passed, 1 failed, 0 skipped",
        ];
        check(Runner::Nextest, &lines, 0, 1, 0);
    }
}
