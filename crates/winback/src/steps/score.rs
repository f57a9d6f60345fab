//! A weekly file in, every customer scored and explained out, in the order of the file; rejected rows beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use winback_retain::report::Gathering;
use winback_retain::{RiskBand, Scored, Scorer};
use winback_table::input::Input;
use winback_table::reader::{Batch, Options, TableReader, Tally};
use winback_table::{Reject, Schema, csv};

use super::output::Output;
use super::partial::{Finish as _, Partial};
use super::pipeline::in_order;
use super::quarantine::Quarantine;
use crate::error::{Result, ResultExt as _};

/// What the name of a quarantine file has after that of the output.
pub(crate) const QUARANTINE: &str = ".quarantine.csv";

/// What scoring a file brought.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) tally: Tally,
    /// Customers of each band: high, medium, low.
    pub(crate) bands: [u64; 3],
    pub(crate) mean_probability: f64,
    /// Columns of the model with levels that training had too few of, or none, and in how many rows.
    pub(crate) unknown: Vec<(String, u64)>,
    /// The file with the rejected rows, if there are any.
    pub(crate) quarantine: Option<PathBuf>,
}

/// What is scored, and where to.
#[derive(Debug)]
pub(crate) struct Week<'a> {
    pub(crate) inputs: Vec<Arc<dyn Input>>,
    pub(crate) output: &'a Path,
    pub(crate) options: Options,
    /// The share of rows that may be rejected.
    pub(crate) reject_limit: f64,
}

/// A batch that was scored.
struct Done {
    scored: Scored,
    /// The scored lines as text, where that is what is written.
    text: Vec<u8>,
    rejects: Vec<Reject>,
    /// Rows read up to this batch.
    read: u64,
}

/// Scores a week's files into its output, and gathers its report on the way if one is wanted; `watch` is told how
/// many rows are done.
///
/// The output appears whole or not at all: lines go to a file beside it, which is renamed at the end.
pub(crate) fn score(
    scorer: &Scorer,
    schema: &Schema,
    week: Week<'_>,
    mut gathering: Option<&mut Gathering>,
    watch: &dyn Fn(u64),
) -> Result<Summary> {
    let Week { inputs, output, options, reject_limit } = week;
    let mut reader = TableReader::new(inputs, schema, options);
    let quarantine_path = beside(output, QUARANTINE);
    let mut lines = Output::create(output, scorer.columns())?;
    let mut rejected = Quarantine::new(Partial::create(&quarantine_path)?)?;
    let mut summary = Summary::default();
    let mut unknown = vec![0; scorer.model_columns().count()];
    let mut total = 0.0;
    let is_text = lines.is_text();
    let next = || Ok(reader.next_batch()?.map(|batch| (batch, reader.tally().read)));
    let work = |(batch, read): (Batch, u64)| {
        let scored = scorer.score(&batch.rows, &batch.numbers)?;
        let mut text = Vec::new();
        if is_text {
            csv::push_rows(&mut text, &scored.lines)?;
        }
        Ok(Done { scored, text, rejects: batch.rejects, read })
    };
    in_order(next, work, |Done { scored, text, rejects, read }| {
        rejected.write(&rejects)?;
        lines.write(&scored.lines, &text)?;
        if let Some(gathering) = &mut gathering {
            gathering.reject(&rejects);
            gathering.add(&scored).users("cannot look up the customers of the earlier week")?;
        }
        unknown.iter_mut().zip(&scored.unknown).for_each(|(total, rows)| *total += rows);
        for probability in scored.probabilities {
            total += probability;
            summary.bands[scorer.band(probability) as usize] += 1;
        }
        watch(read);
        Ok(())
    })?;
    summary.tally = reader.tally().clone();
    let kept = summary.tally.rejected > 0;
    summary.quarantine = rejected.finish()?.finish(kept)?.then_some(quarantine_path);
    check_rows(&summary, reject_limit)?;
    lines.finish()?;
    summary.mean_probability = total / summary.tally.kept.max(1) as f64;
    let named = scorer.model_columns().map(str::to_owned).zip(unknown);
    summary.unknown = named.filter(|(_, rows)| *rows > 0).collect();
    Ok(summary)
}

/// Read = scored + quarantined, always; and not too many of the latter.
fn check_rows(summary: &Summary, reject_limit: f64) -> Result<()> {
    let Tally { read, kept, rejected, .. } = &summary.tally;
    let scored: u64 = summary.bands.iter().sum();
    if *read != scored + rejected || *kept != scored {
        anyhow::bail!(
            "{read} rows were read, but {scored} scored and {rejected} rejected: this is a fault of winback"
        );
    }
    let file = summary
        .quarantine
        .as_ref()
        .map_or_else(String::new, |file| format!("`{}` lists them; ", file.display()));
    summary.tally.check(reject_limit).hint(format!("{file}`--reject-limit` lets more rows be rejected"))
}

/// A path beside a file: its whole name and an ending.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The bands in the order of [`Summary::bands`].
pub(crate) const BANDS: [RiskBand; 3] = [RiskBand::High, RiskBand::Medium, RiskBand::Low];
