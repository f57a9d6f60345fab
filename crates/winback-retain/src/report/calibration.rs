//! Whether what was foretold happened: bins of like size with intervals, and how the probabilities are distributed.

use serde::Serialize;
use winback_learn::probability;

use super::Figure;
use super::shares::share_left;

/// Bins at most.
const BINS: usize = 12;
/// Rows of a bin, where scores can be parted so.
const BIN_ROWS: usize = 40;
/// Rows of a bin at least, so that none shows the outcome of one customer.
const LEAST_ROWS: usize = 20;
/// Bars of the distribution.
const BARS: usize = 40;

/// Foretold and observed shares of leavers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Bins of like size, the lowest probabilities first.
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
    /// The calibration of some rows; those of equal `groups` belong together.
    #[must_use]
    pub fn new(log_odds: &[f64], labels: &[bool], groups: &[u64]) -> Self {
        let rows = labels.len();
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|left, right| log_odds[*left].total_cmp(&log_odds[*right]));
        let bin = |members: std::ops::Range<usize>| {
            let members = &order[members];
            let predicted: f64 = members.iter().map(|row| probability(log_odds[*row])).sum();
            CalibrationBin {
                rows: members.len() as u64,
                predicted: predicted / members.len().max(1) as f64,
                observed: share_left(members, labels, groups),
            }
        };
        let bins: Vec<CalibrationBin> = parted(&order, log_odds).into_iter().map(bin).collect();
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

/// Where bins begin and end among sorted rows: of like size, but rows of equal scores are never parted, because only
/// their order in the file would part them.
fn parted(order: &[usize], log_odds: &[f64]) -> Vec<std::ops::Range<usize>> {
    let rows = order.len();
    let count = (rows / BIN_ROWS).clamp(1, BINS);
    let is_parted = |end: usize| log_odds[order[end]].total_cmp(&log_odds[order[end - 1]]).is_ne();
    let mut bins: Vec<std::ops::Range<usize>> = Vec::new();
    let mut start = 0;
    for number in 1..=count {
        let mut end = (number * rows / count).max(start);
        while 0 < end && end < rows && !is_parted(end) {
            end += 1;
        }
        if LEAST_ROWS <= end - start || (bins.is_empty() && end == rows && 0 < rows) {
            bins.push(start..end);
            start = end;
        }
    }
    // The few that are left over at the end belong to the last bin.
    if let Some(last) = bins.last_mut() {
        last.end = rows;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_bin_and_one_bar() {
        let log_odds: Vec<f64> = (0..1000).map(|row| f64::from(row) / 100.0 - 6.0).collect();
        let labels: Vec<bool> = (0..1000).map(|row| row > 700).collect();
        let calibration = Calibration::new(&log_odds, &labels, &(0..1000).collect::<Vec<_>>());
        assert_eq!(calibration.bins.len(), 12);
        assert_eq!(calibration.bins.iter().map(|bin| bin.rows).sum::<u64>(), 1000);
        assert_eq!(calibration.scores.iter().map(|bar| bar.left + bar.stayed).sum::<u64>(), 1000);
        assert_eq!(calibration.scores.iter().map(|bar| bar.left).sum::<u64>(), 299);
        assert!(calibration.bins.is_sorted_by(|left, right| left.predicted < right.predicted));
        let last = calibration.bins.last().unwrap();
        assert!((last.observed.value - 1.0).abs() < 1e-12 && last.observed.low > 0.9);
    }

    /// Three scores, in a file sorted by outcome.
    fn few(reversed: bool) -> Calibration {
        let mut rows: Vec<(f64, bool)> =
            (0..900_usize).map(|row| ((row % 3) as f64 - 2.0, row * 7 % 900 < 150 * (row % 3))).collect();
        rows.sort_by_key(|(_, left)| *left != reversed);
        let (scores, labels): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
        Calibration::new(&scores, &labels, &(0..900).collect::<Vec<_>>())
    }

    #[test]
    fn equal_scores_are_in_one_bin_whatever_their_order() {
        let found = few(false);
        assert_eq!(found.bins.iter().map(|bin| bin.rows).collect::<Vec<_>>(), [300, 300, 300]);
        assert!(found.bins.iter().all(|bin| bin.observed.value < 0.5), "{:?}", found.bins);
        assert_eq!(found.bins, few(true).bins);
    }

    #[test]
    fn no_bin_shows_a_single_customer() {
        let scores: Vec<f64> =
            (0..401).map(|row| if row < 400 { f64::from(row / 200) } else { 9.0 }).collect();
        let labels: Vec<bool> = (0..401).map(|row| row == 400).collect();
        let found = Calibration::new(&scores, &labels, &(0..401).collect::<Vec<_>>());
        assert_eq!(found.bins.iter().map(|bin| bin.rows).collect::<Vec<_>>(), [200, 201]);
        assert_eq!(Calibration::new(&[0.0], &[true], &[1]).bins.len(), 1);
        assert!(Calibration::new(&[], &[], &[]).bins.is_empty());
    }

    #[test]
    fn rows_of_one_customer_are_less_sure() {
        let scores: Vec<f64> = (0..1000).map(f64::from).collect();
        let labels: Vec<bool> = (0..1000).map(|row| row / 10 % 3 == 0).collect();
        let width = |groups: Vec<u64>| {
            let bin = Calibration::new(&scores, &labels, &groups).bins[3].observed;
            bin.high - bin.low
        };
        assert!(width((0..1000).map(|row| row / 10).collect()) > 2.0 * width((0..1000).collect()));
    }
}
