//! Exact Shapley interaction values of oblivious trees (Lundberg and others 2020), as tables by leaf.
//!
//! The interaction of two columns is what knowing both adds to knowing each alone, averaged over what else is known:
//! φ_ij = Σ_S s! (m - s - 2)! / (2 (m - 1)!) · (v(S∪ij) - v(S∪i) - v(S∪j) + v(S)), S over the coalitions without i and j,
//! of size s. It is one half of the interaction, so φ_ij = φ_ji; what is left of a column's effect is its own:
//! φ_ii = φ_i - Σ_j φ_ij. The game is that of the effects, so a tree needs a table a pair of columns it asks about.
//!
//! Tables hold φ_ij rounded to whole units. φ_ii is the effect less those, so a column's parts sum to its effect exactly,
//! and what rounding leaves over is with the column alone: at most half a unit a tree and other column of it.

use std::collections::BTreeMap;

use rayon::prelude::*;
use winback_kernels::{Cpu, LEAVES};

use super::Tables;
use super::game::Game;
use crate::trees::block::{BLOCK, Bounded, in_groups};
use crate::trees::{Forest, Matrix};

/// The interaction values of a forest: for each column, and for each pair that a tree asks about, what is summed.
#[derive(Debug, Clone)]
pub struct Interactions {
    /// The effects of each column of the encoder.
    columns: Vec<Sum>,
    /// The pairs that any tree asks about, ascending, with their tables of φ_ij.
    pairs: Vec<([u16; 2], Sum)>,
}

/// The effects of a row in parts, in units of 2⁻²⁴ log-odds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// φ_ii: what each column of the encoder does alone.
    pub alone: Vec<i64>,
    /// φ_ij = φ_ji of each pair that any tree asks about, i < j: half of what the two columns do together.
    pub pairs: Vec<([u16; 2], i64)>,
}

/// The sizes of [`Parts`], summed over rows: whole numbers, so neither order nor threads change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// The rows.
    pub rows: u64,
    /// The sum of |φ_ii| of each column.
    pub alone: Vec<u128>,
    /// The sum of |φ_ij| of each pair.
    pub pairs: Vec<([u16; 2], u128)>,
}

/// A table of one tree.
#[derive(Debug, Clone)]
struct Table {
    tree: usize,
    by_leaf: [i32; LEAVES],
}

/// The tables of which a row's entries are summed, in groups whose sums do not leave 32 bits.
#[derive(Debug, Clone, Default)]
struct Sum(Vec<Vec<Table>>);

impl Bounded for Table {
    fn bound(&self) -> u32 {
        self.by_leaf.iter().map(|entry| entry.unsigned_abs()).max().unwrap_or(0)
    }
}

impl Interactions {
    /// Computes the tables of a forest, for the game of its effects.
    #[must_use]
    pub fn new(forest: &Forest, tables: &Tables) -> Self {
        let mut columns = vec![Vec::new(); forest.lookups.columns.len()];
        let mut pairs = BTreeMap::<[u16; 2], Vec<Table>>::new();
        for (tree, (of_tree, effects)) in forest.trees.iter().zip(&tables.trees).enumerate() {
            for (player, by_leaf) in effects.players.iter().zip(&effects.effects) {
                columns[usize::from(*player)].push(Table { tree, by_leaf: *by_leaf });
            }
            let game = tables.background.game(tree, forest);
            for left in 0..game.players.len() {
                for right in left + 1..game.players.len() {
                    let mut pair = [game.players[left], game.players[right]];
                    pair.sort_unstable();
                    let by_leaf = of_pair(&game, left, right, of_tree.values.len());
                    pairs.entry(pair).or_default().push(Table { tree, by_leaf });
                }
            }
        }
        Self {
            columns: columns.iter().map(|tables| Sum::new(tables)).collect(),
            pairs: pairs.iter().map(|(pair, tables)| (*pair, Sum::new(tables))).collect(),
        }
    }

    /// The parts of one row's effects.
    #[must_use]
    pub fn of_row(&self, forest: &Forest, matrix: &Matrix, row: usize) -> Parts {
        let mut alone = vec![[0]; self.columns.len()];
        let mut pairs = Vec::with_capacity(self.pairs.len());
        self.visit(forest, matrix, row, &mut alone, |pair, [half]: &[i64; 1]| pairs.push((pair, *half)));
        Parts { alone: alone.into_iter().map(|[alone]| alone).collect(), pairs }
    }

    /// The sizes of the parts of all rows, blocks of rows side by side.
    #[must_use]
    pub fn sizes(&self, forest: &Forest, matrix: &Matrix) -> Sizes {
        let blocks: Vec<usize> = (0..matrix.rows).step_by(BLOCK).collect();
        let with_room = || (self.no_sizes(), vec![[0; BLOCK]; self.columns.len()]);
        let add = |(mut sizes, mut alone): (Sizes, Vec<[i64; BLOCK]>), from: &usize| {
            let rows = BLOCK.min(matrix.rows - from);
            let size = |parts: &[i64; BLOCK]| total_size(&parts[..rows]);
            let mut totals = sizes.pairs.iter_mut();
            self.visit(forest, matrix, *from, &mut alone, |_, halves| {
                totals.next().into_iter().for_each(|(_, total)| *total += size(halves));
            });
            sizes.alone.iter_mut().zip(&alone).for_each(|(total, alone)| *total += size(alone));
            sizes.rows += rows as u64;
            (sizes, alone)
        };
        let sums = blocks.par_iter().fold(with_room, add).map(|(sizes, _)| sizes);
        sums.reduce(
            || self.no_sizes(),
            |mut sizes, other| {
                sizes.add(&other);
                sizes
            },
        )
    }

    /// The sizes of no row.
    #[must_use]
    pub fn no_sizes(&self) -> Sizes {
        let pairs = self.pairs.iter().map(|(pair, _)| (*pair, 0)).collect();
        Sizes { rows: 0, alone: vec![0; self.columns.len()], pairs }
    }

    /// Hands each pair's φ_ij of a block of `ROWS` rows from `from` on to `take`, in the order of the pairs, and leaves each
    /// column's φ_ii in `alone`. Where the matrix ends within the block, the rest of it says nothing.
    fn visit<const ROWS: usize>(
        &self,
        forest: &Forest,
        matrix: &Matrix,
        from: usize,
        alone: &mut [[i64; ROWS]],
        mut take: impl FnMut([u16; 2], &[i64; ROWS]),
    ) {
        let cpu = Cpu::chosen();
        let rows = ROWS.min(matrix.rows.saturating_sub(from));
        let mut leaves = vec![[0; ROWS]; forest.trees.len()];
        for (tree, leaves) in forest.trees.iter().zip(&mut leaves) {
            tree.leaves(cpu, matrix, from, &mut leaves[..rows]);
        }
        for (effects, sum) in alone.iter_mut().zip(&self.columns) {
            *effects = sum.of(cpu, &leaves);
        }
        for ([left, right], sum) in &self.pairs {
            let halves = sum.of(cpu, &leaves);
            for column in [left, right] {
                let alone = &mut alone[usize::from(*column)];
                alone.iter_mut().zip(&halves).for_each(|(alone, half)| *alone -= half);
            }
            take([*left, *right], &halves);
        }
    }
}

impl Sizes {
    /// Adds the sizes of further rows, of the same interactions.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.alone.iter_mut().zip(&other.alone).for_each(|(total, size)| *total += size);
        self.pairs.iter_mut().zip(&other.pairs).for_each(|((_, total), (_, size))| *total += size);
    }
}

impl Sum {
    fn new(tables: &[Table]) -> Self {
        Self(in_groups(tables).into_iter().map(<[Table]>::to_vec).collect())
    }

    /// The sum of each row, by the leaf it has in each tree.
    fn of<const ROWS: usize>(&self, cpu: Cpu, leaves: &[[u8; ROWS]]) -> [i64; ROWS] {
        let mut totals = [0; ROWS];
        for group in &self.0 {
            let mut sums = [0; ROWS];
            for table in group {
                cpu.add_table(&table.by_leaf, &leaves[table.tree], &mut sums);
            }
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += i64::from(sum));
        }
        totals
    }
}

fn total_size(parts: &[i64]) -> u128 {
    parts.iter().map(|part| u128::from(part.unsigned_abs())).sum()
}

/// φ of two players of a game by leaf, rounded to whole units.
fn of_pair(game: &Game, left: usize, right: usize, leaves: usize) -> [i32; LEAVES] {
    let (left, right) = (1 << left, 1 << right);
    let weights = pair_weights(game.players.len());
    let mut by_leaf = [0; LEAVES];
    for (leaf, half) in by_leaf.iter_mut().enumerate().take(leaves) {
        let worth = |known: usize| game.values[known][leaf];
        let without = (0..game.values.len()).filter(|known| known & (left | right) == 0);
        let exact: f64 = without
            .map(|known| {
                let together = worth(known | left | right) - worth(known | left);
                weights[known.count_ones() as usize] * (together - (worth(known | right) - worth(known)))
            })
            .sum();
        *half = exact.round() as i32;
    }
    by_leaf
}

/// The weight of a coalition of each size, both players left out: s! (m - s - 2)! / (2 (m - 1)!).
fn pair_weights(players: usize) -> Vec<f64> {
    let factorial = |number: usize| (1..=number).map(|factor| factor as f64).product::<f64>();
    let weight =
        |size: usize| factorial(size) * factorial(players - size - 2) / (2.0 * factorial(players - 1));
    (0..players - 1).map(weight).collect()
}
