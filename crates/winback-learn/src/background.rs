//! A model that compares rows with others than those it was fitted on: it scores alike and explains otherwise.
//!
//! Of the rows to compare with only counts are kept, so there may be any number of them: the leaves they end in, or the
//! codes they have.

use arrow::record_batch::RecordBatch;

use crate::linear::Scorecard;
use crate::trees::shapley::{Background, LeafCounts, Tables};
use crate::trees::{Forest, Matrix};
use crate::{Error, Model, Predictor, Result};

/// Gathers the rows that a model is to compare with, batch by batch.
#[derive(Debug)]
pub struct BackgroundRows<'a> {
    model: &'a Model,
    rows: u64,
    counts: Counts<'a>,
}

#[derive(Debug)]
enum Counts<'a> {
    Trees(&'a Forest, LeafCounts),
    /// For each column of a scorecard how many rows have each code.
    Linear(&'a Scorecard, Vec<Vec<u64>>),
}

impl<'a> BackgroundRows<'a> {
    /// No rows yet.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        let counts = match &model.predictor {
            Predictor::Trees { forest, .. } => Counts::Trees(forest, LeafCounts::new(forest)),
            Predictor::Linear(card) => {
                Counts::Linear(card, card.points.iter().map(|points| vec![0; points.len()]).collect())
            }
        };
        Self { model, rows: 0, counts }
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = batch.num_rows();
        let codes = self.model.encoder.encode(batch)?;
        match &mut self.counts {
            Counts::Trees(forest, counts) => {
                counts.add(forest, &Matrix::of_all(&codes, &forest.lookups, rows));
            }
            Counts::Linear(_, counts) => {
                for (counts, codes) in counts.iter_mut().zip(&codes) {
                    (0..rows).for_each(|row| counts[codes.code(row)] += 1);
                }
            }
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// The model with effects against the rows that were added, and how many these are: its base is their mean margin.
    ///
    /// # Errors
    /// [`Error::NoBackground`] when there are none.
    pub fn finish(self) -> Result<(Model, u64)> {
        if self.rows == 0 {
            return Err(Error::NoBackground);
        }
        let predictor = match self.counts {
            Counts::Trees(forest, counts) => {
                let tables = Tables::against(forest, Background::Rows(counts));
                Predictor::Trees { forest: forest.clone(), tables }
            }
            Counts::Linear(card, counts) => Predictor::Linear(card.against(&counts)),
        };
        Ok((Model { predictor, ..self.model.clone() }, self.rows))
    }
}
