//! The procedure on some rows: what inner folds choose is fitted on all of them. Nothing here judges the outcome.

use super::choose::{Choice, Gain, Search, choose, inner_splits, pick, trees_gain};
use super::{Learner, Settings};
use crate::calibrate::Calibration;
use crate::encode::Encoded;
use crate::{Error, Predictor, Result};

/// What was learnt from some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// From codes to log-odds.
    pub predictor: Predictor,
    /// From log-odds to calibrated log-odds.
    pub calibration: Calibration,
}

/// Chooses by the inner folds of some rows of `data`, and fits on all of them.
///
/// # Errors
/// When the rows cannot be parted for choosing.
pub fn fit(data: &Encoded, rows: &[u32], settings: &Settings) -> Result<Fitted> {
    let choices = Choices::find(settings, data, rows, &|| true)?;
    Ok(choices.taken().fit(data, rows))
}

impl Choice {
    /// Fits what was chosen on all of `rows`.
    pub(super) fn fit(&self, data: &Encoded, rows: &[u32]) -> Fitted {
        Fitted { predictor: self.recipe.fit(data, rows), calibration: self.calibration }
    }
}

/// The search of each considered learner on some rows, and which of them is taken.
pub(super) struct Choices {
    pub(super) searches: Vec<Search>,
    pub(super) taken: usize,
}

impl Choices {
    pub(super) fn find(
        settings: &Settings,
        data: &Encoded,
        rows: &[u32],
        step: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self> {
        let splits = inner_splits(data, rows);
        if splits.iter().any(|split| split.training.is_empty())
            || splits.iter().all(|split| split.held_out.is_empty())
        {
            return Err(Error::Inseparable);
        }
        let searches: Vec<Search> = considered(settings.learner)
            .iter()
            .map(|learner| choose(*learner, data, &splits, settings, step))
            .collect::<Result<_>>()?;
        let taken = match searches.as_slice() {
            [trees, linear] => {
                usize::from(pick(&trees.best, &linear.best).recipe.learner() == Learner::Linear)
            }
            _ => 0,
        };
        Ok(Self { searches, taken })
    }

    pub(super) fn taken(&self) -> &Choice {
        &self.searches[self.taken].best
    }

    /// What trees gain over linear, where both were considered.
    pub(super) fn gain(&self) -> Option<Gain> {
        match self.searches.as_slice() {
            [trees, linear] => {
                Some(trees_gain(&trees.best.losses, &linear.best.losses, trees.best.weights.as_deref()))
            }
            _ => None,
        }
    }
}

/// The learners that a setting considers.
pub(super) fn considered(learner: Learner) -> &'static [Learner] {
    match learner {
        Learner::Auto => &[Learner::Trees, Learner::Linear],
        Learner::Trees => &[Learner::Trees],
        Learner::Linear => &[Learner::Linear],
    }
}
