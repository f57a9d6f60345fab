//! `winback train`: learn from the history, register the model, and make it champion where no gate stands closed.

use clap::Args;
use serde_json::json;
use winback_learn::metrics::Interval;
use winback_learn::package::PAGE;
use winback_learn::procedure::Report;

use super::Context;
use crate::config::{Effort, Learner, Overrides, Settings};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::{Align, count, percent};
use crate::steps::ingest::{History, Rejected};
use crate::steps::register::{Registered, register};
use crate::steps::report;
use crate::steps::train::{Made, ingest, train};
use crate::stopwatch::Stopwatch;
use crate::wire::{Bucket, digest, inputs};

/// What `winback train` is told.
#[derive(Debug, Default, Args)]
#[command(after_help = "Example: winback train --learner trees")]
pub(crate) struct Arguments {
    /// Which learner [default: auto, the one with the lower log loss]
    #[arg(long, value_enum, value_name = "LEARNER")]
    learner: Option<Learner>,
    /// How much time the search for settings may take [default: normal]
    #[arg(long, value_enum, value_name = "EFFORT")]
    effort: Option<Effort>,
    /// The seed of what is drawn [default: 1]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// The name of the model [default: churn]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn run(context: &Context, arguments: Arguments) -> Result<()> {
    let watch = Stopwatch::start();
    let Arguments { learner, effort, seed, name } = arguments;
    let settings = context.settings(Overrides { learner, effort, seed, name, ..Overrides::default() })?;
    let bucket = Bucket::open(&settings)?;
    let files = bucket.history(&settings)?;
    let inputs = inputs(&files, settings.data.limits);
    let before = digest(&inputs)?;
    let progress = context.printer.progress("reading the history", "rows", None);
    let history = ingest(&settings, &inputs, &mut |rows| progress.set(rows))?;
    drop(progress);
    let made = learn(context, &settings, &history);
    let quarantine = keep_rejected(&bucket, &history, &files)?;
    let mut made = match &quarantine {
        Some((path, _)) if made.is_err() => {
            made.hint(format!("`{path}` lists the rows that were rejected"))?
        }
        _ => made?,
    };
    made.package.page = Some(report::of_model(&settings, &made, &history, &before.to_string())?);
    if digest(&inputs)? != before {
        let changed = UserError::new("the history changed while it was read, so nothing was registered");
        return Err(changed).hint("train again when its files are complete");
    }
    let registered = register(&bucket, &settings, &made, &history, &before.to_string())?;
    if let Some((path, listed)) = &quarantine {
        let rejected = count(made.tally.rejected);
        let them = match *listed < made.tally.rejected {
            true => format!("the first {} of them", count(*listed)),
            false => "them".to_owned(),
        };
        context.printer.warn(&format!("{rejected} rows of the history were rejected; `{path}` lists {them}"));
    }
    for oddity in &made.oddities {
        context.printer.warn(&oddity.message());
    }
    let version = &registered.version;
    let package = match bucket.store.local_path(&version.package)? {
        Some(path) => path.display().to_string(),
        None => version.package.clone(),
    };
    tell(context, &settings, &made, &registered, &package)?;
    let page = format!("{package}/{PAGE}");
    context.printer.data(&format!("its report, for a browser: `{page}`"))?;
    context.printer.json(&json!({
        "model": version.model,
        "version": version.version,
        "promoted": registered.promoted,
        "gates": registered.closed.iter().map(|closed| json!({ "gate": closed.gate, "reason": closed.reason })).collect::<Vec<_>>(),
        "metrics": made.package.report,
        "findings": made.findings,
        "package": package,
        "report": page,
        "read": made.tally.read,
        "quarantined": made.tally.rejected,
        "quarantine": quarantine.map(|(path, _)| path),
        "oddities": made.oddities.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "seconds": watch.seconds(),
    }))?;
    context.printer.say(&format!("done in {} s", watch.seconds()));
    Ok(())
}

fn learn(context: &Context, settings: &Settings, history: &History) -> Result<Made> {
    let progress = context.printer.progress("learning", "parts", Some(1));
    train(settings, history, &|done, total| {
        progress.set_of(done, total);
        true
    })
}

/// Puts the rejected rows of the history into the bucket's quarantine, also when the history is refused for them; answers
/// the file and how many rows are in it.
fn keep_rejected(
    bucket: &Bucket,
    history: &History,
    files: &[std::path::PathBuf],
) -> Result<Option<(String, u64)>> {
    let Some(Rejected { bytes, listed }) = history.rejected()? else { return Ok(None) };
    let name = files.first().and_then(|file| file.file_name()).unwrap_or_default().to_string_lossy();
    let digest = winback_flow::Digest::of(&bytes);
    let path = format!("quarantine/{name}/{}.csv", digest.short());
    bucket.wait(bucket.store.put_once(&path, bytes.into()))?;
    let local = bucket.store.local_path(&path)?;
    Ok(Some((local.map_or(path, |path| path.display().to_string()), listed)))
}

fn tell(
    context: &Context,
    settings: &Settings,
    made: &Made,
    registered: &Registered,
    package: &str,
) -> Result<()> {
    let printer = &context.printer;
    let report = &made.package.report;
    let shown = |Interval { value, low, high }: Interval| {
        vec![format!("{value:.4}"), format!("{low:.4} to {high:.4}")]
    };
    let plain = |value: f64| vec![format!("{value:.4}"), String::new()];
    let metrics = &report.metrics;
    let figures = [
        ("ROC AUC", shown(metrics.roc_auc)),
        ("average precision", shown(metrics.average_precision)),
        ("log loss", shown(metrics.log_loss)),
        ("Brier score", shown(metrics.brier)),
        ("slope of calibration (1 is perfect)", shown(metrics.calibration.slope)),
        ("intercept of calibration (0 is perfect)", shown(metrics.calibration.intercept)),
        ("expected calibration error", plain(metrics.calibration.ece)),
        ("lift among the highest 10 %", plain(metrics.lift_at_10pct)),
    ];
    printer.data(&format!(
        "{} rows, {} of them positive ({}); judged on rows not learnt from: {}",
        count(report.rows),
        count(report.positives),
        percent(report.positives, report.rows),
        report.split
    ))?;
    let rows = figures.into_iter().map(|(name, rest)| std::iter::once(name.to_owned()).chain(rest).collect());
    let columns = [("figure", Align::Left), ("value", Align::Right), ("95 % interval", Align::Left)];
    printer.table(&columns, rows.collect())?;
    printer.data(&learners(report))?;
    for finding in &made.findings {
        let severity = finding.severity.name();
        printer.data(&format!("{severity}: {} ({})", finding.message, finding.evidence))?;
    }
    let version = &registered.version;
    let name = format!("{}/{}", version.model, version.version);
    for closed in &registered.closed {
        printer.data(&format!("gate `{}` stands closed: {}", closed.gate, closed.reason))?;
    }
    if registered.promoted {
        printer.data(&format!("`{name}` is champion; its package is in `{package}`"))?;
    } else {
        printer.data(&format!("`{name}` is registered but not champion; its package is in `{package}`"))?;
        let number = version.version;
        printer.say(&format!(
            "to promote it all the same: winback models promote {number} --by NAME --reason WHY"
        ));
    }
    if settings.data.key.is_none() {
        printer.say("the history has no key; scored lines will carry the number of their row");
    }
    Ok(())
}

/// Which learner was taken, and why.
fn learners(report: &Report) -> String {
    let losses: Vec<String> = report
        .learners
        .iter()
        .map(|candidate| {
            let (auc, loss) = (candidate.metrics.roc_auc.value, candidate.metrics.log_loss.value);
            format!("{} (AUC {auc:.4}, log loss {loss:.4})", candidate.learner)
        })
        .collect();
    let why = match report.tie {
        Some(true) => "; the two tie, so the simpler one is taken",
        _ => "",
    };
    format!("learner: {} of {}{why}", report.learner, losses.join(", "))
}
