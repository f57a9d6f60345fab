//! What the effects of a row are a comparison with.

use rayon::prelude::*;
use winback_kernels::{Cpu, LEAVES};

use super::game::Game;
use crate::trees::block::BLOCK;
use crate::trees::{Forest, Matrix};

/// What answers in place of a row where a column of it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Background {
    /// The training rows, by their counts in the branches of each tree: path-dependent effects.
    #[default]
    Training,
    /// Given rows: interventional effects.
    Rows(LeafCounts),
}

/// Where given rows end in each tree: all that effects need to know of them, however many they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafCounts {
    /// One list a tree: how many rows are in each leaf.
    by_tree: Vec<[u64; LEAVES]>,
}

impl Background {
    /// The game of the forest's tree at `index`.
    pub(super) fn game(&self, index: usize, forest: &Forest) -> Game {
        let tree = &forest.trees[index];
        match self {
            Self::Training => Game::of_training(tree, &forest.lookups),
            Self::Rows(counts) => Game::of_rows(tree, &forest.lookups, &counts.by_tree[index]),
        }
    }
}

impl LeafCounts {
    /// No rows yet, in the trees of this forest.
    #[must_use]
    pub fn new(forest: &Forest) -> Self {
        Self { by_tree: vec![[0; LEAVES]; forest.trees.len()] }
    }

    /// Counts rows in the leaves of the same forest, trees side by side.
    pub fn add(&mut self, forest: &Forest, matrix: &Matrix) {
        let cpu = Cpu::chosen();
        self.by_tree.par_iter_mut().zip(&forest.trees).for_each(|(counts, tree)| {
            let mut leaves = [0; BLOCK];
            for from in (0..matrix.rows).step_by(BLOCK) {
                let leaves = &mut leaves[..BLOCK.min(matrix.rows - from)];
                tree.leaves(cpu, matrix, from, leaves);
                leaves.iter().for_each(|leaf| counts[usize::from(*leaf)] += 1);
            }
        });
    }
}
