//! The commands, one verb a file: each reads its inputs, calls the crates below, and prints what came of it.
//!
//! A new command is a file with its `Arguments` and its `run`, a line in [`run`] here, and a line in `cli`.

pub(crate) mod clean;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod models;
pub(crate) mod pipelines;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod score;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod step;
pub(crate) mod train;

use std::path::PathBuf;

use crate::cli::Command;
use crate::config::{ConfigPlace, Environment, Overrides, Settings};
use crate::error::Result;
use crate::printer::Printer;

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where results and talk go.
    pub(crate) printer: Printer,
    /// What the environment says.
    pub(crate) environment: Environment,
    /// Where the settings file is.
    pub(crate) config: ConfigPlace,
}

impl Context {
    /// The settings with what the flags of a command say over them.
    pub(crate) fn settings(&self, flags: Overrides) -> Result<Settings> {
        Settings::load(&self.config, &self.environment, flags)
    }

    /// The same with another settings file, which alone decides, and without JSON: for a command that runs others.
    pub(crate) fn within(&self, config: PathBuf) -> Self {
        Self {
            printer: self.printer.for_part(),
            environment: self.environment.without_settings(),
            config: self.environment.config(Some(config)),
        }
    }
}

/// Runs one command.
pub(crate) fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Init(arguments) => init::run(context, *arguments),
        Command::Simulate(arguments) => simulate::run(context, &arguments),
        Command::Train(arguments) => train::run(context, arguments),
        Command::Score(arguments) => score::run(context, &arguments),
        Command::Explain(arguments) => explain::run(context, &arguments),
        Command::Models(arguments) => models::run(context, arguments),
        Command::Run(arguments) => run::run(context, &arguments),
        Command::Runs(arguments) => runs::run(context, arguments),
        Command::Clean(arguments) => clean::run(context, &arguments),
        Command::Step(arguments) => step::run(context, &arguments),
        Command::Serve(arguments) => serve::run(context, &arguments),
        Command::Pipelines(arguments) => pipelines::run(context, &arguments),
        Command::Demo(arguments) => demo::run(context, &arguments),
    }
}
