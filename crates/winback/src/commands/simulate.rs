//! `winback simulate`: make a bank whose truth is known, and say what was written.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use winback_simulate::{Bank, WrittenFile};

use super::Context;
use crate::error::{Result, ResultExt as _};
use crate::printer::{Align, count};

/// What `winback simulate` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback simulate --customers 50000 --weeks 8 --out bank")]
pub(crate) struct Arguments {
    /// Customers in the history
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    customers: u64,
    /// Weekly files
    #[arg(long, value_name = "W", default_value_t = 4, value_parser = clap::value_parser!(u32).range(0..=520))]
    weeks: u32,
    /// Which bank of this size; the same seed makes the same bank, to the byte
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder to write to; files of the same names are replaced
    #[arg(long, value_name = "DIR", default_value = "bank")]
    out: PathBuf,
}

/// More customers than there are people; above that, sums would overflow.
const MOST: u64 = 10_000_000_000;

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let Arguments { customers, weeks, seed, out } = arguments;
    let bank = Bank { customers: *customers, weeks: *weeks, seed: *seed };
    let in_all = customers + (0..*weeks).map(|week| bank.customers_by(week)).sum::<u64>();
    let progress = context.printer.progress("making a bank", "customers", Some(in_all));
    let written = bank
        .write(out, &mut |done, _| progress.set(done))
        .hint("name a folder that can be written to, and that has room, with --out")?;
    drop(progress);

    let kinds = [("history", std::slice::from_ref(&written.history)), ("week", &written.weeks)];
    let kinds = kinds.into_iter().chain([("truth", written.truth.as_slice())]);
    let rows = kinds.flat_map(|(what, files)| {
        files.iter().map(move |file| vec![what.to_owned(), file.path.display().to_string(), count(file.rows)])
    });
    let columns = [("what", Align::Left), ("file", Align::Left), ("rows", Align::Right)];
    context.printer.table(&columns, rows.collect())?;
    context.printer.json(&json!({
        "out": out,
        "customers": customers,
        "weeks": written.weeks.iter().map(described).collect::<Vec<_>>(),
        "seed": seed,
        "history": described(&written.history),
        "truth": written.truth.iter().map(described).collect::<Vec<_>>(),
    }))?;
    context.printer.say(&format!("next: winback init {}", written.history.path.display()));
    Ok(())
}

fn described(file: &WrittenFile) -> Value {
    json!({ "path": file.path, "rows": file.rows })
}
