//! The levels of a category in ascending order, and the way from a text to its code, which scoring goes for every cell.

use std::hash::BuildHasher as _;
use std::ops::Deref;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::{FIRST_LEVEL, OTHER_LEVEL};

/// A dictionary: levels in ascending order. Who may choose the texts that are looked up cannot make it slow, because
/// only its own levels are in it.
#[derive(Clone, Default)]
pub struct Levels {
    texts: Vec<String>,
    /// Positions in `texts`, by the hash of the text.
    positions: HashTable<u32>,
}

impl Levels {
    /// A dictionary of these levels.
    #[must_use]
    pub fn new(texts: Vec<String>) -> Self {
        let mut positions = HashTable::with_capacity(texts.len());
        for position in 0..texts.len() as u32 {
            let hash = |position: &u32| hash(&texts[*position as usize]);
            positions.insert_unique(hash(&position), position, hash);
        }
        Self { texts, positions }
    }

    /// The code of a text: that of its level, else that of all others.
    #[must_use]
    pub fn code(&self, text: &str) -> u32 {
        let position = self.positions.find(hash(text), |position| self.texts[*position as usize] == text);
        position.map_or(OTHER_LEVEL, |position| FIRST_LEVEL + position)
    }
}

fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

impl Deref for Levels {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.texts
    }
}

impl PartialEq for Levels {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl std::fmt::Debug for Levels {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Levels").field(&self.texts).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_its_code_and_all_other_texts_one() {
        let texts: Vec<String> = (0..3000).map(|level| format!("level {level:05}")).collect();
        let levels = Levels::new(texts.clone());
        for (position, text) in texts.iter().enumerate() {
            assert_eq!(levels.code(text), FIRST_LEVEL + position as u32);
        }
        for text in ["", "level", "level 0001", "level 99999"] {
            assert_eq!(levels.code(text), OTHER_LEVEL, "{text:?}");
        }
    }
}
