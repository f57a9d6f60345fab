//! Exact Shapley values of oblivious trees, as a table by leaf.
//!
//! Which questions a row answers yes to *is* its leaf, so a tree's Shapley values depend on the leaf alone: a table of
//! at most 64 rows by at most six players, computed once from the definition. The value of a coalition is path-dependent
//! (Lundberg and others 2020): questions on its columns follow the row, the others average both branches by training
//! counts, levels in stored order; an empty branch splits half and half. Players are source columns.

use winback_kernels::{Cpu, LEAVES};

use super::block::{BLOCK, Bounded, ColumnSums, in_groups};
use super::{Forest, Matrix, Tree};
use crate::number::{UNIT, to_units};

/// The Shapley values of one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeTable {
    /// The columns the tree asks about, each once.
    pub players: Vec<u16>,
    /// For each player its effect by leaf, in units of 2⁻²⁴ log-odds.
    pub effects: Vec<[i32; LEAVES]>,
    /// The tree's value when nothing is known, in the same units; base and effects of a leaf sum to the leaf's value.
    pub base: i64,
}

/// The Shapley values of a forest, one table a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// One table a tree.
    pub trees: Vec<TreeTable>,
    /// The margin when nothing is known, in units of 2⁻²⁴ log-odds.
    pub base: i64,
}

impl Bounded for (&Tree, &TreeTable) {
    fn bound(&self) -> u32 {
        self.1.effects.iter().flatten().map(|effect| effect.unsigned_abs()).max().unwrap_or(0)
    }
}

impl Tables {
    /// Computes the tables of a forest.
    #[must_use]
    pub fn new(forest: &Forest) -> Self {
        let trees: Vec<TreeTable> = forest.trees.iter().map(TreeTable::new).collect();
        let base = forest.base + trees.iter().map(|tree| tree.base).sum::<i64>();
        Self { trees, base }
    }

    /// The effects of every row: for each row one number a column, in units of 2⁻²⁴ log-odds.
    #[must_use]
    pub fn effects(&self, forest: &Forest, matrix: &Matrix) -> Vec<i64> {
        let cpu = Cpu::chosen();
        let columns = matrix.columns.len();
        let trees: Vec<(&Tree, &TreeTable)> = forest.trees.iter().zip(&self.trees).collect();
        let groups = in_groups(&trees);
        let mut effects = vec![0; matrix.rows * columns];
        let mut leaves = [0; BLOCK];
        // Column by column within a block; the columns of a row come together only at the end.
        let mut sums: Vec<ColumnSums> = vec![[0; BLOCK + 16]; columns];
        for (block, effects) in effects.chunks_mut(BLOCK * columns).enumerate() {
            let rows = effects.len() / columns;
            let leaves = &mut leaves[..rows];
            for group in &groups {
                sums.iter_mut().for_each(|sums| sums.fill(0));
                for (tree, table) in *group {
                    tree.leaves(cpu, matrix, block * BLOCK, leaves);
                    for (player, by_leaf) in table.players.iter().zip(&table.effects) {
                        cpu.add_table(by_leaf, leaves, &mut sums[usize::from(*player)][..rows]);
                    }
                }
                for (row, effects) in effects.chunks_exact_mut(columns).enumerate() {
                    effects.iter_mut().zip(&sums).for_each(|(effect, sums)| *effect += i64::from(sums[row]));
                }
            }
        }
        effects
    }
}

impl TreeTable {
    fn new(tree: &Tree) -> Self {
        let mut players: Vec<u16> = Vec::new();
        for question in &tree.questions {
            if !players.contains(&question.column) {
                players.push(question.column);
            }
        }
        // For each level the bit of its column among the players.
        let level_bits: Vec<usize> = tree
            .questions
            .iter()
            .map(|question| {
                players.iter().position(|player| *player == question.column).map_or(0, |at| 1 << at)
            })
            .collect();
        let nodes = node_counts(&tree.counts);
        let values: Vec<Vec<f64>> = (0..1_usize << players.len())
            .map(|known| expectations(tree, &nodes, &level_bits, known))
            .collect();
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
        Self { players, effects, base }
    }
}

/// Rows in every node: `nodes[level][path]` for the path of the first `level` answers.
fn node_counts(leaf_counts: &[u32]) -> Vec<Vec<f64>> {
    let mut nodes = vec![leaf_counts.iter().map(|count| f64::from(*count)).collect::<Vec<f64>>()];
    while let Some(below) = nodes.last().filter(|below| below.len() > 1) {
        let half = below.len() / 2;
        // The last answer is the highest bit, so a node's children lie half the list apart.
        nodes.push((0..half).map(|path| below[path] + below[path + half]).collect());
    }
    nodes.reverse();
    nodes
}

/// For each leaf, what is expected of the tree when the columns of `known` answer as that leaf does.
fn expectations(tree: &Tree, nodes: &[Vec<f64>], level_bits: &[usize], known: usize) -> Vec<f64> {
    let mut values: Vec<f64> = tree.values.iter().map(|value| f64::from(*value)).collect();
    for level in (0..level_bits.len()).rev() {
        if known & level_bits[level] != 0 {
            continue;
        }
        let bit = 1 << level;
        for leaf in (0..values.len()).filter(|leaf| leaf & bit == 0) {
            let path = leaf & (bit - 1);
            let (no, yes) = (nodes[level + 1][path], nodes[level + 1][path | bit]);
            let share = if no + yes > 0.0 { yes / (no + yes) } else { 0.5 };
            let mean = values[leaf] * (1.0 - share) + values[leaf | bit] * share;
            values[leaf] = mean;
            values[leaf | bit] = mean;
        }
    }
    values
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
