//! Bins as training reads them: eight columns packed into a word for each row, so that one load serves eight histograms.

use rayon::prelude::*;
use winback_kernels::COLUMNS_A_WORD;

use super::Matrix;

/// Rows that are packed at once, so that their words stay near the processor while column after column comes in.
const BLOCK: usize = 512;

/// The bins of some rows of a matrix, a list of words for each eight columns.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// For each eight columns a word a row, the lowest byte that of the first column.
    pub(super) groups: Vec<Vec<u64>>,
}

impl Words {
    /// Packs rows of a matrix in the order given; the room of earlier words is used again.
    pub(super) fn fill(&mut self, matrix: &Matrix, rows: &[u32], is_shared: bool) {
        self.groups.resize_with(matrix.columns.len().div_ceil(COLUMNS_A_WORD), Vec::new);
        let fill = |(words, columns): (&mut Vec<u64>, &[Vec<u8>])| {
            words.clear();
            words.resize(rows.len(), 0);
            for (words, rows) in words.chunks_mut(BLOCK).zip(rows.chunks(BLOCK)) {
                for (place, column) in columns.iter().enumerate() {
                    for (word, row) in words.iter_mut().zip(rows) {
                        *word |= u64::from(column[*row as usize]) << (8 * place);
                    }
                }
            }
        };
        let columns = matrix.columns.chunks(COLUMNS_A_WORD);
        if is_shared {
            let columns: Vec<&[Vec<u8>]> = columns.collect();
            self.groups.par_iter_mut().zip(columns).for_each(fill);
        } else {
            self.groups.iter_mut().zip(columns).for_each(fill);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_of_a_word_is_a_column() {
        let columns: Vec<Vec<u8>> = (0..11).map(|column| vec![column, column + 100, column + 200]).collect();
        let mut words = Words::default();
        words.fill(&Matrix { columns, rows: 3 }, &[2, 0], false);
        assert_eq!(words.groups.len(), 2);
        assert_eq!(words.groups[0][0].to_le_bytes(), [200, 201, 202, 203, 204, 205, 206, 207]);
        assert_eq!(words.groups[1][1].to_le_bytes(), [8, 9, 10, 0, 0, 0, 0, 0]);
    }
}
