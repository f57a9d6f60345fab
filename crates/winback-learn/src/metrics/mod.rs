//! How good a set of probabilities is: ranking, calibration, and how sure we are of either.

mod bootstrap;
mod calibration;
mod interval;
mod ranking;
mod report;

pub use bootstrap::Bootstrap;
pub use calibration::expected_calibration_error;
pub use interval::Interval;
pub use ranking::Ranking;
pub use report::{CalibrationReport, Judged, Metrics, report};

use crate::number::{log_loss as row_loss, probability, sum, weight};

/// The mean log loss of calibrated log-odds; `weights` count rows, one each if not given.
#[must_use]
pub fn log_loss(log_odds: &[f64], labels: &[bool], weights: Option<&[f64]>) -> f64 {
    mean(log_odds, labels, weights, row_loss)
}

/// The mean squared difference of probability and outcome (Brier 1950).
#[must_use]
pub fn brier(log_odds: &[f64], labels: &[bool], weights: Option<&[f64]>) -> f64 {
    mean(log_odds, labels, weights, |log_odds, label| {
        let off = probability(log_odds) - f64::from(u8::from(label));
        off * off
    })
}

fn mean(log_odds: &[f64], labels: &[bool], weights: Option<&[f64]>, of: impl Fn(f64, bool) -> f64) -> f64 {
    let weight = |row: usize| weight(weights, row);
    let total = sum((0..labels.len()).map(|row| weight(row) * of(log_odds[row], labels[row])));
    total / sum((0..labels.len()).map(weight))
}

#[cfg(test)]
mod tests;
