//! A figure with its 95 % interval.

use serde::{Deserialize, Serialize};

/// A figure and the bounds of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// Half the width of a 95 % interval, in standard errors.
const NORMAL_95: f64 = 1.959_963_984_540_054;

impl Interval {
    /// The interval of a figure with this standard error, within 0 and 1.
    #[must_use]
    pub fn of_share(value: f64, standard_error: f64) -> Self {
        let half = NORMAL_95 * standard_error;
        Self { value, low: (value - half).max(0.0), high: (value + half).min(1.0) }
    }

    /// The interval between the 2.5th and the 97.5th percentile of resampled figures.
    #[must_use]
    pub fn of_draws(value: f64, mut draws: Vec<f64>) -> Self {
        draws.retain(|draw| draw.is_finite());
        draws.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let Some(last) = draws.len().checked_sub(1) else { return value };
            let position = share * last as f64;
            let below = position.floor() as usize;
            let weight = position - below as f64;
            draws[below] * (1.0 - weight) + draws[(below + 1).min(last)] * weight
        };
        Self { value, low: at(0.025), high: at(0.975) }
    }
}
