//! A fitted model: immutable, stands alone, and scores and explains any table that has its columns.

use arrow::record_batch::RecordBatch;

use crate::Result;
use crate::calibrate::Calibration;
use crate::encode::{Codes, Encoded, Encoder};
use crate::linear::Scorecard;
use crate::number::{UNIT, probability};
use crate::trees::shapley::Tables;
use crate::trees::{Forest, Matrix};

/// What was learnt, before calibration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predictor {
    /// Boosted oblivious trees, with their Shapley values.
    Trees {
        /// The trees.
        forest: Forest,
        /// Their Shapley values by leaf.
        tables: Tables,
    },
    /// A scorecard.
    Linear(Scorecard),
}

impl Predictor {
    /// A forest with its Shapley values.
    #[must_use]
    pub fn trees(forest: Forest) -> Self {
        let tables = Tables::new(&forest);
        Self::Trees { forest, tables }
    }

    /// The learner's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trees { .. } => "trees",
            Self::Linear(_) => "linear",
        }
    }

    /// The log-odds of some rows of a training table, before calibration, encoded as new rows are.
    #[must_use]
    pub fn log_odds(&self, data: &Encoded, rows: &[u32]) -> Vec<f64> {
        let margins = match self {
            Self::Trees { forest, .. } => {
                forest.margins(&Matrix::of_rows(&data.columns, &forest.lookups, rows))
            }
            Self::Linear(card) => card.margins(&data.columns, rows),
        };
        margins.iter().map(|margin| *margin as f64 * UNIT).collect()
    }

    /// The margin of an average row, in units.
    fn base(&self) -> i64 {
        match self {
            Self::Trees { tables, .. } => tables.base,
            Self::Linear(card) => card.base,
        }
    }

    /// The effects of encoded rows in units, row by row one a column.
    pub(crate) fn effects(&self, codes: &[Codes], rows: usize) -> Vec<i64> {
        let mut effects = Vec::with_capacity(rows * codes.len());
        self.for_each_block(codes, rows, |block| effects.extend_from_slice(block));
        effects
    }

    /// Hands the effects of some rows on to `take`, then those of the next.
    fn for_each_block(&self, codes: &[Codes], rows: usize, mut take: impl FnMut(&[i64])) {
        match self {
            Self::Trees { forest, tables } => {
                tables.for_each_block(forest, &Matrix::of_all(codes, &forest.lookups, rows), take);
            }
            Self::Linear(card) => take(&card.effects(codes, rows)),
        }
    }
}

/// A calibrated model with all it needs to score.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// From a table to codes.
    pub encoder: Encoder,
    /// From codes to log-odds.
    pub predictor: Predictor,
    /// From log-odds to calibrated log-odds.
    pub calibration: Calibration,
    /// The share of positives in training.
    pub base_rate: f64,
    /// Multiples of the base rate from which a risk is high, and medium.
    pub bands: [f64; 2],
    /// The training's out-of-fold probabilities at evenly spaced ranks, ascending.
    pub out_of_fold_grid: Vec<f64>,
}

/// What a model says of some rows, and why: base and effects sum to the calibrated log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The calibrated log-odds of each row.
    pub log_odds: Vec<f64>,
    /// The calibrated log-odds of an average row.
    pub base: f64,
    /// Row by row one effect a column of the encoder, in calibrated log-odds.
    pub effects: Vec<f64>,
    /// For each column how many rows have a level that training had too few of, or none.
    pub unknown: Vec<u64>,
    /// The codes of the rows, one list a column.
    pub codes: Vec<Codes>,
}

impl Explanation {
    /// The probability of a row.
    #[must_use]
    pub fn probability(&self, row: usize) -> f64 {
        probability(self.log_odds[row])
    }

    /// The effects of a row, one a column.
    #[must_use]
    pub fn of_row(&self, row: usize) -> &[f64] {
        let columns = self.effects.len() / self.log_odds.len().max(1);
        &self.effects[row * columns..][..columns]
    }
}

impl Model {
    /// Scores and explains a batch: exact Shapley values of every row.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn explain(&self, batch: &RecordBatch) -> Result<Explanation> {
        let rows = batch.num_rows();
        let columns = self.encoder.columns.len();
        let codes = self.encoder.encode(batch)?;
        let scale = self.calibration.slope * UNIT;
        let base_units = self.predictor.base();
        let (mut log_odds, mut effects) = (Vec::with_capacity(rows), Vec::with_capacity(rows * columns));
        self.predictor.for_each_block(&codes, rows, |units| {
            let margins = units.chunks_exact(columns).map(|of_row| base_units + of_row.iter().sum::<i64>());
            log_odds.extend(margins.map(|margin| self.calibration.apply(margin as f64 * UNIT)));
            effects.extend(units.iter().map(|effect| *effect as f64 * scale));
        });
        Ok(Explanation {
            log_odds,
            base: self.calibration.apply(base_units as f64 * UNIT),
            effects,
            unknown: codes.iter().map(Codes::unknown).collect(),
            codes,
        })
    }

    /// The effects of encoded rows, in calibrated log-odds, row by row.
    pub(crate) fn effects(&self, codes: &[Codes], rows: usize) -> Vec<f64> {
        let scale = self.calibration.slope * UNIT;
        self.predictor.effects(codes, rows).iter().map(|effect| *effect as f64 * scale).collect()
    }

    /// The calibrated log-odds of a batch.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn score(&self, batch: &RecordBatch) -> Result<Vec<f64>> {
        let codes = self.encoder.encode(batch)?;
        let margins = match &self.predictor {
            Predictor::Trees { forest, .. } => {
                forest.margins(&Matrix::of_all(&codes, &forest.lookups, batch.num_rows()))
            }
            Predictor::Linear(card) => {
                card.margins(&codes, &(0..batch.num_rows() as u32).collect::<Vec<_>>())
            }
        };
        Ok(margins.iter().map(|margin| self.calibration.apply(*margin as f64 * UNIT)).collect())
    }

    /// The calibrated log-odds of some rows of a training table.
    #[must_use]
    pub fn log_odds(&self, data: &Encoded, rows: &[u32]) -> Vec<f64> {
        let mut log_odds = self.predictor.log_odds(data, rows);
        log_odds.iter_mut().for_each(|value| *value = self.calibration.apply(*value));
        log_odds
    }
}
