//! A model's report: everything its page shows, from what training made and one further pass over the history.

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use serde::Serialize;
use winback_learn::Model;
use winback_learn::importance::ColumnImportance;
use winback_learn::procedure::{OutOfFold, Report};
use winback_learn::profile::Profile;
use winback_table::{Role, Schema, Source};

use super::effects::{ROWS, Sample};
use super::segments::SegmentColumn;
use super::{Calibration, Curves, Effects, Named, Segmented, ShownFinding, Threshold, thresholds};
use crate::findings::Finding;
use crate::trends::trends;
use crate::{ComparedWith, Result};

/// Protected columns by whose values segments are made.
const PROTECTED: usize = 6;
/// Other columns by whose values segments are made, the ones that matter most.
const FEATURES: usize = 4;

/// What training made, and what is known of where it came from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The model.
    pub model: &'a Model,
    /// What its columns mean.
    pub schema: &'a Schema,
    /// How good it is.
    pub report: &'a Report,
    /// What its training data looked like.
    pub profile: &'a Profile,
    /// What moves its scores.
    pub importance: &'a [ColumnImportance],
    /// What a person should know.
    pub findings: &'a [Finding],
    /// Scores of rows that were not learnt from, in the order of the history.
    pub out_of_fold: &'a [OutOfFold],
    /// For each of them what is drawn together with it.
    pub groups: &'a [u64],
    /// The digest of the history's files.
    pub history: &'a str,
    /// The learner that was asked for.
    pub learner: &'a str,
    /// The seed of every draw.
    pub seed: u64,
}

/// Everything a model's page shows.
#[derive(Debug, Clone, Serialize)]
pub struct ModelReport {
    /// What counts as leaving, in words (`Attrition_Flag is Attrited Customer`).
    pub label: String,
    /// Rows, figures with intervals, learners compared.
    pub report: Report,
    /// Whether some rows are drawn together: those of one customer, or, where no key repeats, those alike in all columns.
    /// Then not every row is a customer.
    pub has_groups: bool,
    /// Curves with bands.
    pub curves: Curves,
    /// What was foretold and what happened.
    pub calibration: Calibration,
    /// Thresholds and what follows from them.
    pub thresholds: Vec<Threshold>,
    /// What moves the scores, the most important column first.
    pub importance: Vec<(Named, ColumnImportance)>,
    /// What all effects are a comparison with.
    pub compared_with: ComparedWith,
    /// Exact effects of a sample.
    pub effects: Effects,
    /// How good the scores are within groups of customers.
    pub segments: Vec<Segmented>,
    /// What a person should know.
    pub findings: Vec<ShownFinding>,
    /// The training data, column by column.
    pub profile: Profile,
    /// The columns by their names for people, in the order of the profile.
    pub columns: Vec<(Named, &'static str)>,
    /// What the risk may not do as columns rise, in words; nothing where no column has a trend.
    pub trends: Option<String>,
    /// The probabilities from which a risk is high, and medium.
    pub bands: [f64; 2],
    /// How to make the same model again.
    pub origin: Origin,
}

/// How to make the same model again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The digest of the history's files.
    pub history: String,
    /// The digest of what its columns mean.
    pub schema: String,
    /// The learner that was asked for.
    pub learner: String,
    /// The seed of every draw.
    pub seed: u64,
}

/// The report of a model; reads the history once.
///
/// # Errors
/// When the history cannot be read or lacks a column of the model.
pub fn model_report(evidence: &Evidence<'_>, history: &dyn Source) -> Result<ModelReport> {
    let Evidence { model, schema, report, profile, out_of_fold, .. } = *evidence;
    let log_odds: Vec<f64> = out_of_fold.iter().map(|row| row.log_odds).collect();
    let labels: Vec<bool> = out_of_fold.iter().map(|row| row.label).collect();
    let mut order: Vec<usize> = (0..evidence.importance.len()).collect();
    let share = |column: usize| evidence.importance[column].share;
    order.sort_by(|left, right| share(*right).total_cmp(&share(*left)));
    let mut segments = segment_columns(evidence, &order);
    let sample = read(evidence, history, &mut segments)?;
    let label = schema.with_role(Role::Label).map_or("the label", |field| field.name.as_str());
    let role = |name: &str| schema.field(name).map_or("feature", |field| field.role.name());
    Ok(ModelReport {
        label: format!("{label} is {}", schema.positive.as_deref().unwrap_or("positive")),
        report: report.clone(),
        has_groups: has_repeats(evidence.groups),
        curves: Curves::new(&log_odds, &labels, evidence.groups, evidence.seed),
        calibration: Calibration::new(&log_odds, &labels, evidence.groups),
        thresholds: thresholds(&log_odds, &labels),
        importance: order
            .iter()
            .map(|column| &evidence.importance[*column])
            .map(|column| (Named::new(schema, &column.name), column.clone()))
            .collect(),
        compared_with: ComparedWith::Training,
        effects: sample.finish(model, schema, profile, &order),
        segments: segments
            .into_iter()
            .map(|column| column.finish(&log_odds, &labels, evidence.groups))
            .filter(|column| !column.segments.is_empty())
            .collect(),
        findings: evidence.findings.iter().map(ShownFinding::from).collect(),
        profile: profile.clone(),
        columns: profile
            .columns
            .iter()
            .map(|column| (Named::new(schema, &column.name), role(&column.name)))
            .collect(),
        trends: trends(schema, |name| profile.columns.iter().any(|column| column.name == name)),
        bands: model.bands.map(|multiple| multiple * model.base_rate),
        origin: Origin {
            history: evidence.history.to_owned(),
            schema: schema.fingerprint(),
            learner: evidence.learner.to_owned(),
            seed: evidence.seed,
        },
    })
}

fn has_repeats(groups: &[u64]) -> bool {
    let mut sorted = groups.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// The columns by whose values customers are parted: the protected ones, then those that matter most.
fn segment_columns(evidence: &Evidence<'_>, order: &[usize]) -> Vec<SegmentColumn> {
    let schema = evidence.schema;
    let protected = schema.fields.iter().filter(|field| field.role == Role::Protected).take(PROTECTED);
    let features = order
        .iter()
        .filter_map(|column| schema.field(&evidence.importance[*column].name))
        .filter(|field| field.role == Role::Feature)
        .take(FEATURES);
    let column = |(field, protected): (&winback_table::Field, bool)| {
        SegmentColumn::new(schema, &field.name, field.kind, protected)
    };
    protected.map(|field| (field, true)).chain(features.map(|field| (field, false))).map(column).collect()
}

/// The pass over the history: effects of rows evenly chosen, and the segments of the judged rows.
fn read(evidence: &Evidence<'_>, history: &dyn Source, segments: &mut [SegmentColumn]) -> Result<Sample> {
    let stride = (evidence.report.rows as usize).div_ceil(ROWS).max(1);
    let mut sample = Sample::default();
    let mut judged = evidence.out_of_fold.iter().map(|row| row.row as usize).peekable();
    let mut first = 0;
    for batch in history.open().map_err(winback_learn::Error::from)? {
        let batch = batch.map_err(winback_learn::Error::from)?;
        let rows = batch.num_rows();
        let chosen: Vec<usize> = (0..rows).filter(|row| (first + row).is_multiple_of(stride)).collect();
        sample.add(&evidence.model.explain(&part(&batch, &chosen)?)?);
        let mut of_batch = Vec::new();
        while let Some(row) = judged.next_if(|row| *row < first + rows) {
            of_batch.push(row - first);
        }
        segments.iter_mut().for_each(|column| column.add(&batch, &of_batch));
        first += rows;
    }
    Ok(sample)
}

fn part(batch: &RecordBatch, rows: &[usize]) -> Result<RecordBatch> {
    let rows: UInt32Array = rows.iter().map(|row| Some(*row as u32)).collect();
    Ok(take_record_batch(batch, &rows)?)
}
