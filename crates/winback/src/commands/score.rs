//! `winback score`: score and explain one file with the champion or a named model. A plain command: no run, no claim.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use winback_retain::report::{About, Gathering};
use winback_retain::{in_percent, page};
use winback_table::Role;
use winback_table::input::Limits;
use winback_table::reader::Repeats;

use super::Context;
use crate::config::Overrides;
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::{Align, count, percent};
use crate::steps::notes::{expected_unknown, notes};
use crate::steps::opened::{Opened, open_model, scorer};
use crate::steps::report;
use crate::steps::score::{BANDS, QUARANTINE, Summary, Week, beside, score};
use crate::steps::train::options;
use crate::stopwatch::Stopwatch;
use crate::wire::{expand, inputs, named};

/// What `winback score` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback score week-2026-04-06.csv -o scored.csv")]
pub(crate) struct Arguments {
    /// The customers: CSV (also gzip or zstd) or Parquet, also as 'weeks/*.csv'; columns in any order, a label is ignored
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Where the scored customers go: `.csv`, `.csv.gz`, `.csv.zst` or `.parquet` [default: beside FILE, `.scored.csv`]
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// The model: a version (`3`, `churn/3`) or the folder of a package [default: the champion]
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// The share of rows that may be rejected, from 0 to 1 [default: `reject_limit` of the settings, 0.01]
    #[arg(long, value_name = "SHARE")]
    pub(crate) reject_limit: Option<f64>,
    /// A scored file of an earlier week, for the page to compare with
    #[arg(long, value_name = "SCORED")]
    pub(crate) previous: Option<PathBuf>,
    /// Leave out the page, `OUT.report.html`
    #[arg(long, conflicts_with = "previous")]
    pub(crate) no_report: bool,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let watch = Stopwatch::start();
    let settings = context.settings(Overrides::default())?;
    let limit = arguments.reject_limit.unwrap_or(settings.data.reject_limit);
    if !(0.0..=1.0).contains(&limit) {
        return Err(UserError::new(format!("the reject limit is {limit}, not a share from 0 to 1")).into());
    }
    let Opened { package, version, warning } = open_model(&settings, arguments.model.as_deref())?;
    let files = expand(&arguments.files)?;
    let output = arguments.output.clone().unwrap_or_else(|| beside(&files[0], ".scored.csv"));
    let inputs_and_previous: Vec<PathBuf> = files.iter().chain(&arguments.previous).cloned().collect();
    keep_inputs(&inputs_and_previous, &output)?;
    let (known, expected) = (package.schema.clone(), expected_unknown(&package));
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let key = schema.with_role(Role::Key).map(|field| field.name.clone());
    let mut gathering = gathering(context, arguments, key.as_deref(), settings.data.limits)?;
    let scorer = scorer(&settings, package, key, &version)?;
    let progress = context.printer.progress("scoring", "customers", None);
    let week = Week {
        inputs: inputs(&files, settings.data.limits),
        output: &output,
        options: options(&settings, Repeats::Rejected),
        reject_limit: limit,
    };
    let summary = score(&scorer, &schema, week, gathering.as_mut(), &|rows| progress.set(rows))?;
    drop(progress);
    let notes = notes(&summary, &known, &expected);
    let about = About {
        file: named(&files),
        model_version: version.clone(),
        read: summary.tally.read,
        notes: notes.clone(),
        warning: warning.clone(),
    };
    let page = gathering.map(|gathering| page::scored(&scorer.report(gathering, about)));
    let page_path = beside(&output, report::PAGE);
    report::write(&page_path, page.as_deref())?;
    let page = page.map(|_| page_path);
    if let Some(warning) = &warning {
        context.printer.warn(warning);
    }
    tell(context, &summary, &notes, &output, &version)?;
    if let Some(page) = &page {
        context.printer.data(&format!("report, for a browser: {}", page.display()))?;
    }
    context.printer.json(&json!({
        "read": summary.tally.read,
        "scored": summary.tally.kept,
        "quarantined": summary.tally.rejected,
        "output": output,
        "quarantine": summary.quarantine,
        "report": page,
        "model_version": version,
        "risk_bands": { "high": summary.bands[0], "medium": summary.bands[1], "low": summary.bands[2] },
        "mean_probability": summary.mean_probability,
        "notes": warning.into_iter().chain(notes).collect::<Vec<_>>(),
        "seconds": watch.seconds(),
    }))?;
    context.printer.say(&format!("done in {} s", watch.seconds()));
    Ok(())
}

/// What gathers the page's report, if one is wanted; the earlier week is read first.
fn gathering(
    context: &Context,
    arguments: &Arguments,
    key: Option<&str>,
    limits: Limits,
) -> Result<Option<Gathering>> {
    if arguments.no_report {
        return Ok(None);
    }
    let earlier = arguments.previous.as_deref().map(|file| {
        let progress = context.printer.progress("reading the earlier week", "customers", None);
        report::previous(file, key, limits, &|rows| progress.set(rows))
    });
    Ok(Some(Gathering::new(earlier.transpose()?, key.is_some())))
}

/// Refuses an output, or a file beside it, that would replace an input, however the paths are written.
fn keep_inputs(files: &[PathBuf], output: &Path) -> Result<()> {
    let inputs: Vec<PathBuf> = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
    for written in [output.to_owned(), beside(output, QUARANTINE), beside(output, report::PAGE)] {
        if written.canonicalize().is_ok_and(|written| inputs.contains(&written)) {
            let message = format!("`{}` would be overwritten by its own scores", written.display());
            return Err(UserError::new(message)).hint("name another file with -o");
        }
    }
    Ok(())
}

fn tell(context: &Context, summary: &Summary, notes: &[String], output: &Path, version: &str) -> Result<()> {
    let printer = &context.printer;
    let scored = summary.tally.kept;
    let rows = BANDS
        .iter()
        .zip(summary.bands)
        .map(|(band, customers)| vec![band.name().to_owned(), count(customers), percent(customers, scored)]);
    let columns = [("risk", Align::Left), ("customers", Align::Right), ("share", Align::Right)];
    printer.table(&columns, rows.collect())?;
    printer.data(&format!(
        "{} read, {} scored by `{version}`, {} quarantined; {} are expected to leave",
        count(summary.tally.read),
        count(scored),
        count(summary.tally.rejected),
        in_percent(summary.mean_probability)
    ))?;
    for note in notes {
        printer.data(&format!("note: {note}"))?;
    }
    if let Some(quarantine) = &summary.quarantine {
        printer.data(&format!("rejected rows: {}", quarantine.display()))?;
    }
    printer.data(&format!("scored customers: {}", output.display()))
}
