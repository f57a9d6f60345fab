//! A fitted forest: questions and numbers, immutable, and the margin of rows under it.

use super::Matrix;

/// Levels a tree may have, so that its leaf fits six bits.
pub const MOST_DEPTH: usize = 6;

/// Is the bin of `column` above `bin`?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Position of the column in the encoder.
    pub column: u16,
    /// A row whose bin is above this one answers yes.
    pub bin: u8,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forest {
    /// The margin before any tree, in units of 2⁻²⁴ log-odds.
    pub base: i64,
    /// For each category column of the encoder the bin of each code.
    pub lookups: Vec<Option<Vec<u8>>>,
    /// The trees, in the order they were grown.
    pub trees: Vec<Tree>,
}

impl Tree {
    /// The leaf of each row, written into `leaves`.
    pub fn leaves(&self, matrix: &Matrix, leaves: &mut Vec<u8>) {
        leaves.clear();
        leaves.resize(matrix.rows, 0);
        for (level, question) in self.questions.iter().enumerate() {
            let bins = &matrix.columns[usize::from(question.column)];
            for (leaf, bin) in leaves.iter_mut().zip(bins) {
                *leaf |= u8::from(*bin > question.bin) << level;
            }
        }
    }

    /// Adds the tree's values to the margins of rows; `leaves` is room to work in.
    pub fn add_to(&self, matrix: &Matrix, margins: &mut [i64], leaves: &mut Vec<u8>) {
        self.leaves(matrix, leaves);
        for (margin, leaf) in margins.iter_mut().zip(leaves.iter()) {
            *margin += i64::from(self.values[usize::from(*leaf)]);
        }
    }
}

impl Forest {
    /// The margin of each row, in units of 2⁻²⁴ log-odds.
    #[must_use]
    pub fn margins(&self, matrix: &Matrix) -> Vec<i64> {
        let mut margins = vec![self.base; matrix.rows];
        let mut leaves = Vec::new();
        for tree in &self.trees {
            tree.add_to(matrix, &mut margins, &mut leaves);
        }
        margins
    }
}
