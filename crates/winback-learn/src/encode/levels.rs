//! The levels of a category in ascending order, and the way from a text to its code, which scoring goes for every cell.
//!
//! Nearly all levels are short. Those stand in their table as two numbers and a length, so that finding one reads no text
//! but the one that is looked up.

use std::hash::{BuildHasher as _, Hash};
use std::ops::Deref;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::{FIRST_LEVEL, OTHER_LEVEL};

/// A dictionary: levels in ascending order. Who may choose the texts that are looked up cannot make it slow, because
/// only its own levels are in it.
#[derive(Clone, Default)]
pub struct Levels {
    texts: Vec<String>,
    /// Positions in `texts` of the short ones.
    short: HashTable<(Short, u32)>,
    /// Positions in `texts` of the others, by the hash of the text.
    long: HashTable<u32>,
}

/// A text of at most sixteen bytes: its first bytes, its last bytes, which may be the same ones, and how many it has.
/// Equal for equal texts only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Short {
    first: u64,
    last: u64,
    length: u64,
}

impl Short {
    fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let length = bytes.len();
        let (first, last) =
            match (bytes.first_chunk(), bytes.last_chunk(), bytes.first_chunk(), bytes.last_chunk()) {
                _ if length > 16 => return None,
                (Some(first), Some(last), ..) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
                (_, _, Some(first), Some(last)) => {
                    (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
                }
                _ => match bytes {
                    [] => (0, 0),
                    // Of one to three bytes these are all.
                    [first, .., last] => {
                        (u64::from(*first) << 8 | u64::from(bytes[length / 2]), u64::from(*last))
                    }
                    [only] => (u64::from(*only), 0),
                },
            };
        Some(Self { first, last, length: length as u64 })
    }
}

impl Levels {
    /// A dictionary of these levels.
    #[must_use]
    pub fn new(texts: Vec<String>) -> Self {
        let (mut short, mut long) = (HashTable::with_capacity(texts.len()), HashTable::new());
        for (text, position) in texts.iter().zip(0..) {
            if let Some(text) = Short::new(text) {
                short.insert_unique(hash(&text), (text, position), |(text, _)| hash(text));
            } else {
                long.insert_unique(hash(text), position, |position: &u32| hash(&texts[*position as usize]));
            }
        }
        Self { texts, short, long }
    }

    /// The code of a text: that of its level, else that of all others.
    #[must_use]
    pub fn code(&self, text: &str) -> u32 {
        let position = match Short::new(text) {
            Some(text) => {
                self.short.find(hash(&text), |(other, _)| *other == text).map(|(_, position)| position)
            }
            None => self.long.find(hash(text), |position| self.texts[*position as usize] == text),
        };
        position.map_or(OTHER_LEVEL, |position| FIRST_LEVEL + position)
    }
}

fn hash<T: Hash + ?Sized>(value: &T) -> u64 {
    FixedState::default().hash_one(value)
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

    #[test]
    fn texts_of_every_length_are_told_apart_by_every_byte() {
        let of_length = |length: usize| "abcdefghijklmnopqrstuvwxyz".get(..length).unwrap().to_owned();
        let texts: Vec<String> = (0..=20).map(of_length).collect();
        let levels = Levels::new(texts.clone());
        for (position, text) in texts.iter().enumerate() {
            assert_eq!(levels.code(text), FIRST_LEVEL + position as u32, "{text}");
            for changed in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(changed..=changed, "Z");
                assert_eq!(levels.code(&other), OTHER_LEVEL, "{other}");
            }
        }
    }
}
