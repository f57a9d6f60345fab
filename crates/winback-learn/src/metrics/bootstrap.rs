//! The bootstrap behind intervals and bands: groups (a customer's rows together) are drawn with replacement, apart for
//! those with and without a positive row, so that every draw has both classes.

use crate::random::Draws;

/// The groups of some rows, apart by whether any of their rows is positive.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// For each row the number of its group.
    group_of: Vec<u32>,
    negative: Vec<u32>,
    positive: Vec<u32>,
}

impl Bootstrap {
    /// Draws from rows with these outcomes; rows of equal `groups` are drawn together.
    #[must_use]
    pub fn new(labels: &[bool], groups: &[u64]) -> Self {
        let mut distinct = groups.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let group_of: Vec<u32> =
            groups.iter().map(|group| distinct.partition_point(|other| other < group) as u32).collect();
        let mut any_positive = vec![false; distinct.len()];
        for (group, label) in group_of.iter().zip(labels) {
            any_positive[*group as usize] |= label;
        }
        let (positive, negative) =
            (0..distinct.len() as u32).partition(|group| any_positive[*group as usize]);
        Self { group_of, negative, positive }
    }

    /// How often each row counts in one draw; the same for the same seed and number.
    #[must_use]
    pub fn draw(&self, seed: u64, number: u64) -> Vec<f64> {
        let mut draws = Draws::new(seed, number);
        let mut times = vec![0.0; self.negative.len() + self.positive.len()];
        for stratum in [&self.negative, &self.positive] {
            for _ in 0..stratum.len() {
                times[stratum[draws.below(stratum.len())] as usize] += 1.0;
            }
        }
        self.group_of.iter().map(|group| times[*group as usize]).collect()
    }
}
