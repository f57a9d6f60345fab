//! Exact Shapley values of oblivious trees, as a table by leaf.
//!
//! Which questions a row answers yes to *is* its leaf, so a tree's Shapley values depend on the leaf alone: a table of
//! at most 64 rows by at most twelve players, computed once from the definition. What a coalition of players is worth says
//! `game`; a [`Background`] decides what the other columns answer. [`Interactions`] are tables of the same kind, by
//! pairs of columns.

mod background;
mod game;
mod interactions;

use rayon::prelude::*;
use winback_kernels::{Cpu, LEAVES};

pub use self::background::{Background, LeafCounts};
use self::game::Game;
pub use self::interactions::{Interactions, Parts, Sizes};
use super::block::{BLOCK, Bounded, ColumnSums, in_groups};
use super::{Forest, Matrix, Tree};
use crate::number::{UNIT, to_units};

/// The Shapley values of one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeTable {
    /// The columns of the encoder that the tree asks about, alone or in pairs, each once.
    pub players: Vec<u16>,
    /// For each player its effect by leaf, in units of 2⁻²⁴ log-odds.
    pub effects: Vec<[i32; LEAVES]>,
    /// The tree's value when nothing is known, in the same units; base and effects of a leaf sum to the leaf's value.
    pub base: i64,
}

/// The Shapley values of a forest, one table a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    /// One table a tree.
    pub trees: Vec<TreeTable>,
    /// The margin when nothing is known, in units of 2⁻²⁴ log-odds: the background's mean, to within half a unit a tree.
    pub base: i64,
    /// What rows are compared with.
    pub background: Background,
}

impl Bounded for (&Tree, &TreeTable) {
    fn bound(&self) -> u32 {
        self.1.effects.iter().flatten().map(|effect| effect.unsigned_abs()).max().unwrap_or(0)
    }
}

impl Tables {
    /// Computes the tables of a forest, which compare rows with its training rows.
    #[must_use]
    pub fn new(forest: &Forest) -> Self {
        Self::against(forest, Background::Training)
    }

    /// Computes the tables of a forest that compare rows with a background.
    ///
    /// # Panics
    /// When the background's rows were counted in a forest of fewer trees.
    #[must_use]
    pub fn against(forest: &Forest, background: Background) -> Self {
        let table = |(index, tree): (usize, &Tree)| TreeTable::new(tree, &background.game(index, forest));
        let trees: Vec<TreeTable> = forest.trees.par_iter().enumerate().map(table).collect();
        let base = forest.base + trees.iter().map(|tree| tree.base).sum::<i64>();
        Self { trees, base, background }
    }

    /// The effects of every row: for each row one number a column, in units of 2⁻²⁴ log-odds.
    #[must_use]
    pub fn effects(&self, forest: &Forest, matrix: &Matrix) -> Vec<i64> {
        let mut effects = Vec::with_capacity(matrix.rows * forest.lookups.columns.len());
        self.for_each_block(forest, matrix, |block| effects.extend_from_slice(block));
        effects
    }

    /// Hands the effects of some rows on to `take`, then those of the next, as [`Tables::effects`] has them: so few that
    /// they are still near the processor.
    pub(crate) fn for_each_block(&self, forest: &Forest, matrix: &Matrix, mut take: impl FnMut(&[i64])) {
        let cpu = Cpu::chosen();
        let columns = forest.lookups.columns.len();
        let trees: Vec<(&Tree, &TreeTable)> = forest.trees.iter().zip(&self.trees).collect();
        let groups = in_groups(&trees);
        let mut effects = vec![0; BLOCK * columns];
        let mut leaves = [0; BLOCK];
        // Column by column within a block; the columns of a row come together only at the end.
        let mut sums: Vec<ColumnSums> = vec![[0; BLOCK + 16]; columns];
        for from in (0..matrix.rows).step_by(BLOCK) {
            let rows = BLOCK.min(matrix.rows - from);
            let leaves = &mut leaves[..rows];
            let effects = &mut effects[..rows * columns];
            effects.fill(0);
            for group in &groups {
                sums.iter_mut().for_each(|sums| sums.fill(0));
                for (tree, table) in *group {
                    tree.leaves(cpu, matrix, from, leaves);
                    for (player, by_leaf) in table.players.iter().zip(&table.effects) {
                        cpu.add_table(by_leaf, leaves, &mut sums[usize::from(*player)][..rows]);
                    }
                }
                for (row, effects) in effects.chunks_exact_mut(columns).enumerate() {
                    effects.iter_mut().zip(&sums).for_each(|(effect, sums)| *effect += i64::from(sums[row]));
                }
            }
            take(effects);
        }
    }
}

impl TreeTable {
    /// Divides a tree's game among its players.
    fn new(tree: &Tree, game: &Game) -> Self {
        let Game { players, values } = game;
        let weights = coalition_weights(players.len());
        let base = to_units(values[0][0] * UNIT);
        let mut effects = vec![[0; LEAVES]; players.len()];
        for leaf in 0..tree.values.len() {
            let exact: Vec<f64> = (0..players.len())
                .map(|player| {
                    let without = (0..values.len()).filter(|known| known >> player & 1 == 0);
                    without
                        .map(|known| {
                            let gain = values[known | 1 << player][leaf] - values[known][leaf];
                            weights[known.count_ones() as usize] * gain
                        })
                        .sum()
                })
                .collect();
            let of_leaf = rounded(&exact, i64::from(tree.values[leaf]) - base);
            effects.iter_mut().zip(of_leaf).for_each(|(by_leaf, effect)| by_leaf[leaf] = effect);
        }
        Self { players: players.clone(), effects, base }
    }
}

/// The Shapley weight of a coalition of each size, the player itself left out: s! (m - s - 1)! / m!.
fn coalition_weights(players: usize) -> Vec<f64> {
    let factorial = |number: usize| (1..=number).map(|factor| factor as f64).product::<f64>();
    let weight = |size: usize| factorial(size) * factorial(players - size - 1) / factorial(players);
    (0..players).map(weight).collect()
}

/// Rounds effects (in units) to integers that sum to `total`: the residue goes to the largest.
fn rounded(exact: &[f64], total: i64) -> Vec<i32> {
    let mut effects: Vec<i32> = exact.iter().map(|effect| effect.round() as i32).collect();
    let residue = total - effects.iter().map(|effect| i64::from(*effect)).sum::<i64>();
    let largest = (0..exact.len())
        .reduce(|best, other| if exact[other].abs() > exact[best].abs() { other } else { best });
    if let Some(largest) = largest {
        effects[largest] += residue as i32;
    }
    effects
}

#[cfg(test)]
mod tests;
