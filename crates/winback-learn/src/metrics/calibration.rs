//! How far probabilities are from frequencies.

use crate::number::{probability, sum};

/// Bins of equal mass.
const BINS: usize = 10;

/// The expected calibration error: rows sorted by probability into ten bins of equal size, the mean distance between
/// the mean probability and the share of positives of a bin.
#[must_use]
pub fn expected_calibration_error(log_odds: &[f64], labels: &[bool]) -> f64 {
    let rows = labels.len();
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|left, right| log_odds[*left].total_cmp(&log_odds[*right]));
    let error = |bin: usize| {
        let members = &order[bin * rows / BINS..(bin + 1) * rows / BINS];
        let expected = sum(members.iter().map(|row| probability(log_odds[*row])));
        let positives = members.iter().filter(|row| labels[**row]).count() as f64;
        (expected - positives).abs()
    };
    sum((0..BINS).map(error)) / rows.max(1) as f64
}
