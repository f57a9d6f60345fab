//! A smoke test that travels with a model: rows made from the profile of its training, and what the model said of them
//! when it was made. A model that says something else now was altered, or is run by a program that is at fault.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray, TimestampSecondArray};
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};
use winback_table::Kind;

use crate::profile::{ColumnProfile, Distribution, Profile};
use crate::{Error, Model, Result};

/// Rows that are made.
const ROWS: usize = 64;
/// Every so many rows a column has no value, and a category none that is known.
const GAPS: usize = 11;
/// Log-odds apart that count as the same; the file holds decimal numbers.
const TOLERANCE: f64 = 1e-9;
const FORMAT: u32 = 1;

/// The content of `smoke.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Recorded {
    format: u32,
    /// The calibrated log-odds of each made row.
    log_odds: Vec<f64>,
}

/// What a model says of its made rows, as a file.
#[must_use]
pub(crate) fn record(model: &Model, profile: &Profile) -> Vec<u8> {
    let log_odds = model.score(&rows(profile)).expect("the made rows have the columns of the model");
    serde_json::to_vec_pretty(&Recorded { format: FORMAT, log_odds }).expect("plain numbers can be written")
}

/// Holds a model to its record, and its explanations to its scores; answers the number of rows. A package of old has no
/// record: then scores have to be finite, and explained.
///
/// # Errors
/// [`Error::Package`] saying what differs.
pub fn test(model: &Model, profile: &Profile, recorded: Option<&[u8]>) -> Result<usize> {
    let differs = |problem: String| Err(Error::Package(problem));
    let rows = rows(profile);
    let (scores, explained) = (model.score(&rows)?, model.explain(&rows)?);
    for (row, score) in scores.iter().enumerate() {
        let sum = explained.base + explained.of_row(row).iter().sum::<f64>();
        if !score.is_finite() || 1e-6 < (score - sum).abs() {
            return differs(format!("of made row {row} it says {score} and explains {sum}"));
        }
    }
    let Some(recorded) = recorded else { return Ok(scores.len()) };
    let recorded: Recorded =
        serde_json::from_slice(recorded).map_err(|error| Error::Package(format!("`smoke.json` {error}")))?;
    if recorded.format != FORMAT || recorded.log_odds.len() != scores.len() {
        return differs("`smoke.json` is of a kind that this program does not know".to_owned());
    }
    for (row, (score, expected)) in scores.iter().zip(&recorded.log_odds).enumerate() {
        if TOLERANCE < (score - expected).abs() {
            return differs(format!(
                "of made row {row} it says {score}, and said {expected} when it was trained"
            ));
        }
    }
    Ok(scores.len())
}

/// Rows of values that the training had, in turn, each column at another pace.
fn rows(profile: &Profile) -> RecordBatch {
    let columns = profile.columns.iter().enumerate().map(|(place, column)| {
        let has_value = |row: usize| !(row + place).is_multiple_of(GAPS);
        (
            column.name.clone(),
            values(column, &|row| has_value(row).then_some(row * (2 * place + 1) + place)),
            true,
        )
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have the same number of rows")
}

/// A column whose values are drawn by a number for each row.
fn values(column: &ColumnProfile, draw: &dyn Fn(usize) -> Option<usize>) -> ArrayRef {
    let drawn = (0..ROWS).map(draw);
    match &column.distribution {
        Distribution::Levels { levels, .. } => {
            // One draw beyond the levels is a level that nobody knows.
            let level =
                |drawn: usize| levels.get(drawn % (levels.len() + 1)).map_or("unheard of", String::as_str);
            Arc::new(drawn.map(|drawn| drawn.map(level)).collect::<StringArray>())
        }
        Distribution::Numbers { quantiles, .. } => {
            let number = |drawn: usize| (!quantiles.is_empty()).then(|| quantiles[drawn % quantiles.len()]);
            let numbers = drawn.map(|drawn| drawn.and_then(number));
            match column.kind {
                Kind::Flag => {
                    Arc::new(numbers.map(|number| number.map(|flag| flag > 0.5)).collect::<BooleanArray>())
                }
                Kind::Time => {
                    let seconds = |days: f64| (days * 86_400.0) as i64;
                    Arc::new(numbers.map(|number| number.map(seconds)).collect::<TimestampSecondArray>())
                }
                Kind::Number | Kind::Category | Kind::Text | Kind::Identifier => {
                    Arc::new(numbers.collect::<Float64Array>())
                }
            }
        }
    }
}
