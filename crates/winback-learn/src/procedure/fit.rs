//! The procedure on some rows: what inner folds choose is fitted on all of them. Nothing here judges the outcome.

use super::choose::{Choice, Gain, Search, choose, held_out, inner_splits, trees_gain};
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
    Ok(choices.best().fit(data, rows))
}

impl Choice {
    /// Fits what was chosen on all of `rows`.
    pub(super) fn fit(&self, data: &Encoded, rows: &[u32]) -> Fitted {
        Fitted { predictor: self.recipe.fit(data, rows), calibration: self.calibration }
    }
}

/// The search of each considered learner on some rows.
pub(super) struct Choices {
    pub(super) searches: Vec<Search>,
    /// What trees gain over linear, where both were considered.
    pub(super) gain: Option<Gain>,
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
        let gain = match searches.as_slice() {
            [trees, linear] => {
                let weights = data.weights(&held_out(&splits));
                Some(trees_gain(&trees.best.losses, &linear.best.losses, weights.as_deref()))
            }
            _ => None,
        };
        Ok(Self { searches, gain })
    }

    /// The position of the search that is taken: linear, the second, where trees gain too little.
    pub(super) fn taken(&self) -> usize {
        usize::from(self.gain.is_some_and(Gain::prefers_linear))
    }

    /// What is taken.
    pub(super) fn best(&self) -> &Choice {
        &self.searches[self.taken()].best
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
