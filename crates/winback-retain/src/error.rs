//! What can be wrong with numbers that come from settings or from a stored file.
//!
//! Scoring itself cannot fail here: once bands and percentiles exist, every probability has its place in them.

/// The result of taking numbers from outside.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why some numbers cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model could not score.
    #[error(transparent)]
    Learn(#[from] winback_learn::Error),
    /// There is no label to examine a history by.
    #[error("the history has no label")]
    NoLabel,
    /// Arrow could not build the scored lines.
    #[error("the scored lines could not be built")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The multiples of the base rate that bound the risk bands contradict each other.
    #[error(
        "risk bands: `high` is {high} and `medium` is {medium}; give finite numbers, `high` ≥ `medium` > 0"
    )]
    Bands {
        /// The multiple given for `high`.
        high: f64,
        /// The multiple given for `medium`.
        medium: f64,
    },
    /// There are no training scores to rank against, or more than a grid holds.
    #[error("risk percentiles: {found} scores; the grid has 1 to {most}")]
    GridSize {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A training score is not a probability.
    #[error("risk percentiles: score {position} is {found}; a probability lies in 0 to 1")]
    NotAProbability {
        /// Its position, from 1.
        position: usize,
        /// What stands there.
        found: f64,
    },
    /// The grid does not ascend.
    #[error("risk percentiles: score {position} is smaller than the one before it")]
    NotSorted {
        /// Position of the smaller one, from 1.
        position: usize,
    },
}
