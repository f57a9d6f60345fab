//! From codes to the columns that trees ask about: bins stay as they are, categories and pairs of them are looked up.

use super::Pair;

/// What is looked up: first the columns of the encoder, then the pairs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookups {
    /// For each category column of the encoder the bin of each code; nothing for the others, whose codes are bins.
    pub columns: Vec<Option<Vec<u8>>>,
    /// Pairs of categories, which are columns of the matrix after those of the encoder.
    pub pairs: Vec<Pair>,
}

impl Lookups {
    /// Columns of the matrix.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len() + self.pairs.len()
    }

    /// Codes of a category column of the encoder.
    #[must_use]
    pub fn codes(&self, column: u16) -> usize {
        self.columns.get(usize::from(column)).and_then(Option::as_ref).map_or(0, Vec::len)
    }

    /// The columns of the encoder that a column of the matrix is made of: one, or the two of a pair.
    #[must_use]
    pub fn sources(&self, column: u16) -> Vec<u16> {
        let pair =
            usize::from(column).checked_sub(self.columns.len()).and_then(|place| self.pairs.get(place));
        pair.map_or_else(|| vec![column], |pair| pair.columns.to_vec())
    }
}

impl From<Vec<Option<Vec<u8>>>> for Lookups {
    /// Without pairs.
    fn from(columns: Vec<Option<Vec<u8>>>) -> Self {
        Self { columns, pairs: Vec::new() }
    }
}
