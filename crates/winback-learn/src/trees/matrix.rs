//! What trees look at: one byte a column and row, categories by their target statistics.

use rayon::prelude::*;
use winback_table::Trend;

use crate::encode::{Codes, Encoded, target};

/// Bins by column; every column has as many as there are rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// One list of bins a column.
    pub columns: Vec<Vec<u8>>,
    /// Rows.
    pub rows: usize,
}

impl Matrix {
    /// The bins of some rows of codes; `lookups` says for each category column which bin a code has.
    #[must_use]
    pub fn of_rows(columns: &[Codes], lookups: &[Option<Vec<u8>>], rows: &[u32]) -> Self {
        let bins = columns.iter().zip(lookups).map(|(codes, lookup)| match (codes, lookup) {
            (Codes::Bins(bins), _) => rows.iter().map(|row| bins[*row as usize]).collect(),
            (Codes::Levels(_), Some(lookup)) => codes.of_rows(rows).look_up(lookup),
            (Codes::Levels(_), None) => vec![0; rows.len()],
        });
        Self { columns: bins.collect(), rows: rows.len() }
    }

    /// The bins of all rows of codes, which must be of equal number.
    #[must_use]
    pub fn of_all(columns: &[Codes], lookups: &[Option<Vec<u8>>], rows: usize) -> Self {
        let bins = columns.iter().zip(lookups).map(|(codes, lookup)| match (codes, lookup) {
            (Codes::Bins(bins), _) => bins.clone(),
            (Codes::Levels(_), Some(lookup)) => codes.look_up(lookup),
            (Codes::Levels(_), None) => vec![0; rows],
        });
        Self { columns: bins.collect(), rows }
    }
}

/// A training part as trees see it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The bins of the training rows; categories are encoded across folds.
    pub matrix: Matrix,
    /// The labels of the training rows.
    pub labels: Vec<bool>,
    /// How much each training row counts; nothing where all count the same.
    pub weights: Option<Vec<f64>>,
    /// For each category column the bin of each code, for rows that were not learnt from.
    pub lookups: Vec<Option<Vec<u8>>>,
    /// What the risk may do as the bins of each column rise (see [`Encoded::trends`]).
    pub trends: Vec<Option<Trend>>,
}

/// Prepares the rows of a training part, columns side by side.
#[must_use]
pub fn prepare(data: &Encoded, rows: &[u32]) -> Prepared {
    let labels: Vec<bool> = rows.iter().map(|row| data.labels[*row as usize]).collect();
    let groups: Vec<u64> = rows.iter().map(|row| data.groups[*row as usize]).collect();
    let folds = target::folds(&groups);
    let weights = data.weights(rows);
    let column = |(codes, code_count): (&Codes, &usize)| match codes {
        Codes::Bins(bins) => (rows.iter().map(|row| bins[*row as usize]).collect(), None),
        Codes::Levels(_) => {
            let bins = target::bins(&codes.of_rows(rows), *code_count, &labels, &folds, weights.as_deref());
            (bins.training, Some(bins.by_code))
        }
    };
    let (columns, lookups) = data.columns.par_iter().zip(&data.code_counts).map(column).unzip();
    let matrix = Matrix { columns, rows: rows.len() };
    Prepared { matrix, labels, weights, lookups, trends: data.trends.clone() }
}
