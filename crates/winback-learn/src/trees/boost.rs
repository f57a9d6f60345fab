//! Boosting: each tree is grown on what the trees before it got wrong.

use super::grow::{GRADIENT_UNIT, Gradient, Grower};
use super::{Forest, Prepared, Tree};
use crate::number::{UNIT, log_odds, probability, to_bounded_units, to_units};

/// How a forest is grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Levels of each tree, at most [`super::MOST_DEPTH`].
    pub depth: usize,
    /// How much of its correction each tree applies, above 0 and at most 1.
    pub rate: f64,
    /// The weight of squared leaf values in the loss.
    pub l2: f64,
}

/// A forest in growth on one training part.
pub struct Booster<'a> {
    prepared: &'a Prepared,
    settings: Settings,
    grower: Grower<'a>,
    margins: Vec<i64>,
    gradients: Vec<Gradient>,
    leaves: Vec<u8>,
    base: i64,
    trees: Vec<Tree>,
}

impl std::fmt::Debug for Booster<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Booster").field("trees", &self.trees.len()).finish_non_exhaustive()
    }
}

impl<'a> Booster<'a> {
    /// Begins with the log-odds of the training part's share of positives, which must be neither 0 nor 1.
    #[must_use]
    pub fn new(prepared: &'a Prepared, settings: Settings) -> Self {
        let positives = prepared.labels.iter().filter(|label| **label).count();
        let share = (positives as f64 + 0.5) / (prepared.labels.len() as f64 + 1.0);
        let base = to_units(log_odds(share));
        Self {
            prepared,
            settings,
            grower: Grower::new(&prepared.matrix),
            margins: vec![base; prepared.labels.len()],
            gradients: Vec::new(),
            leaves: Vec::new(),
            base,
            trees: Vec::new(),
        }
    }

    /// Grows the next tree; nothing when no question helps any more.
    pub fn round(&mut self) -> Option<&Tree> {
        self.gradients.clear();
        self.gradients.extend(self.margins.iter().zip(&self.prepared.labels).map(|(margin, label)| {
            let probability = probability(*margin as f64 * UNIT);
            let gradient = probability - f64::from(u8::from(*label));
            let hessian = probability * (1.0 - probability);
            [(gradient / GRADIENT_UNIT).round() as i32, (hessian / GRADIENT_UNIT).round() as i32]
        }));
        let grown = self.grower.grow(&self.gradients, self.settings.depth, self.settings.l2);
        if grown.questions.is_empty() {
            return None;
        }
        let value = |sums: &[i64; 2]| {
            let (gradient, hessian) = (sums[0] as f64 * GRADIENT_UNIT, sums[1] as f64 * GRADIENT_UNIT);
            to_bounded_units(-self.settings.rate * gradient / (hessian + self.settings.l2))
        };
        let mut tree = Tree {
            values: grown.sums.iter().map(value).collect(),
            counts: vec![0; grown.sums.len()],
            questions: grown.questions,
        };
        tree.leaves(&self.prepared.matrix, &mut self.leaves);
        for (margin, leaf) in self.margins.iter_mut().zip(&self.leaves) {
            *margin += i64::from(tree.values[usize::from(*leaf)]);
            tree.counts[usize::from(*leaf)] += 1;
        }
        self.trees.push(tree);
        self.trees.last()
    }

    /// The margin before any tree, in units of 2⁻²⁴ log-odds.
    #[must_use]
    pub fn base(&self) -> i64 {
        self.base
    }

    /// The forest of the first `rounds` trees, or of all if there are fewer.
    #[must_use]
    pub fn finish(mut self, rounds: usize) -> Forest {
        self.trees.truncate(rounds);
        Forest { base: self.base, lookups: self.prepared.lookups.clone(), trees: self.trees }
    }
}
