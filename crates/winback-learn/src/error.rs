//! What can go wrong in learning.

use winback_table::parted;

/// The result of learning, scoring or loading a model.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why nothing could be learnt, scored or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A weight that is not above 0.
    #[error("the column `{column}` holds weights that are not above 0")]
    Weight {
        /// The column's name.
        column: String,
    },
    /// The rows could not be read.
    #[error("the rows could not be read")]
    Table(#[from] winback_table::Error),
    /// The schema has no label.
    #[error("the schema names no label to learn")]
    NoLabel,
    /// The schema has no feature.
    #[error("the schema names no column to learn from")]
    NoFeatures,
    /// Too few rows of one class to learn or judge anything.
    #[error(
        "{} of {} rows are {class}; at least {needed} are needed to learn anything",
        parted(*.count),
        parted(*.rows)
    )]
    TooFew {
        /// `positive` or `negative`.
        class: &'static str,
        /// How many there are.
        count: u64,
        /// Rows in all.
        rows: u64,
        /// How many are needed.
        needed: u64,
    },
    /// Rows cannot be kept apart for judging.
    #[error(
        "the rows cannot be parted for judging: too many of them share one key, or are equal in every column"
    )]
    Inseparable,
    /// A category column with more levels than any category has.
    #[error(
        "column `{column}` has more than {} different values; exclude it if it names single customers",
        parted(*.most as u64)
    )]
    TooManyLevels {
        /// The column.
        column: String,
        /// The limit.
        most: usize,
    },
    /// A table to be scored lacks a column of the model, or has it in another type.
    #[error("the table to be scored does not have the model's column `{column}` as {expected}")]
    ColumnMismatch {
        /// The column.
        column: String,
        /// The Arrow type it should have.
        expected: String,
    },
    /// Rows are to be compared with others, and there are none.
    #[error("there is no row to compare with")]
    NoBackground,
    /// More columns than a model can hold.
    #[error("{columns} columns to learn from are more than the {most} a model can hold")]
    TooManyColumns {
        /// Columns found.
        columns: usize,
        /// The limit.
        most: usize,
    },
    /// Whoever watched asked to stop.
    #[error("stopped before the training was done")]
    Stopped,
    /// Files that are not a whole, unaltered model package.
    #[error("the model package cannot be used: {0}")]
    Package(String),
    /// Bytes that are not a whole, unaltered model.
    #[error("the model file cannot be used: {0}")]
    ModelFile(String),
}
