//! The chores of those who work on Winback, as one small program: `cargo xtask test`, `tidy` and `bench`.
//!
//! Whoever builds and runs the product needs none of this. It is plain Rust, so that a chore works the same
//! on every machine with a compiler; the few words it understands do not pay for an argument parser.

mod bench;
mod config;
mod printer;
mod test;
mod tidy;

use std::process::ExitCode;

use crate::config::Config;

const USAGE: &str = "\
usage: cargo xtask <chore>

chores:
  test   format, lints, every test, doc tests, tidy; stops at the first that fails
  tidy   the rules of this repository that neither the compiler nor clippy knows
  bench  measure something in release: `cargo xtask bench` lists what, `cargo xtask bench NAME` does it

environment:
  WINBACK_REQUIRE=all   a check that had to be skipped is a failure
  WINBACK_DATA=<dir>    where tests look for real data (default: `../shared/data`, seen from the repository)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => Config::read().and_then(|config| test::run(&config)),
        ["tidy"] => Config::read().and_then(|config| tidy::run(&config)),
        ["bench"] => Config::read().and_then(|config| bench::run(&config, None, &[])),
        ["bench", name, rest @ ..] => Config::read().and_then(|config| bench::run(&config, Some(name), rest)),
        [] | ["help" | "--help" | "-h"] => {
            printer::line(USAGE);
            return ExitCode::SUCCESS;
        }
        unknown => {
            printer::complain(&format!("error: there is no chore `{}`\n\n{USAGE}", unknown.join(" ")));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            printer::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
