//! Where a probability stands among those of the training, so that a rank needs no second pass over the weekly file.
//!
//! The reference is the training's out-of-fold scores, not the customers of the week: the same probability has the
//! same rank every week, and one customer alone can be ranked.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Scores kept at most; with a thousand steps a rank is good to its one decimal.
const MOST_SCORES: usize = 1001;
/// Probabilities are compared at nine decimals. That many survive any text form to the last bit, so that a stored
/// grid ranks exactly as the one it was stored from.
const UNITS: f64 = 1e9;

/// The out-of-fold probabilities of a training in ascending order, thinned to 1,001 evenly spaced ones where there
/// are more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct Percentiles {
    grid: Vec<f64>,
}

impl Percentiles {
    /// The percentiles of a training's out-of-fold probabilities, in any order.
    ///
    /// # Errors
    /// When there are none, or one is not in 0 to 1.
    pub fn of(scores: &[f64]) -> Result<Self> {
        // Checked before sorting, so that the message counts as the caller does.
        check_probabilities(scores)?;
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        if MOST_SCORES < sorted.len() {
            sorted = thinned(&sorted);
        }
        Self::new(sorted)
    }

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

    /// The probabilities that are ranked against, ascending, each rounded to nine decimals.
    #[must_use]
    pub fn grid(&self) -> &[f64] {
        &self.grid
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

/// The quantiles of ascending scores at equal steps, first and last included.
fn thinned(sorted: &[f64]) -> Vec<f64> {
    // In 128 bits, because a thousand times the customers of a large bank need not fit a machine word.
    let (last, steps) = ((sorted.len() - 1) as u128, (MOST_SCORES - 1) as u128);
    (0..=steps).map(|step| sorted[((step * last + steps / 2) / steps) as usize]).collect()
}

impl TryFrom<Vec<f64>> for Percentiles {
    type Error = Error;

    fn try_from(grid: Vec<f64>) -> Result<Self> {
        Self::new(grid)
    }
}

impl From<Percentiles> for Vec<f64> {
    fn from(percentiles: Percentiles) -> Self {
        percentiles.grid
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn check(scores: &[f64], expected: &[(f64, f64)]) {
        let percentiles = Percentiles::of(scores).unwrap();
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
    fn many_scores_are_thinned_to_a_thousand_steps() {
        let scores: Vec<f64> = (0..=200_000).rev().map(|score| f64::from(score) / 200_000.0).collect();
        let percentiles = Percentiles::of(&scores).unwrap();
        assert_eq!(percentiles.grid().len(), MOST_SCORES);
        check(&scores, &[(0.0, 0.0), (0.25, 25.0), (0.1234, 12.3), (0.9996, 100.0), (1.0, 100.0)]);
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
        assert!(serde_json::from_str::<Percentiles>("[0.5,0.4]").is_err());
    }

    proptest! {
        #[test]
        fn a_higher_probability_never_ranks_lower(
            scores in proptest::collection::vec(0.0..=1.0_f64, 1..60),
            mut probabilities in proptest::collection::vec(0.0..=1.0_f64, 2..40),
        ) {
            let percentiles = Percentiles::of(&scores).unwrap();
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
            let rank = Percentiles::of(&scores).unwrap().rank(probability);
            // The lowest score stands at 0 and not at one customer's share; half a decimal is the rounding.
            prop_assert!((rank - 100.0 * share).abs() <= 100.0 / scores.len() as f64 + 0.051);
        }

        #[test]
        fn a_stored_grid_ranks_as_before(scores in proptest::collection::vec(0.0..=1.0_f64, 1..60)) {
            let percentiles = Percentiles::of(&scores).unwrap();
            let text = serde_json::to_string(&percentiles).unwrap();
            prop_assert_eq!(serde_json::from_str::<Percentiles>(&text).unwrap(), percentiles);
        }
    }
}
