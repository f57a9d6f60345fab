//! The only file of this crate that prints, so that the ban on printing elsewhere can stand without
//! exceptions.
//!
//! Results go to stdout, complaints to stderr. Both are flushed at once: the output of child processes is
//! woven between ours, and a line that stays in a buffer would turn up in the wrong place.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this file is where printing is allowed")]

use std::io::Write as _;

/// One line of result.
pub(crate) fn line(text: &str) {
    println!("{text}");
    flush();
}

/// One complaint.
pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
}

/// Bytes of a child's stdout, passed on as they are.
pub(crate) fn relay_stdout(bytes: &[u8]) {
    // A closed pipe (`cargo xtask test | head`) is no reason to stop testing.
    let _closed = std::io::stdout().write_all(bytes);
    flush();
}

/// Bytes of a child's stderr, passed on as they are.
pub(crate) fn relay_stderr(bytes: &[u8]) {
    let _closed = std::io::stderr().write_all(bytes);
}

fn flush() {
    let _closed = std::io::stdout().flush();
}
