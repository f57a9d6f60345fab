//! The levels of a category in ascending order, and the way from a text to its code, which scoring goes for every cell.
//!
//! Nearly all levels are short. Those stand in their table as a number each, so that finding one reads no text but the one that
//! is looked up.

use std::hash::{BuildHasher as _, Hash};
use std::ops::Deref;

use arrow::array::{Array as _, StringArray};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::{FIRST_LEVEL, MISSING_LEVEL, OTHER_LEVEL};

/// A dictionary: levels in ascending order. Who may choose the texts that are looked up cannot make it slow, because
/// only its own levels are in it.
#[derive(Clone, Default)]
pub struct Levels {
    texts: Vec<String>,
    /// Positions in `texts` of the short ones.
    shorts: HashTable<(Short, u32)>,
    /// Positions in `texts` of the others, by the hash of the text.
    longs: HashTable<u32>,
}

/// A text of at most fifteen bytes as one number: the bytes, zeros, and in the last byte how many there are. Equal for
/// equal texts only.
type Short = u128;

const LENGTH: usize = size_of::<Short>() - 1;

/// The text that lies `from..to` in some bytes, if it is short. Where it can, it reads as many bytes whatever the length,
/// which differs from row to row and so cannot be foreseen.
fn short(bytes: &[u8], from: usize, to: usize) -> Option<Short> {
    let length = to - from;
    if length > LENGTH {
        return None;
    }
    let read = match bytes[from..].first_chunk() {
        Some(chunk) => Short::from_le_bytes(*chunk),
        None => {
            let mut chunk = [0; size_of::<Short>()];
            chunk[..length].copy_from_slice(&bytes[from..to]);
            Short::from_le_bytes(chunk)
        }
    };
    let text = read & ((1 << (8 * length)) - 1);
    Some(text | (length as Short) << (8 * LENGTH))
}

impl Levels {
    /// A dictionary of these levels.
    #[must_use]
    pub fn new(texts: Vec<String>) -> Self {
        let (mut shorts, mut longs) = (HashTable::with_capacity(texts.len()), HashTable::new());
        for (text, position) in texts.iter().zip(0..) {
            if let Some(text) = short(text.as_bytes(), 0, text.len()) {
                shorts.insert_unique(hash(&text), (text, position), |(text, _)| hash(text));
            } else {
                longs.insert_unique(hash(text), position, |position: &u32| hash(&texts[*position as usize]));
            }
        }
        Self { texts, shorts, longs }
    }

    /// The code of each text: that of its level, else that of all others; or that of what is missing.
    pub(super) fn codes(&self, texts: &StringArray) -> impl Iterator<Item = u32> {
        let bytes = texts.values();
        texts.offsets().windows(2).enumerate().map(move |(row, ends)| {
            if texts.is_null(row) {
                return MISSING_LEVEL;
            }
            let position = match short(bytes, ends[0] as usize, ends[1] as usize) {
                Some(text) => {
                    self.shorts.find(hash(&text), |(other, _)| *other == text).map(|(_, position)| position)
                }
                None => self.long(texts.value(row)),
            };
            position.map_or(OTHER_LEVEL, |position| FIRST_LEVEL + position)
        })
    }

    fn long(&self, text: &str) -> Option<&u32> {
        self.longs.find(hash(text), |position| self.texts[*position as usize] == text)
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

    fn codes<'a>(levels: &Levels, texts: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
        levels.codes(&texts.into_iter().map(Some).collect()).collect()
    }

    #[test]
    fn every_level_has_its_code_and_all_other_texts_one() {
        let texts: Vec<String> = (0..3000).map(|level| format!("level {level:05}")).collect();
        let levels = Levels::new(texts.clone());
        let expected: Vec<u32> = (0..3000).map(|position| FIRST_LEVEL + position).collect();
        assert_eq!(codes(&levels, texts.iter().map(String::as_str)), expected);
        let others = ["", "level", "level 0001", "level 99999"];
        assert_eq!(codes(&levels, others), [OTHER_LEVEL; 4]);
    }

    #[test]
    fn missing_is_a_code_of_its_own() {
        let levels = Levels::new(vec![String::new(), "a".to_owned()]);
        let texts = [Some("a"), None, Some("")].into_iter().collect();
        assert_eq!(levels.codes(&texts).collect::<Vec<_>>(), [FIRST_LEVEL + 1, MISSING_LEVEL, FIRST_LEVEL]);
    }

    #[test]
    fn texts_of_every_length_are_told_apart_by_every_byte() {
        let of_length = |length: usize| "abcdefghijklmnopqrstuvwxyz".get(..length).unwrap().to_owned();
        let texts: Vec<String> = (0..=20).map(of_length).collect();
        let levels = Levels::new(texts.clone());
        for (position, text) in texts.iter().enumerate() {
            let code = FIRST_LEVEL + position as u32;
            // Followed by other bytes, and by none.
            assert_eq!(codes(&levels, [text, "and quite some more"])[0], code, "{text}");
            assert_eq!(codes(&levels, [text.as_str()]), [code], "{text}");
            let zeros = format!("{text}\0");
            assert_eq!(codes(&levels, [zeros.as_str()]), [OTHER_LEVEL], "{zeros:?}");
            for changed in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(changed..=changed, "Z");
                assert_eq!(codes(&levels, [other.as_str()]), [OTHER_LEVEL], "{other}");
            }
        }
    }
}
