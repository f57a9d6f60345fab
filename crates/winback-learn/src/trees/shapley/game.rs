//! What a tree is worth to each coalition of the columns it asks about: the game that Shapley and interaction values
//! divide.
//!
//! The columns of a coalition answer as the row does. What the others answer is told by the training counts
//! (path-dependent, Lundberg and others 2020), or taken from each row of a background in turn (interventional, Janzing
//! and others 2020). Either way the value depends on the row's leaf alone. Players are columns of the encoder; a question
//! about two of them is answered by a coalition that has both.

use winback_kernels::LEAVES;

use crate::trees::{Lookups, Tree};

/// The worth of every coalition in one tree.
pub(super) struct Game {
    /// The columns of the encoder the tree asks about, each once, in the order of its questions: at most two a question.
    pub(super) players: Vec<u16>,
    /// `values[known][leaf]`: what is expected of the tree when the players whose bits are set in `known` answer as the
    /// leaf says, in units of 2⁻²⁴ log-odds.
    pub(super) values: Vec<Vec<f64>>,
}

impl Game {
    /// Questions on other columns average both branches by training counts, levels in stored order; an empty branch
    /// splits half and half.
    pub(super) fn of_training(tree: &Tree, lookups: &Lookups) -> Self {
        let nodes = node_counts(&tree.counts);
        Self::new(tree, lookups, |own| by_branches(tree, &nodes, own))
    }

    /// Questions on other columns are answered by rows of a background, and the tree's values averaged over these;
    /// `rows` says how many of them are in each leaf.
    pub(super) fn of_rows(tree: &Tree, lookups: &Lookups, rows: &[u64; LEAVES]) -> Self {
        Self::new(tree, lookups, |own| by_rows(tree, rows, own))
    }

    /// `worth` answers by leaf what a coalition is worth, told by the answers that are its own: bits of a leaf.
    fn new(tree: &Tree, lookups: &Lookups, worth: impl Fn(usize) -> Vec<f64>) -> Self {
        let asked: Vec<Vec<u16>> =
            tree.questions.iter().map(|question| lookups.sources(question.column)).collect();
        let mut players: Vec<u16> = Vec::new();
        for column in asked.iter().flatten() {
            if !players.contains(column) {
                players.push(*column);
            }
        }
        // The players that a question needs, as bits.
        let needed = |sources: &Vec<u16>| -> usize {
            let is_needed = |(_, player): &(usize, &u16)| sources.contains(player);
            players.iter().enumerate().filter(is_needed).map(|(place, _)| 1 << place).sum()
        };
        let needed: Vec<usize> = asked.iter().map(needed).collect();
        let own_answers = |known: usize| -> usize {
            let levels = needed.iter().enumerate();
            levels.filter(|(_, needed)| known & **needed == **needed).map(|(level, _)| 1 << level).sum()
        };
        // Coalitions with the same answers are worth the same.
        let mut worths: Vec<Option<Vec<f64>>> = vec![None; LEAVES];
        let of_coalition = |known: usize| {
            let own = own_answers(known);
            worths[own].get_or_insert_with(|| worth(own)).clone()
        };
        let values = (0..1 << players.len()).map(of_coalition).collect();
        Self { players, values }
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

/// For each leaf the mean over the branches of all questions whose bits are not set in `own`.
fn by_branches(tree: &Tree, nodes: &[Vec<f64>], own: usize) -> Vec<f64> {
    let mut values: Vec<f64> = tree.values.iter().map(|value| f64::from(*value)).collect();
    for level in (0..tree.questions.len()).rev() {
        let bit = 1 << level;
        if own & bit != 0 {
            continue;
        }
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

/// For each leaf the mean over background rows of the leaf that has the bits of `own` from it, and the others from the
/// row. Sums are integers; without any row all means are zero.
fn by_rows(tree: &Tree, rows: &[u64; LEAVES], own: usize) -> Vec<f64> {
    let total = rows.iter().sum::<u64>().max(1) as f64;
    let mut others = [0_u64; LEAVES];
    for (leaf, rows) in rows.iter().enumerate() {
        others[leaf & !own] += rows;
    }
    let others: Vec<(usize, i128)> = (0..tree.values.len())
        .filter(|other| others[*other] > 0)
        .map(|other| (other, i128::from(others[other])))
        .collect();
    let mut means = vec![0.0; tree.values.len()];
    for leaf in 0..means.len() {
        let own_leaf = leaf & own;
        // Leaves with the same own answers have the same mean, and the first of them comes first.
        means[leaf] = if own_leaf < leaf {
            means[own_leaf]
        } else {
            let worth = |(other, rows): &(usize, i128)| i128::from(tree.values[leaf | other]) * rows;
            others.iter().map(worth).sum::<i128>() as f64 / total
        };
    }
    means
}
