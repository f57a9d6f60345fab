//! The readers from outside: hostile files, each with the answer expected of it, and any bytes at all.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bombs;
mod fuzzed;
mod hostile;
