//! `winback pipelines`: which there are, and what one looks like.

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::Context;
use crate::error::{Result, ResultExt as _, UserError};
use crate::pipelines;
use crate::printer::Align;

/// What `winback pipelines` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What can be done with pipelines.
#[derive(Debug, Subcommand)]
enum Verb {
    /// List them (what `winback pipelines` does alone)
    List,
    /// Draw one: its steps in order, where their inputs come from, and what decides whether they run
    Show {
        /// Which
        name: String,
        /// In the language of Graphviz
        #[arg(long)]
        dot: bool,
    },
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    match &arguments.verb {
        None | Some(Verb::List) => list(context),
        Some(Verb::Show { name, dot }) => show(context, name, *dot),
    }
}

fn list(context: &Context) -> Result<()> {
    let all = pipelines::all();
    let told = all.iter().map(|pipeline| json!({ "name": pipeline.name, "about": pipeline.about }));
    context.printer.json(&Json::Array(told.collect()))?;
    let columns = [("pipeline", Align::Left), ("steps", Align::Right), ("what it does", Align::Left)];
    let rows = all.iter().map(|pipeline| {
        vec![pipeline.name.clone(), pipeline.steps.len().to_string(), pipeline.about.clone()]
    });
    context.printer.table(&columns, rows.collect())
}

fn show(context: &Context, name: &str, dot: bool) -> Result<()> {
    let unknown = || UserError::new(format!("there is no pipeline `{name}`"));
    let pipeline = pipelines::find(name).ok_or_else(unknown).hint("`winback pipelines` lists them")?;
    context.printer.json(&serde_json::to_value(&pipeline)?)?;
    if dot {
        return context.printer.data(pipeline.dot().trim_end());
    }
    context.printer.data(&format!("{}: {}", pipeline.name, pipeline.about))?;
    for (input, of) in &pipeline.inputs {
        let optional = if of.optional { ", may be left out" } else { "" };
        context.printer.data(&format!("  takes {input}: {}{optional}", of.of))?;
    }
    let columns = [("step", Align::Left), ("given", Align::Left), ("", Align::Left)];
    let rows = pipeline.outline().into_iter().map(|(step, given, rules)| vec![step, given, rules]);
    context.printer.table(&columns, rows.collect())
}
