//! Boosting: each tree is grown on what the trees before it got wrong.

use rayon::prelude::*;
use winback_kernels::{Cpu, GRADIENT_UNIT, LEAVES};

use super::grow::Grower;
use super::order::Order;
use super::sample::Sample;
use super::words::Words;
use super::{Forest, Prepared, Tree};
use crate::number::{log_odds, sum, to_bounded_units, to_units};

/// Rows that are brought up to date at once.
pub(super) const CHUNK: usize = 1 << 14;

/// Below this many rows times columns the work is too small to share.
const SHARED_WORK: usize = 1 << 19;

/// Trees that a forest may have.
pub const MOST_TREES: usize = 1 << 20;

/// Margins stay within 64 log-odds while training, where gradients have long vanished, so that no sum overflows.
const MOST_MARGIN: i32 = 1 << 30;

/// How a forest is grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Levels of each tree, at most [`super::MOST_DEPTH`].
    pub depth: usize,
    /// How much of its correction each tree applies, above 0 and at most 1.
    pub rate: f64,
    /// The weight of squared leaf values in the loss.
    pub l2: f64,
    /// The share of rows on which each tree is grown, above 0; 1 for all.
    pub sample: f64,
}

/// Gradient and hessian of every row, in units of 2⁻³⁰.
#[derive(Debug, Default)]
pub(super) struct Gradients {
    pub(super) gradients: Vec<i32>,
    pub(super) hessians: Vec<i32>,
    /// The sums of their sizes.
    pub(super) sums: [u64; 2],
}

/// A forest in growth on one training part.
pub struct Booster<'a> {
    cpu: Cpu,
    prepared: &'a Prepared,
    settings: Settings,
    /// The number of the first tree, on which its draw depends.
    first: u32,
    grower: Grower,
    sample: Sample,
    words: Words,
    margins: Vec<i32>,
    full: Gradients,
    leaves: Vec<u8>,
    base: i64,
    trees: Vec<Tree>,
    is_shared: bool,
    /// What each row's gradient is multiplied with, at most 1; empty where all count the same.
    shares: Vec<f64>,
    /// The weight of which shares are parts, a power of two so that nothing is rounded by it.
    whole: f64,
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
        Self::of_series(prepared, settings, 0)
    }

    /// As [`Booster::new`]; the rows that trees are grown on are drawn anew in each series, below 4096.
    #[must_use]
    pub fn of_series(prepared: &'a Prepared, settings: Settings, series: u32) -> Self {
        let cpu = Cpu::chosen();
        let rows = prepared.labels.len();
        let is_shared = SHARED_WORK <= rows * prepared.matrix.columns.len();
        let weights = prepared.weights.as_deref().unwrap_or_default();
        let whole = whole(weights);
        let weight = |row: usize| weights.get(row).copied().unwrap_or(1.0);
        let positive = |row: &usize| prepared.labels[*row];
        let share = (sum((0..rows).filter(positive).map(weight)) + 0.5) / (sum((0..rows).map(weight)) + 1.0);
        let base = to_units(log_odds(share));
        Self {
            cpu,
            prepared,
            settings,
            first: series << MOST_TREES.ilog2(),
            grower: Grower::new(cpu, &prepared.matrix, &prepared.trends, is_shared),
            sample: Sample::default(),
            words: Words::default(),
            margins: vec![base as i32; rows],
            full: Gradients { gradients: vec![0; rows], hessians: vec![0; rows], sums: [0; 2] },
            leaves: vec![0; rows],
            base,
            trees: Vec::new(),
            is_shared,
            shares: weights.iter().map(|weight| weight / whole).collect(),
            whole,
        }
    }

    /// Grows the next tree; nothing when no question helps any more.
    pub fn round(&mut self) -> Option<&Tree> {
        self.take_step();
        let number = self.first + self.trees.len() as u32;
        if self.settings.sample < 1.0 {
            self.sample.draw(self.cpu, &self.full, self.settings.sample, number);
            self.words.fill(&self.prepared.matrix, &self.sample.rows, self.is_shared);
        } else {
            self.sample.take_all(&self.full, number);
            if self.words.groups.is_empty() {
                self.words.fill(&self.prepared.matrix, &self.sample.rows, self.is_shared);
            }
        }
        let questions = self.grower.grow(&self.words, &self.sample, self.settings.depth, self.l2());
        if questions.is_empty() {
            return None;
        }
        let leaves = 1 << questions.len();
        let mut tree = Tree { questions, values: Vec::new(), counts: Vec::new() };
        let sums = self.leaf_sums(&tree);
        let sums = &sums[..leaves];
        let (rate, l2) = (self.settings.rate, self.l2());
        // The loss that a leaf's value takes off is a parabola about the best value, as steep as its weight.
        let weight = |sums: &LeafSums| sums.hessian as f64 * GRADIENT_UNIT + l2;
        let value = |sums: &LeafSums| -rate * (sums.gradient as f64 * GRADIENT_UNIT) / weight(sums);
        let mut values: Vec<f64> = sums.iter().map(value).collect();
        let order = Order::new(&tree.questions, &self.prepared.trends);
        order.project(&mut values, || sums.iter().map(weight).collect());
        tree.values = values.into_iter().map(to_bounded_units).collect();
        order.settle(&mut tree.values);
        tree.counts = sums.iter().map(|sums| sums.rows).collect();
        self.trees.push(tree);
        self.trees.last()
    }

    /// The weight of squared leaf values beside gradients that are shares of their weighted size.
    fn l2(&self) -> f64 {
        self.settings.l2 / self.whole
    }

    /// Adds the last tree's values to the margins, and makes the gradients that follow.
    fn take_step(&mut self) {
        let cpu = self.cpu;
        let table = self.trees.last().map(Tree::table);
        let shares = self.shares.as_slice();
        let step = |(chunk, (((margins, leaves), labels), (gradients, hessians))): (usize, Chunk<'_>)| {
            if let Some(table) = &table {
                cpu.add_table(table, leaves, margins);
                margins.iter_mut().for_each(|margin| *margin = (*margin).clamp(-MOST_MARGIN, MOST_MARGIN));
            }
            cpu.gradients(margins, labels, gradients, hessians);
            if let Some(shares) = shares.get(chunk * CHUNK..) {
                weigh(shares, gradients);
                weigh(shares, hessians);
            }
            let sum = |sizes: &[i32]| sizes.iter().map(|size| u64::from(size.unsigned_abs())).sum::<u64>();
            [sum(gradients), sum(hessians)]
        };
        let add = |a: [u64; 2], b: [u64; 2]| [a[0] + b[0], a[1] + b[1]];
        let Gradients { gradients, hessians, .. } = &mut self.full;
        self.full.sums = if self.is_shared {
            let rows = self.margins.par_chunks_mut(CHUNK).zip(self.leaves.par_chunks(CHUNK));
            let rows = rows.zip(self.prepared.labels.par_chunks(CHUNK));
            let results = gradients.par_chunks_mut(CHUNK).zip(hessians.par_chunks_mut(CHUNK));
            rows.zip(results).enumerate().map(step).reduce(|| [0; 2], add)
        } else {
            let rows = (self.margins.as_mut_slice(), self.leaves.as_slice());
            step((0, ((rows, &self.prepared.labels), (gradients, hessians))))
        };
    }

    /// Notes each row's leaf, and sums all rows' gradients by leaf.
    fn leaf_sums(&mut self, tree: &Tree) -> [LeafSums; LEAVES] {
        let (cpu, matrix) = (self.cpu, &self.prepared.matrix);
        let Gradients { gradients, hessians, .. } = &self.full;
        let sum = |(chunk, leaves): (usize, &mut [u8])| {
            let from = chunk * CHUNK;
            tree.leaves(cpu, matrix, from, leaves);
            let mut sums = [LeafSums::default(); LEAVES];
            let both = gradients[from..].iter().zip(&hessians[from..]);
            for (leaf, (gradient, hessian)) in leaves.iter().zip(both) {
                let sums = &mut sums[usize::from(*leaf) % LEAVES];
                sums.gradient += i64::from(*gradient);
                sums.hessian += i64::from(*hessian);
                sums.rows += 1;
            }
            sums
        };
        let none = || [LeafSums::default(); LEAVES];
        if self.is_shared {
            self.leaves.par_chunks_mut(CHUNK).enumerate().map(sum).reduce(none, add_all)
        } else {
            self.leaves.chunks_mut(CHUNK).enumerate().map(sum).fold(none(), add_all)
        }
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

/// Margins, leaves and labels of some rows, and room for their gradients and hessians.
type Chunk<'a> = (((&'a mut [i32], &'a [u8]), &'a [bool]), (&'a mut [i32], &'a mut [i32]));

/// What the rows of a leaf say together.
#[derive(Debug, Clone, Copy, Default)]
struct LeafSums {
    gradient: i64,
    hessian: i64,
    rows: u32,
}

/// The smallest power of two that no weight is above; 1 without weights.
fn whole(weights: &[f64]) -> f64 {
    let Some(most) = weights.iter().copied().reduce(f64::max) else { return 1.0 };
    let mut whole = 1.0;
    while whole < most {
        whole *= 2.0;
    }
    while most <= whole / 2.0 {
        whole /= 2.0;
    }
    whole
}

/// Takes a share of each size, to the nearest unit.
fn weigh(shares: &[f64], sizes: &mut [i32]) {
    for (size, share) in sizes.iter_mut().zip(shares) {
        *size = (f64::from(*size) * share).round() as i32;
    }
}

fn add_all(mut sums: [LeafSums; LEAVES], others: [LeafSums; LEAVES]) -> [LeafSums; LEAVES] {
    for (sums, other) in sums.iter_mut().zip(others) {
        sums.gradient += other.gradient;
        sums.hessian += other.hessian;
        sums.rows += other.rows;
    }
    sums
}

#[cfg(test)]
mod tests;
