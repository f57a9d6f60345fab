//! `winback demo`: the main job on a made bank, in a folder of its own. Running it again does no harm.

use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use clap::Args;
use serde_json::json;
use winback_simulate::{Bank, KEY};
use winback_table::input::Limits;
use winback_table::reader::{Options, TableReader};
use winback_table::{Field, Kind, Role, Schema};

use super::{Context, init, score, train};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::{Align, count};
use crate::stopwatch::Stopwatch;
use crate::wire::inputs;

/// What `winback demo` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback demo --customers 20000")]
pub(crate) struct Arguments {
    /// The folder to work in
    #[arg(long, value_name = "DIR", default_value = "bank-demo")]
    out: PathBuf,
    /// Customers of the made bank
    #[arg(long, value_name = "N", default_value_t = 6_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    customers: u64,
}

/// Customers shown in the end.
const SHOWN: usize = 10;

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let watch = Stopwatch::start();
    let folder = &arguments.out;
    let step = |number: u32, what: &str| context.printer.say(&format!("\n{number}. {what}"));

    take_folder(folder)?;
    step(1, &format!("Making a bank of {} customers in `{}`", count(arguments.customers), folder.display()));
    let bank = Bank { customers: arguments.customers, weeks: 1, seed: 1 };
    let progress = context.printer.progress("making a bank", "customers", Some(2 * arguments.customers));
    let written =
        bank.write(folder, &mut |done, _| progress.set(done)).hint("name a folder to write to with --out")?;
    drop(progress);

    // Each step is the command of that name, in the demo's folder; only the end of the demo speaks JSON.
    let inner = context.within(folder.join("winback.toml"));
    step(2, "Looking at its history: winback init");
    init::run(&inner, init::Arguments::for_demo(&written.history.path))?;
    step(3, "Learning who leaves: winback train");
    train::run(&inner, train::Arguments::default())?;
    step(4, "Scoring the week: winback score");
    let week = &written.weeks[0].path;
    let name = week.file_stem().unwrap_or_default().to_string_lossy();
    let scored = folder.join(format!("output_folder/{name}.scored.csv"));
    let of_week = score::Arguments {
        files: vec![week.clone()],
        output: Some(scored.clone()),
        model: None,
        reject_limit: None,
        previous: None,
        no_report: false,
    };
    score::run(&inner, &of_week)?;

    step(5, &format!("The {SHOWN} customers most at risk"));
    let top = most_at_risk(&scored)?;
    let columns = [("customer", Align::Left), ("probability", Align::Right), ("reasons", Align::Left)];
    let rows = top.iter().map(|risk| {
        vec![risk.key.clone(), winback_retain::in_percent(risk.probability), risk.reasons.join("\n")]
    });
    context.printer.table(&columns, rows.collect())?;
    context.printer.json(&json!({
        "folder": folder,
        "scored": scored,
        "most_at_risk": top.iter().map(|risk| json!({
            "key": risk.key, "probability": risk.probability, "reasons": risk.reasons,
        })).collect::<Vec<_>>(),
        "seconds": watch.seconds(),
    }))?;
    context
        .printer
        .data(&format!("\nAll of it is in `{}`: settings, model, scored week.", folder.display()))?;
    if let Some(first) = top.first() {
        let (config, week) = (folder.join("winback.toml"), week.display());
        let config = config.display();
        context.printer.data(&format!(
            "Go on with: winback explain --config {config} --key {} --in {week}",
            first.key
        ))?;
    }
    Ok(())
}

/// Says in the folder that it is the demo's; refuses one that has settings and is not.
fn take_folder(folder: &Path) -> Result<()> {
    const MARK: &str = "made-by-winback-demo.txt";
    let (mark, config) = (folder.join(MARK), folder.join("winback.toml"));
    if config.exists() && !mark.exists() {
        let message = format!("`{}` has settings that the demo did not write", folder.display());
        return Err(UserError::new(message)).hint("name another folder with --out");
    }
    let attempt = format!("cannot write to `{}`", folder.display());
    let text = "This folder was made by `winback demo` and may be deleted.\n";
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(mark, text));
    written.users(attempt).hint("name a folder to write to with --out")
}

/// A customer of the scored file.
struct AtRisk {
    key: String,
    probability: f64,
    reasons: Vec<String>,
}

/// The customers with the highest probability, read back from the scored file as anybody would.
fn most_at_risk(scored: &Path) -> Result<Vec<AtRisk>> {
    let mut fields = vec![
        Field::new(KEY, Kind::Identifier, Role::Key),
        Field::new("churn_probability", Kind::Number, Role::Feature),
    ];
    let reasons: Vec<String> = (1..=winback_retain::REASONS).map(|place| format!("reason_{place}")).collect();
    fields.extend(reasons.iter().map(|name| Field::new(name, Kind::Text, Role::Feature)));
    let schema = Schema::new(fields, None)?;
    let mut reader =
        TableReader::new(inputs(&[scored.to_owned()], Limits::default()), &schema, Options::default());
    let mut top: Vec<AtRisk> = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        let rows = &batch.rows;
        let text = |column: usize, row: usize| {
            let column = rows.column(column).as_string::<i32>();
            (!column.is_null(row)).then(|| column.value(row).to_owned())
        };
        let probability = rows.column(1).as_primitive::<Float64Type>();
        top.extend((0..rows.num_rows()).map(|row| AtRisk {
            key: text(0, row).unwrap_or_default(),
            probability: probability.value(row),
            reasons: (2..2 + reasons.len()).filter_map(|column| text(column, row)).collect(),
        }));
        top.sort_by(|left, right| right.probability.total_cmp(&left.probability));
        top.truncate(SHOWN);
    }
    Ok(top)
}
