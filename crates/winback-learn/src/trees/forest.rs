//! A fitted forest: questions and numbers, immutable, and the margin of rows under it.

use winback_kernels::{Cpu, LEAVES};

use super::block::{BLOCK, Bounded, in_groups};
use super::{Lookups, Matrix};

/// Levels a tree may have.
pub const MOST_DEPTH: usize = winback_kernels::MOST_QUESTIONS;

/// Is the bin of `column` above `bin`?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Position of the column in the matrix: that of the encoder, or, after those, a pair.
    pub column: u16,
    /// A row whose bin is above this one answers yes.
    pub bin: u8,
    /// Whether rows without a value answer yes; then `bin` is at least 1.
    pub missing_is_above: bool,
}

impl Question {
    /// Whether a row with this bin of the column answers yes.
    #[must_use]
    pub fn is_yes(self, bin: u8) -> bool {
        let (shift, above) = self.shifted();
        bin.wrapping_sub(shift) > above
    }

    /// The question as kernels take it: what to take off each bin first, and above which one the answer is yes.
    pub(super) fn shifted(self) -> (u8, u8) {
        let shift = u8::from(self.missing_is_above);
        (shift, self.bin.wrapping_sub(shift))
    }

    /// The question to the rows of a column.
    pub(super) fn to<'a>(self, bins: &'a [u8]) -> winback_kernels::Question<'a> {
        let (shift, above) = self.shifted();
        winback_kernels::Question { bins, shift, above }
    }
}

/// One oblivious tree. A row's leaf has bit k set when the row answers yes to question k.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// At most [`MOST_DEPTH`] questions, the root's first.
    pub questions: Vec<Question>,
    /// What each leaf adds to the margin, in units of 2⁻²⁴ log-odds.
    pub values: Vec<i32>,
    /// Training rows in each leaf.
    pub counts: Vec<u32>,
}

/// A sum of trees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forest {
    /// The margin before any tree, in units of 2⁻²⁴ log-odds.
    pub base: i64,
    /// From codes to the columns that questions are about.
    pub lookups: Lookups,
    /// The trees, in the order they were grown.
    pub trees: Vec<Tree>,
}

impl Tree {
    /// The leaf of each row from `from` on, as many as `leaves` has room for.
    pub(super) fn leaves(&self, cpu: Cpu, matrix: &Matrix, from: usize, leaves: &mut [u8]) {
        let mut questions = [winback_kernels::Question { bins: &[], shift: 0, above: 0 }; MOST_DEPTH];
        for (asked, question) in questions.iter_mut().zip(&self.questions) {
            *asked = question.to(&matrix.columns[usize::from(question.column)][from..][..leaves.len()]);
        }
        cpu.leaves(&questions[..self.questions.len()], leaves);
    }

    /// The values as a table of all leaves that six answers can number.
    pub(super) fn table(&self) -> [i32; LEAVES] {
        let mut table = [0; LEAVES];
        table[..self.values.len()].copy_from_slice(&self.values);
        table
    }

    /// Adds the tree's values to the margins of all rows.
    pub fn add_to(&self, matrix: &Matrix, margins: &mut [i64]) {
        let cpu = Cpu::chosen();
        let mut leaves = [0; BLOCK];
        for (block, margins) in margins.chunks_mut(BLOCK).enumerate() {
            let leaves = &mut leaves[..margins.len()];
            self.leaves(cpu, matrix, block * BLOCK, leaves);
            for (margin, leaf) in margins.iter_mut().zip(leaves.iter()) {
                *margin += i64::from(self.values[usize::from(*leaf)]);
            }
        }
    }
}

impl Bounded for Tree {
    fn bound(&self) -> u32 {
        self.values.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0)
    }
}

impl Forest {
    /// The mean of forests that were grown on the same training part: all their trees, each with its share of its values.
    ///
    /// Nothing without a forest. Shares are rounded to whole units, larger values never to smaller shares.
    #[must_use]
    pub fn mean(forests: Vec<Self>) -> Option<Self> {
        let count = forests.len() as f64;
        forests
            .into_iter()
            .reduce(|mut all, forest| {
                all.trees.extend(forest.trees);
                all
            })
            .map(|mut all| {
                for value in all.trees.iter_mut().flat_map(|tree| &mut tree.values) {
                    *value = (f64::from(*value) / count).round() as i32;
                }
                all
            })
    }

    /// The margin of each row, in units of 2⁻²⁴ log-odds.
    #[must_use]
    pub fn margins(&self, matrix: &Matrix) -> Vec<i64> {
        let cpu = Cpu::chosen();
        let groups = in_groups(&self.trees);
        let mut margins = vec![self.base; matrix.rows];
        let (mut leaves, mut sums) = ([0; BLOCK], [0; BLOCK]);
        for (block, margins) in margins.chunks_mut(BLOCK).enumerate() {
            let (leaves, sums) = (&mut leaves[..margins.len()], &mut sums[..margins.len()]);
            for group in &groups {
                sums.fill(0);
                for tree in *group {
                    tree.leaves(cpu, matrix, block * BLOCK, leaves);
                    cpu.add_table(&tree.table(), leaves, sums);
                }
                margins.iter_mut().zip(sums.iter()).for_each(|(margin, sum)| *margin += i64::from(*sum));
            }
        }
        margins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_forests_has_the_mean_of_their_margins() {
        let question = Question { column: 0, bin: 1, missing_is_above: false };
        let forest = |values: [i32; 2]| Forest {
            base: -100,
            lookups: vec![None].into(),
            trees: vec![Tree { questions: vec![question], values: values.to_vec(), counts: vec![3, 4] }],
        };
        let forests = [[10, -7], [20, 3], [31, 8]].map(forest);
        let matrix = Matrix { columns: vec![vec![0, 2]], rows: 2 };
        let mean = Forest::mean(forests.to_vec()).unwrap();
        assert_eq!((mean.trees.len(), mean.base), (3, -100));
        // 10 / 3, 20 / 3 and 31 / 3, each rounded.
        assert_eq!(mean.margins(&matrix), [-100 + 3 + 7 + 10, -100 - 2 + 1 + 3]);
        assert_eq!(Forest::mean(forests[..1].to_vec()).unwrap(), forests[0]);
        assert_eq!(Forest::mean(Vec::new()), None);
    }
}
