//! The command line, as definitions only.
//!
//! What is the same for all commands stands here, with the list of commands; the arguments of one command stand in its
//! file, beside what is made of them. A new command is one line here.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    clean, demo, explain, init, models, pipelines, run, runs, score, serve, simulate, step, train,
};

/// Who is about to leave, why, and whom it pays to contact.
#[derive(Debug, Parser)]
#[command(name = "winback", version, max_term_width = 100, after_long_help = ENVIRONMENT)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct Globals {
    /// The settings file [default: winback.toml in this folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,
    /// Print the result as one JSON object
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Use this many threads [default: one for each core]
    #[arg(long, global = true, value_name = "N", help_heading = "Everywhere")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Print the result, warnings and errors, and nothing else
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole main job on a made bank, in a folder of its own
    Demo(demo::Arguments),
    /// Look at a history and propose the settings, `winback.toml`
    Init(Box<init::Arguments>),
    /// Learn who leaves, from the history; register the model and promote it where it may be
    Train(train::Arguments),
    /// Score and explain a file of customers
    Score(score::Arguments),
    /// Explain one customer, or the model as a whole
    Explain(explain::Arguments),
    /// List, show and promote registered models
    Models(models::Arguments),
    /// Run a pipeline now, or all files that wait for it
    Run(run::Arguments),
    /// List, show, follow, cancel and retry runs
    Runs(runs::Arguments),
    /// Look at the bucket, hear of events, and run what they ask for, until told to end
    Serve(serve::Arguments),
    /// List and draw the pipelines
    Pipelines(pipelines::Arguments),
    /// Run one component once, as a task of a container does
    Step(step::Arguments),
    /// Remove what nothing names any more
    Clean(clean::Arguments),
    /// Make a bank whose truth is known: a history, weekly files, and the truth beside them
    Simulate(simulate::Arguments),
}

const ENVIRONMENT: &str = "\
Settings come from the settings file, then from the environment, then from flags; the later wins.

Environment:
  WINBACK_CONFIG         the settings file
  WINBACK_ROOT           where models, weekly files and results live
  WINBACK_LISTEN         where the server listens
  WINBACK_METRICS        where the server tells metrics to anyone who asks
  WINBACK_THREADS        how many threads
  WINBACK_CPU            portable, avx2 or avx512: the inner loops [default: the fastest there are]
  WINBACK_TRAIN_NAME     the name of the model
  WINBACK_TRAIN_LEARNER  auto, trees or linear
  WINBACK_TRAIN_EFFORT   quick, normal or thorough: the search for settings
  WINBACK_TRAIN_SEED     the seed of what is drawn in training
  NO_COLOR               no colours";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }
}
