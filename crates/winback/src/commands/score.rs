//! `winback score`: score and explain one file with the champion or a named model. A plain command: no run, no claim.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use winback_learn::package::Package;
use winback_learn::profile::{ColumnProfile, Distribution};
use winback_retain::report::{About, Gathering, Population};
use winback_retain::{Scorer, Teller, in_percent, page};
use winback_table::input::Limits;
use winback_table::reader::Repeats;
use winback_table::{Role, Schema};

use super::Context;
use crate::config::{Overrides, Settings, VersionName};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::{Align, count, percent};
use crate::steps::report;
use crate::steps::score::{BANDS, QUARANTINE, Summary, Week, beside, score};
use crate::steps::train::options;
use crate::stopwatch::Stopwatch;
use crate::wire::{Bucket, expand, inputs};

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

/// Files by name, as a page says it: where they lie is nobody's business there.
pub(crate) fn named(files: &[PathBuf]) -> String {
    let first = files.first().and_then(|file| file.file_name()).unwrap_or_default().to_string_lossy();
    match files.len() {
        0 | 1 => first.into_owned(),
        many => format!("{first} and {} more", many - 1),
    }
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

/// A model that was opened.
pub(crate) struct Opened {
    pub(crate) package: Package,
    /// What its version is called.
    pub(crate) version: String,
    /// What a person should know who uses it: that somebody made it champion over a closed gate.
    pub(crate) warning: Option<String>,
}

/// The model to use.
pub(crate) fn open_model(settings: &Settings, model: Option<&str>) -> Result<Opened> {
    let named = |text: &str| {
        let version = text.parse::<VersionName>().ok()?;
        Some((version.model.unwrap_or_else(|| settings.train.name.clone()), version.number))
    };
    if let Some(folder) = model.filter(|text| named(text).is_none()) {
        let (package, version) = open_folder(Path::new(folder))?;
        return Ok(Opened { package, version, warning: None });
    }
    let bucket = Bucket::open(settings)?;
    let version = match model.and_then(named) {
        Some((name, number)) => bucket.wait(bucket.registry.version(&name, number))?,
        None => bucket.champion(settings)?,
    };
    let name = format!("{}/{}", version.model, version.version);
    let overridden = version.promotions.last().filter(|promotion| !promotion.overridden.is_empty());
    let warning = overridden.map(|promotion| {
        let gate = if promotion.overridden.len() == 1 { "gate" } else { "gates" };
        let gates = promotion.overridden.join("`, `");
        format!(
            "`{name}` was made champion over the closed {gate} `{gates}` by {}: {}",
            promotion.by, promotion.reason
        )
    });
    Ok(Opened { package: bucket.package(&version)?, version: name, warning })
}

/// A package in a folder; its version is the digest of its manifest, since no ledger names it.
fn open_folder(folder: &Path) -> Result<(Package, String)> {
    let attempt = || format!("cannot read the model package in `{}`", folder.display());
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).users(attempt());
    for entry in entries.hint("`--model` takes a version number or the folder of a package")? {
        let path = entry.users(attempt())?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path).users(attempt())?));
        }
    }
    let package = Package::from_files(&files).users(attempt())?;
    let manifest = files.iter().find(|(name, _)| name == winback_learn::package::MANIFEST);
    let digest = manifest.map(|(_, bytes)| winback_flow::Digest::of(bytes).short()).unwrap_or_default();
    Ok((package, format!("sha256:{digest}")))
}

/// A scorer for a package; wording that the settings give today wins over the package's.
pub(crate) fn scorer(
    settings: &Settings,
    package: Package,
    key: Option<String>,
    version: &str,
) -> Result<Scorer> {
    let schema = worded(settings, &package);
    let teller = Teller::new(&package.model, &schema, &package.profile);
    let population = Population::new(&package.model, &schema, &package.profile);
    Ok(Scorer::new(package.model, teller, population, key, version.to_owned())?)
}

/// What tells reasons in words.
pub(crate) fn teller(settings: &Settings, package: &Package) -> Teller {
    Teller::new(&package.model, &worded(settings, package), &package.profile)
}

/// The package's schema with the wording that the settings give today.
fn worded(settings: &Settings, package: &Package) -> Schema {
    let mut schema = package.schema.clone();
    for field in &mut schema.fields {
        if let Some(said) = settings.columns.get(&field.name) {
            field.wording = said.wording.clone();
        }
    }
    schema
}

/// What a person should know of the file: nothing here stopped it from being scored.
fn notes(summary: &Summary, schema: &Schema, expected: &BTreeMap<String, f64>) -> Vec<String> {
    let mut notes = Vec::new();
    let unused = || summary.tally.unused_columns.iter();
    if let Some(label) =
        schema.with_role(Role::Label).filter(|label| unused().any(|name| *name == label.name))
    {
        notes.push(format!("the file has the label `{}`, which scoring does not look at", label.name));
    }
    let extra: Vec<&String> = unused().filter(|name| schema.field(name).is_none()).collect();
    if !extra.is_empty() {
        let names: Vec<String> = extra.iter().map(|name| format!("`{name}`")).collect();
        notes.push(format!("columns that the model does not use: {}", names.join(", ")));
    }
    notes.extend(summary.tally.oddities().iter().map(ToString::to_string));
    for (column, rows) in &summary.unknown {
        // As many as in training, within three standard deviations, are nothing new.
        let usual = expected.get(column).copied().unwrap_or(0.0) * summary.tally.kept as f64;
        if *rows as f64 > usual + 3.0 * usual.sqrt() {
            let rows = count(*rows);
            notes
                .push(format!("`{column}` has values that training saw too seldom or never, in {rows} rows"));
        }
    }
    notes
}

/// The share of training rows whose level was too rare for the model to know, by column.
fn expected_unknown(package: &Package) -> BTreeMap<String, f64> {
    let rows = package.profile.rows.max(1) as f64;
    let share = |column: &ColumnProfile| match &column.distribution {
        Distribution::Levels { other, .. } => Some((column.name.clone(), *other as f64 / rows)),
        Distribution::Numbers { .. } => None,
    };
    package.profile.columns.iter().filter_map(share).collect()
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
