//! Where a probability stands among those of the training, so that a rank needs no second pass over the weekly file.
//!
//! The reference is the training's out-of-fold scores, not the customers of the week: the same probability has the
//! same rank every week, and one customer alone can be ranked.

use crate::{Error, Result};

/// Scores kept at most; with a thousand steps a rank is good to its one decimal.
const MOST_SCORES: usize = 1001;
/// Probabilities are compared at nine decimals. That many survive any text form to the last bit, so that a stored
/// grid ranks exactly as the one it was stored from.
const UNITS: f64 = 1e9;

/// The out-of-fold probabilities of a training at evenly spaced ranks, ascending, 1,001 at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentiles {
    grid: Vec<f64>,
}

impl Percentiles {
    /// Percentiles from a stored grid, about which nothing is assumed.
    ///
    /// # Errors
    /// Unless there are 1 to 1,001 numbers in 0 to 1, each at least as large as the one before.
    pub fn new(mut grid: Vec<f64>) -> Result<Self> {
        if grid.is_empty() || MOST_SCORES < grid.len() {
            return Err(Error::GridSize { found: grid.len(), most: MOST_SCORES });
        }
        check_probabilities(&grid)?;
        if let Some(before) = grid.windows(2).position(|pair| pair[1] < pair[0]) {
            return Err(Error::NotSorted { position: before + 2 });
        }
        for score in &mut grid {
            *score = rounded(*score);
        }
        Ok(Self { grid })
    }

    /// The share of the training's scores at or below a probability (0 to 1), in percent (0 to 100) to one decimal.
    ///
    /// The n scores of the grid stand at equal steps, the lowest at 0 and the highest at 100. At a score that occurs
    /// several times the last of them counts; between two scores the rank rises in proportion to the distance; below
    /// all of them it is 0, from the highest on it is 100. A higher probability never has a lower rank.
    #[must_use]
    pub fn rank(&self, probability: f64) -> f64 {
        let probability = rounded(probability);
        let at_or_below = self.grid.partition_point(|score| *score <= probability);
        if at_or_below == 0 {
            return 0.0;
        }
        let Some(above) = self.grid.get(at_or_below) else { return 100.0 };
        let below = self.grid[at_or_below - 1];
        let steps = (at_or_below - 1) as f64 + (probability - below) / (above - below);
        (steps * 1000.0 / (self.grid.len() - 1) as f64).round() / 10.0
    }
}

fn check_probabilities(scores: &[f64]) -> Result<()> {
    match scores.iter().position(|score| !(0.0..=1.0).contains(score)) {
        Some(index) => Err(Error::NotAProbability { position: index + 1, found: scores[index] }),
        None => Ok(()),
    }
}

fn rounded(probability: f64) -> f64 {
    (probability * UNITS).round() / UNITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    /// The percentiles of scores in any order.
    fn of(scores: &[f64]) -> Percentiles {
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Percentiles::new(sorted).unwrap()
    }

    fn check(scores: &[f64], expected: &[(f64, f64)]) {
        let percentiles = of(scores);
        for (probability, rank) in expected {
            let found = percentiles.rank(*probability);
            assert!(found.total_cmp(rank).is_eq(), "{probability} ranks {found}, not {rank}");
        }
    }

    #[test]
    fn ranks_rise_between_the_scores() {
        let expected =
            [(0.0, 0.0), (0.1, 0.0), (0.15, 12.5), (0.2, 25.0), (0.36, 75.0), (0.5, 100.0), (1.0, 100.0)];
        check(&[0.5, 0.1, 0.3, 0.2, 0.36], &expected);
    }

    #[test]
    fn of_equal_scores_the_last_counts() {
        check(&[0.1, 0.2, 0.2, 0.2, 0.4], &[(0.2, 75.0), (0.19, 22.5), (0.3, 87.5)]);
        check(&[1.0 / 3.0; 4], &[(1.0 / 3.0, 100.0), (0.33, 0.0)]);
        check(&[0.2], &[(0.1, 0.0), (0.2, 100.0)]);
    }

    #[test]
    fn a_grid_from_outside_is_checked() {
        let message = |grid: Vec<f64>| Percentiles::new(grid).unwrap_err().to_string();
        assert_eq!(message(vec![]), "risk percentiles: 0 scores; the grid has 1 to 1001");
        assert_eq!(message(vec![0.5; 1002]), "risk percentiles: 1002 scores; the grid has 1 to 1001");
        assert_eq!(
            message(vec![0.5, f64::NAN]),
            "risk percentiles: score 2 is NaN; a probability lies in 0 to 1"
        );
        assert_eq!(message(vec![-0.1]), "risk percentiles: score 1 is -0.1; a probability lies in 0 to 1");
        assert_eq!(
            message(vec![0.5, 0.6, 0.4]),
            "risk percentiles: score 3 is smaller than the one before it"
        );
    }

    proptest! {
        #[test]
        fn a_higher_probability_never_ranks_lower(
            scores in proptest::collection::vec(0.0..=1.0_f64, 1..60),
            mut probabilities in proptest::collection::vec(0.0..=1.0_f64, 2..40),
        ) {
            let percentiles = of(&scores);
            // The scores themselves are where the rule changes.
            probabilities.extend(&scores);
            probabilities.sort_unstable_by(f64::total_cmp);
            let ranks = probabilities.iter().map(|probability| percentiles.rank(*probability));
            let ranks: Vec<f64> = ranks.collect();
            prop_assert!(ranks.is_sorted(), "{ranks:?}");
            prop_assert!(ranks.iter().all(|rank| (0.0..=100.0).contains(rank)));
        }

        #[test]
        fn a_rank_is_the_share_at_or_below(
            coarse in proptest::collection::vec(0..50_u32, 2..400), which in 0..400_usize,
        ) {
            let scores: Vec<f64> = coarse.iter().map(|score| f64::from(*score) / 50.0).collect();
            let probability = scores[which % scores.len()];
            let share = scores.iter().filter(|score| **score <= probability).count() as f64 / scores.len() as f64;
            let rank = of(&scores).rank(probability);
            // The lowest score stands at 0 and not at one customer's share; half a decimal is the rounding.
            prop_assert!((rank - 100.0 * share).abs() <= 100.0 / scores.len() as f64 + 0.051);
        }
    }
}
