//! Effects in parts: what each column does alone, and what each pair of columns does together.
//!
//! A scorecard is a sum over columns, so nothing of it is done by pairs.

use arrow::record_batch::RecordBatch;
use serde::Serialize;

use crate::number::{UNIT, sum};
use crate::trees::shapley::{Interactions as OfForest, Sizes};
use crate::trees::{Forest, Matrix};
use crate::{Model, Predictor, Result};

/// A model prepared to explain rows in parts. Its tables are made here, for those who ask, and not with every model.
#[derive(Debug)]
pub struct Interactions<'a> {
    model: &'a Model,
    /// Nothing for a scorecard.
    of_forest: Option<(&'a Forest, OfForest)>,
}

/// The effects of one row in parts, in calibrated log-odds. With the base they sum to the row's log-odds, and a column's
/// effect is what it does alone plus half of what its pairs do.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What each column does alone.
    pub alone: Vec<f64>,
    /// The pairs of columns that any tree asks about, the first before the second, and what they do together: both halves.
    pub pairs: Vec<([usize; 2], f64)>,
}

/// How much columns and pairs move the scores of some rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strengths {
    /// The rows.
    pub rows: u64,
    /// What each column does alone.
    pub alone: Vec<Strength>,
    /// What pairs of columns do together, of those that any tree asks about.
    pub pairs: Vec<Strength>,
}

/// How much a column, or a pair of columns, moves the scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strength {
    /// One name, or two.
    pub columns: Vec<String>,
    /// The mean size of its part, in calibrated log-odds.
    pub mean_size: f64,
    /// That size as a share of the sizes of all parts, 0 to 1.
    pub share: f64,
}

/// Sizes gathered over batches, in whole units.
#[derive(Debug)]
pub struct Gathering<'a> {
    interactions: Interactions<'a>,
    sizes: Sizes,
}

impl<'a> Interactions<'a> {
    /// Prepares a model; interactions compare rows with what its effects compare them with.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        let of_forest = match &model.predictor {
            Predictor::Trees { forest, tables } => Some((forest, OfForest::new(forest, tables))),
            Predictor::Linear(_) => None,
        };
        Self { model, of_forest }
    }

    /// The effects of each row of a batch in parts.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn of_rows(&self, batch: &RecordBatch) -> Result<Vec<Parts>> {
        let rows = batch.num_rows();
        let codes = self.model.encoder.encode(batch)?;
        let Some((forest, of_forest)) = &self.of_forest else {
            let effects = self.model.effects(&codes, rows);
            let alone = effects.chunks_exact(codes.len().max(1));
            return Ok(alone.map(|alone| Parts { alone: alone.to_vec(), pairs: Vec::new() }).collect());
        };
        let matrix = Matrix::of_all(&codes, &forest.lookups, rows);
        let scale = self.model.calibration.slope * UNIT;
        let in_log_odds = |units: i64| units as f64 * scale;
        let whole = |([left, right], half): &([u16; 2], i64)| {
            ([usize::from(*left), usize::from(*right)], in_log_odds(2 * half))
        };
        let of_row = |row: usize| {
            let parts = of_forest.of_row(forest, &matrix, row);
            let alone = parts.alone.iter().map(|units| in_log_odds(*units)).collect();
            Parts { alone, pairs: parts.pairs.iter().map(whole).collect() }
        };
        Ok((0..rows).map(of_row).collect())
    }

    /// Begins to gather how much the parts move rows.
    #[must_use]
    pub fn gather(self) -> Gathering<'a> {
        let columns = self.model.encoder.columns.len();
        let none = Sizes { rows: 0, alone: vec![0; columns], pairs: Vec::new() };
        let sizes = self.of_forest.as_ref().map_or(none, |(_, of_forest)| of_forest.no_sizes());
        Gathering { interactions: self, sizes }
    }
}

impl Gathering<'_> {
    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let Interactions { model, of_forest } = &self.interactions;
        let rows = batch.num_rows();
        let codes = model.encoder.encode(batch)?;
        if let Some((forest, of_forest)) = of_forest {
            self.sizes.add(&of_forest.sizes(forest, &Matrix::of_all(&codes, &forest.lookups, rows)));
            return Ok(());
        }
        let effects = model.predictor.effects(&codes, rows);
        for row in effects.chunks_exact(self.sizes.alone.len().max(1)) {
            let totals = self.sizes.alone.iter_mut().zip(row);
            totals.for_each(|(total, effect)| *total += u128::from(effect.unsigned_abs()));
        }
        self.sizes.rows += rows as u64;
        Ok(())
    }

    /// How much each part moves the rows, in the order of the columns.
    #[must_use]
    pub fn finish(&self) -> Strengths {
        let Sizes { rows, alone, pairs } = &self.sizes;
        let model = self.interactions.model;
        let scale = model.calibration.slope * UNIT / (*rows).max(1) as f64;
        let alone = alone.iter().enumerate().map(|(column, total)| (vec![column], *total as f64 * scale));
        // Both halves of a pair move the score.
        let whole = |([left, right], total): &([u16; 2], u128)| {
            (vec![usize::from(*left), usize::from(*right)], 2.0 * *total as f64 * scale)
        };
        let (alone, pairs): (Vec<_>, Vec<_>) = (alone.collect(), pairs.iter().map(whole).collect());
        let all = sum(alone.iter().chain(&pairs).map(|(_, size)| *size));
        let name = |column: &usize| model.encoder.columns[*column].name.clone();
        let strength = |(columns, size): &(Vec<usize>, f64)| Strength {
            columns: columns.iter().map(name).collect(),
            mean_size: *size,
            share: if all > 0.0 { size / all } else { 0.0 },
        };
        Strengths {
            rows: *rows,
            alone: alone.iter().map(strength).collect(),
            pairs: pairs.iter().map(strength).collect(),
        }
    }
}
