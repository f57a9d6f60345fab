//! Winback from outside: the real program in a folder of its own, judged by what a user sees.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

mod cli;
mod init;
mod peers;
mod real_data;
mod run;
mod simulate;
