//! Thresholds and what each would mean: how many to contact, how many leavers are among them.

use serde::Serialize;
use winback_learn::probability;

/// What follows from contacting everybody at or above one probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Threshold {
    /// The probability from which customers are contacted.
    pub probability: f64,
    /// The share of customers contacted.
    pub contacted: f64,
    /// The share of the leavers who are among them.
    pub found: f64,
    /// The share of the contacted who leave.
    pub precision: f64,
    /// How much more often the contacted leave than all.
    pub lift: f64,
}

/// Rows that the first threshold holds: of fewer no share can be told.
const LEAST_ROWS: usize = 20;

/// About a hundred thresholds, each reached by a further hundredth of the customers, the first by twenty rows at least;
/// customers with equal probabilities are never parted.
#[must_use]
pub fn thresholds(log_odds: &[f64], labels: &[bool]) -> Vec<Threshold> {
    let rows = labels.len();
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|left, right| log_odds[*right].total_cmp(&log_odds[*left]));
    let total = labels.iter().filter(|label| **label).count();
    if total == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut taken, mut left) = (0, 0);
    for percent in 1..=100 {
        let wanted = (percent * rows).div_ceil(100).max(LEAST_ROWS.min(rows));
        if wanted <= taken {
            continue;
        }
        let threshold = log_odds[order[wanted - 1]];
        while let Some(row) = order.get(taken).filter(|row| log_odds[**row].total_cmp(&threshold).is_ge()) {
            left += usize::from(labels[*row]);
            taken += 1;
        }
        let (contacted, precision) = (taken as f64 / rows as f64, left as f64 / taken as f64);
        found.push(Threshold {
            probability: probability(threshold),
            contacted,
            found: left as f64 / total as f64,
            precision,
            lift: precision / (total as f64 / rows as f64),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_a_count_by_hand() {
        let log_odds: Vec<f64> = (0..200).map(|row| -f64::from(row)).collect();
        let labels: Vec<bool> = (0..200).map(|row| row % 10 == 0).collect();
        let found = thresholds(&log_odds, &labels);
        assert_eq!(found.len(), 91, "no threshold holds fewer than twenty rows");
        let tenth = found[0];
        assert!((tenth.contacted - 0.1).abs() < 1e-12 && (tenth.found - 0.1).abs() < 1e-12);
        assert!((tenth.precision - 0.1).abs() < 1e-12 && (tenth.lift - 1.0).abs() < 1e-12);
        let last = found.last().unwrap();
        assert!(last.contacted >= 1.0 && last.found >= 1.0);
    }

    #[test]
    fn equals_are_contacted_together() {
        let log_odds = [vec![1.0; 50], vec![0.0; 50]].concat();
        let labels: Vec<bool> = (0..100).map(|row| row % 4 == 0).collect();
        let found = thresholds(&log_odds, &labels);
        let shares: Vec<f64> = found.iter().map(|threshold| threshold.contacted).collect();
        assert_eq!(shares, [0.5, 1.0]);
        assert!(thresholds(&[0.0], &[false]).is_empty());
    }
}
