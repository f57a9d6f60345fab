//! What the training data looked like: kept beside the model, for words ("typical is 67") and for drift.

use serde::{Deserialize, Serialize};
use winback_table::Kind;

use crate::encode::{Encoded, Encoder, FIRST_LEVEL, MISSING_LEVEL, Shape};

/// The training data at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Rows learnt from.
    pub rows: u64,
    /// Positive rows.
    pub positives: u64,
    /// One entry a column learnt from.
    pub columns: Vec<ColumnProfile>,
}

/// One column of the training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column's name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Rows without a value.
    pub missing: u64,
    /// Its distribution.
    #[serde(flatten)]
    pub distribution: Distribution,
}

/// How the values of a column are distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Distribution {
    /// Numbers, flags (0 and 1) and times (days since 1970).
    Numbers {
        /// The values at [`QUANTILES`]; empty when every value is missing.
        quantiles: Vec<f64>,
        /// Borders between bins, ascending.
        borders: Vec<f32>,
        /// Rows in each bin: missing first, then between the borders.
        rows: Vec<u64>,
    },
    /// Categories.
    Levels {
        /// The levels that the model knows.
        levels: Vec<String>,
        /// Rows of each of them.
        rows: Vec<u64>,
        /// Rows of all other levels.
        other: u64,
    },
}

/// The shares at which quantiles are taken.
pub const QUANTILES: [f64; 9] = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];

/// The values at [`QUANTILES`] of numbers in ascending order: values that occur, never a mean of two.
#[must_use]
pub(crate) fn quantiles(sorted: &[f64]) -> Vec<f64> {
    let Some(last) = sorted.len().checked_sub(1) else { return Vec::new() };
    QUANTILES.iter().map(|share| sorted[(share * last as f64).floor() as usize]).collect()
}

impl Profile {
    /// The profile of encoded rows; `quantiles` has one list a column, as [`Encoder::learn`] gives it.
    #[must_use]
    pub fn new(encoder: &Encoder, quantiles: &[Vec<f64>], data: &Encoded) -> Self {
        let columns = encoder.columns.iter().zip(quantiles).zip(data.columns.iter().zip(&data.code_counts));
        let columns = columns.map(|((column, quantiles), (codes, code_count))| {
            let rows = codes.counts(*code_count);
            let distribution = match &column.shape {
                Shape::Bins(borders) => Distribution::Numbers {
                    quantiles: quantiles.clone(),
                    borders: borders.clone(),
                    rows: rows.clone(),
                },
                Shape::Levels(levels) => Distribution::Levels {
                    levels: levels.to_vec(),
                    rows: rows[FIRST_LEVEL as usize..].to_vec(),
                    other: rows[1],
                },
            };
            ColumnProfile {
                name: column.name.clone(),
                kind: column.kind,
                missing: rows[MISSING_LEVEL as usize],
                distribution,
            }
        });
        Self {
            rows: data.len() as u64,
            positives: data.positives(&data.all_rows()),
            columns: columns.collect(),
        }
    }
}

impl ColumnProfile {
    /// The median of numbers and times (days since 1970); nothing for categories or when every value is missing.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        match &self.distribution {
            Distribution::Numbers { quantiles, .. } => quantiles.get(QUANTILES.len() / 2).copied(),
            Distribution::Levels { .. } => None,
        }
    }

    /// The most frequent level; of equals the first.
    #[must_use]
    pub fn most_frequent(&self) -> Option<&str> {
        match &self.distribution {
            Distribution::Numbers { .. } => None,
            Distribution::Levels { levels, rows, .. } => {
                let best = levels.iter().zip(rows).rev().max_by_key(|(_, rows)| **rows);
                best.map(|(level, _)| level.as_str())
            }
        }
    }
}
