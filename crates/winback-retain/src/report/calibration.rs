//! Whether what was foretold happened: bins of equal size with intervals, and how the probabilities are distributed.

use serde::Serialize;
use winback_learn::probability;

use super::{Figure, wilson};

/// Bins of equal size at most.
const BINS: usize = 12;
/// Rows of a bin at least.
const BIN_ROWS: usize = 40;
/// Bars of the distribution.
const BARS: usize = 40;

/// Foretold and observed shares of leavers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Bins of equal size, the lowest probabilities first.
    pub bins: Vec<CalibrationBin>,
    /// Where the probabilities lie, by equal steps of their square root from 0 to [`Self::limit`]'s; the last bar holds
    /// all above too.
    pub scores: Vec<ScoreBin>,
    /// The largest probability that is drawn.
    pub limit: f64,
}

/// Rows with like probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Rows.
    pub rows: u64,
    /// Their mean probability.
    pub predicted: f64,
    /// The share that left.
    pub observed: Figure,
}

/// Rows whose probability lies in one bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ScoreBin {
    /// Rows that stayed.
    pub stayed: u64,
    /// Rows that left.
    pub left: u64,
}

impl Calibration {
    /// The calibration of some rows.
    #[must_use]
    pub fn new(log_odds: &[f64], labels: &[bool]) -> Self {
        let rows = labels.len();
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|left, right| log_odds[*left].total_cmp(&log_odds[*right]));
        let count = (rows / BIN_ROWS).clamp(1, BINS);
        let bin = |number: usize| {
            let members = &order[number * rows / count..(number + 1) * rows / count];
            let left = members.iter().filter(|row| labels[**row]).count();
            let predicted: f64 = members.iter().map(|row| probability(log_odds[*row])).sum();
            CalibrationBin {
                rows: members.len() as u64,
                predicted: predicted / members.len().max(1) as f64,
                observed: wilson(left as f64, members.len() as f64),
            }
        };
        let bins: Vec<CalibrationBin> = (0..count).map(bin).collect();
        let high =
            order.get(rows.saturating_sub(1 + rows / 200)).map_or(1.0, |row| probability(log_odds[*row]));
        let tallest = bins.iter().fold(high, |most, bin| most.max(bin.observed.high).max(bin.predicted));
        // Tenths, or hundredths where hardly anybody leaves.
        let step = if tallest > 0.2 { 10.0 } else { 50.0 };
        let limit = ((tallest * step).ceil() / step).clamp(0.02, 1.0);
        let mut scores = vec![ScoreBin::default(); BARS];
        for (log_odds, label) in log_odds.iter().zip(labels) {
            let bar = ((probability(*log_odds) / limit).sqrt() * BARS as f64) as usize;
            let bar = &mut scores[bar.min(BARS - 1)];
            if *label {
                bar.left += 1;
            } else {
                bar.stayed += 1;
            }
        }
        Self { bins, scores, limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_bin_and_one_bar() {
        let log_odds: Vec<f64> = (0..1000).map(|row| f64::from(row) / 100.0 - 6.0).collect();
        let labels: Vec<bool> = (0..1000).map(|row| row > 700).collect();
        let calibration = Calibration::new(&log_odds, &labels);
        assert_eq!(calibration.bins.len(), 12);
        assert_eq!(calibration.bins.iter().map(|bin| bin.rows).sum::<u64>(), 1000);
        assert_eq!(calibration.scores.iter().map(|bar| bar.left + bar.stayed).sum::<u64>(), 1000);
        assert_eq!(calibration.scores.iter().map(|bar| bar.left).sum::<u64>(), 299);
        assert!(calibration.bins.is_sorted_by(|left, right| left.predicted < right.predicted));
        let last = calibration.bins.last().unwrap();
        assert!((last.observed.value - 1.0).abs() < 1e-12 && last.observed.low > 0.9);
    }
}
