//! The rows that the leak guard looks at, column by column, values as they stand. How they are chosen is `gather`.

use winback_table::Kind;

/// The code of a missing level.
pub(super) const MISSING: u32 = 0;

/// Some rows of a history.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The columns under examination.
    pub(super) columns: Vec<Column>,
    /// Whether each row is positive.
    pub(super) labels: Vec<bool>,
    /// What belongs together in folds: a hash of the key where keys repeat, else of the row's values.
    pub(super) groups: Vec<u64>,
    /// The moment of each row, in seconds since 1970; empty without a time column.
    pub(super) times: Vec<i64>,
    /// The name of the time column, if there is one.
    pub(super) moment: Option<String>,
    /// The number of each row in the history, from 0.
    pub(super) numbers: Vec<u64>,
    /// For how many rows of the history a negative and a positive row stand.
    pub(super) weights: [f64; 2],
    /// All rows read.
    pub(super) read: u64,
    /// The positive ones among them.
    pub(super) positives: u64,
    /// Of all rows read, the share that equals an earlier one in every column looked at, the label and the moment.
    pub(super) repeated: f64,
}

/// One column of these rows.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) values: Values,
}

/// The values of a column.
#[derive(Debug)]
pub(super) enum Values {
    /// Numbers, flags (0 and 1) and times (seconds); NaN where there is none.
    Numbers(Vec<f64>),
    /// Levels by their number from 1, 0 where there is none; how many levels there are.
    Levels(Vec<u32>, usize),
}

impl Column {
    /// Whether a row has no value.
    pub(super) fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers[row].is_nan(),
            Values::Levels(codes, _) => codes[row] == MISSING,
        }
    }
}

impl Rows {
    /// Rows that are looked at.
    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// For how many rows of the history a row of this outcome stands.
    pub(super) fn weight(&self, label: bool) -> f64 {
        self.weights[usize::from(label)]
    }

    /// The share of positive rows in the history.
    pub(super) fn rate(&self) -> f64 {
        self.positives as f64 / self.read.max(1) as f64
    }
}
