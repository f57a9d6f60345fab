//! What trees look at: one byte a column and row, categories by their target statistics.

use rayon::prelude::*;
use winback_table::Trend;

use super::{Lookups, Pair, pairs};
use crate::encode::{Codes, Encoded, FIRST_LEVEL, target};

/// Bins by column; every column has as many as there are rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// One list of bins a column.
    pub columns: Vec<Vec<u8>>,
    /// Rows.
    pub rows: usize,
}

impl Matrix {
    /// The bins of some rows of codes.
    #[must_use]
    pub fn of_rows(columns: &[Codes], lookups: &Lookups, rows: &[u32]) -> Self {
        let bins = columns.iter().zip(&lookups.columns).map(|(codes, lookup)| match (codes, lookup) {
            (Codes::Bins(bins), _) => rows.iter().map(|row| bins[*row as usize]).collect(),
            (Codes::Levels(_), Some(lookup)) => codes.of_rows(rows).look_up(lookup),
            (Codes::Levels(_), None) => vec![0; rows.len()],
        });
        let of_pairs = lookups.pairs.iter().map(|pair| {
            let [first, second] = pair.columns.map(|column| columns[usize::from(column)].of_rows(rows));
            pair.look_up(&first, &second, lookups.codes(pair.columns[1]))
        });
        Self { columns: bins.chain(of_pairs).collect(), rows: rows.len() }
    }

    /// The bins of all rows of codes, which must be of equal number.
    #[must_use]
    pub fn of_all(columns: &[Codes], lookups: &Lookups, rows: usize) -> Self {
        let bins = columns.iter().zip(&lookups.columns).map(|(codes, lookup)| match (codes, lookup) {
            (Codes::Bins(bins), _) => bins.clone(),
            (Codes::Levels(_), Some(lookup)) => codes.look_up(lookup),
            (Codes::Levels(_), None) => vec![0; rows],
        });
        let of_pairs = lookups.pairs.iter().map(|pair| {
            let [first, second] = pair.columns.map(|column| &columns[usize::from(column)]);
            pair.look_up(first, second, lookups.codes(pair.columns[1]))
        });
        Self { columns: bins.chain(of_pairs).collect(), rows }
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
    /// The way of rows that were not learnt from into such a matrix.
    pub lookups: Lookups,
    /// What the risk may do as the bins of each column of the matrix rise (see [`Encoded::trends`]).
    pub trends: Vec<Option<Trend>>,
}

/// Prepares the rows of a training part, columns side by side, without pairs of categories.
///
/// In each series the training rows are parted otherwise for what is said of their categories; nothing else differs.
#[must_use]
pub fn prepare(data: &Encoded, rows: &[u32], series: u32) -> Prepared {
    let labels: Vec<bool> = rows.iter().map(|row| data.labels[*row as usize]).collect();
    let weights = data.weights(rows);
    let folds = folds(data, rows, series);
    let column = |(codes, code_count): (&Codes, &usize)| match codes {
        Codes::Bins(bins) => (rows.iter().map(|row| bins[*row as usize]).collect(), None),
        Codes::Levels(_) => {
            let bins = target::bins(&codes.of_rows(rows), *code_count, &labels, &folds, weights.as_deref());
            (bins.training, Some(bins.by_code))
        }
    };
    let (columns, lookups): (Vec<Vec<u8>>, Vec<_>) =
        data.columns.par_iter().zip(&data.code_counts).map(column).unzip();
    let matrix = Matrix { columns, rows: rows.len() };
    Prepared { matrix, labels, weights, lookups: lookups.into(), trends: data.trends.clone() }
}

impl Prepared {
    /// Adds the pairs of categories that say most beyond what each category says, at most so many; `data`, `rows` and
    /// `series` must be those that this was prepared from.
    pub fn add_pairs(&mut self, data: &Encoded, rows: &[u32], series: u32, most: usize) {
        let folds = folds(data, rows, series);
        let pair = |pair: &[u16; 2]| {
            let [first, second] = pair.map(|column| data.columns[usize::from(column)].of_rows(rows));
            let [height, width] = pair.map(|column| data.code_counts[usize::from(column)]);
            let codes = pairs::codes(&first, &second, width);
            let cells = FIRST_LEVEL as usize + height * width;
            let mut bins = target::bins(&codes, cells, &self.labels, &folds, self.weights.as_deref());
            (bins.training, Pair { columns: *pair, bins: bins.by_code.split_off(FIRST_LEVEL as usize) })
        };
        let (columns, pairs): (Vec<Vec<u8>>, Vec<Pair>) =
            pairs::chosen(data, rows, most).par_iter().map(pair).unzip();
        self.matrix.columns.extend(columns);
        self.lookups.pairs.extend(pairs);
        self.trends.resize(self.matrix.columns.len(), None);
    }

    /// Takes all pairs out again.
    pub fn drop_pairs(&mut self) {
        let columns = self.lookups.columns.len();
        self.matrix.columns.truncate(columns);
        self.trends.truncate(columns);
        self.lookups.pairs.clear();
    }
}

fn folds(data: &Encoded, rows: &[u32], series: u32) -> Vec<u8> {
    let groups: Vec<u64> = rows.iter().map(|row| data.groups[*row as usize]).collect();
    target::folds(&groups, series)
}
