//! Winback: who is about to leave, why, and whom it pays to contact.
//!
//! This file reads as the whole program: parse the command line, read the environment, run the command, tell what went
//! wrong and whose fault it is. Commands live one verb a file in `commands`, what they do in the crates below.

mod cli;
mod commands;
mod components;
mod config;
mod desk;
mod error;
mod failures;
mod metrics;
mod notices;
mod pipelines;
mod printer;
mod schema;
mod scratch;
mod service;
mod steps;
mod stopwatch;
mod wire;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::commands::Context;
use crate::config::Environment;
use crate::error::{Result, ResultExt as _};
use crate::printer::Printer;

fn main() -> ExitCode {
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return printer::usage(&error),
    };
    let environment = Environment::read();
    let globals = &arguments.globals;
    let printer = Printer::new(globals.json, globals.quiet, environment.colour);
    match run(arguments, environment, printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            error::exit_code(&error)
        }
    }
}

fn run(arguments: Cli, environment: Environment, printer: Printer) -> Result<()> {
    if let Some(threads) = environment.threads(arguments.globals.threads)? {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.get());
        pool.build_global().users(format!("cannot start {threads} threads")).hint("ask for fewer threads")?;
    }
    if let Some(cpu) = environment.cpu()? {
        cpu.choose();
    }
    let config = environment.config(arguments.globals.config);
    let context = Context { printer, environment, config };
    commands::run(&context, arguments.command)
}
