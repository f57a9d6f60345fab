//! The procedure: inner folds choose rounds, depth, learner and calibration; one fit on all rows follows. What is
//! reported comes from outer folds of the whole procedure, so that choosing is judged too.

mod choose;
mod effort;
mod fit;
mod outer;
mod train;

pub use effort::Effort;
pub use fit::{Fitted, fit};
pub use outer::{Design, JudgedLearner, Outer};
pub use train::{Candidate, Chosen, GRID, OutOfFold, Report, Trained, Tried, train};

/// Which learner to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learner {
    /// The one with the lower log loss; linear where trees gain next to nothing.
    Auto,
    /// Boosted oblivious trees.
    Trees,
    /// A scorecard.
    Linear,
}

impl Learner {
    /// The word used in settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Trees => "trees",
            Self::Linear => "linear",
        }
    }
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Which learner to use.
    pub learner: Learner,
    /// How much time the search for settings may take.
    pub effort: Effort,
    /// The seed of every draw.
    pub seed: u64,
    /// Seconds between a row's moment and the day its outcome is known; the gap of a split in time.
    pub horizon: i64,
    /// Multiples of the base rate from which a risk is high, and medium; stored in the model.
    pub bands: [f64; 2],
}

/// Rows of each class below which nothing is learnt.
pub const LEAST_OF_A_CLASS: u64 = 30;
