//! The footer of a Parquet file, looked at before the library reads it.
//!
//! The library takes a column's columns by calling itself, and sets memory aside for as many as the footer says there
//! are. A footer of a few bytes could so end the whole program, which no error and no caught panic does.

use super::thrift::What::{Byte, Bytes, Double, List, Long, Short, Structure, Truth, Whole};
use super::thrift::{Cursor, Shape, What};
use crate::HeaderFlaw;
use crate::input::{Packing, PackingFlaw};

/// Columns within columns, more than any table has.
const DEEPEST: usize = 64;
/// Columns and groups of them: plain tables have as many as columns, lists take three each.
const MOST_ELEMENTS: usize = 200_000;
/// Bytes of all columns' names, each with the names of the groups it is in.
const MOST_NAMES: u64 = 64 << 20;
/// The library numbers the parts of a file in 16 bits, but sets memory aside before it counts.
const MOST_GROUPS: usize = i16::MAX as usize;

const FILE: Shape = &[
    (1, Whole),
    (2, List(&Structure(ELEMENT))),
    (3, Long),
    (4, List(&Structure(GROUP))),
    (5, List(&Structure(PAIR))),
    (6, Bytes),
    (7, List(&Structure(UNION))),
];
const ELEMENT: Shape = &[
    (1, Whole),
    (2, Whole),
    (3, Whole),
    (4, Bytes),
    (5, Whole),
    (6, Whole),
    (7, Whole),
    (8, Whole),
    (9, Whole),
    (10, Structure(LOGICAL)),
];
const LOGICAL: Shape = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Structure(&[(1, Whole), (2, Whole)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Structure(&[(1, Byte), (2, Truth)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Structure(&[(1, Byte)])),
    (17, Structure(&[(1, Bytes)])),
    (18, Structure(&[(1, Bytes), (2, Whole)])),
];
const EMPTY: What = Structure(&[]);
const TIME: What = Structure(&[(1, Truth), (2, Structure(UNION))]);
/// One of several things that say nothing more.
const UNION: Shape = &[(1, EMPTY), (2, EMPTY), (3, EMPTY)];
const GROUP: Shape = &[
    (1, List(&Structure(CHUNK))),
    (2, Long),
    (3, Long),
    (4, List(&Structure(&[(1, Whole), (2, Truth), (3, Truth)]))),
    (5, Long),
    (6, Long),
    (7, Short),
];
const CHUNK: Shape = &[
    (1, Bytes),
    (2, Long),
    (3, Structure(COLUMN)),
    (4, Long),
    (5, Whole),
    (6, Long),
    (7, Whole),
    (9, Bytes),
];
const COLUMN: Shape = &[
    (1, Whole),
    (2, List(&Whole)),
    (3, List(&Bytes)),
    (4, Whole),
    (5, Long),
    (6, Long),
    (7, Long),
    (8, List(&Structure(PAIR))),
    (9, Long),
    (10, Long),
    (11, Long),
    (12, Structure(STATISTICS)),
    (13, List(&Structure(&[(1, Whole), (2, Whole), (3, Whole)]))),
    (14, Long),
    (15, Whole),
    (16, Structure(&[(1, Long), (2, List(&Long)), (3, List(&Long))])),
    (17, Structure(&[(1, Structure(BOX)), (2, List(&Whole))])),
];
pub(super) const STATISTICS: Shape =
    &[(1, Bytes), (2, Bytes), (3, Long), (4, Long), (5, Bytes), (6, Bytes), (7, Truth), (8, Truth)];
const BOX: Shape =
    &[(1, Double), (2, Double), (3, Double), (4, Double), (5, Double), (6, Double), (7, Double), (8, Double)];
const PAIR: Shape = &[(1, Bytes), (2, Bytes)];

/// Why a footer is not given to the library.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Packing(PackingFlaw),
    Header(HeaderFlaw),
}

/// Refuses a footer that contradicts itself, or that has columns beyond measure.
pub(super) fn check(footer: &[u8]) -> Result<(), Flaw> {
    let mut cursor = Cursor { rest: footer };
    let mut flaw = Flaw::Packing(PackingFlaw::Damaged(Packing::Parquet));
    walk(&mut cursor, &mut flaw).ok_or(flaw)
}

/// Walks the footer; nothing where it must be refused, for what is in `flaw`.
fn walk(cursor: &mut Cursor<'_>, flaw: &mut Flaw) -> Option<()> {
    let mut number = 0;
    while let Some(kind) = cursor.field(&mut number)? {
        match number {
            2 => {
                let count = cursor.list(kind, &Structure(ELEMENT))?;
                if count > MOST_ELEMENTS {
                    *flaw = Flaw::Header(HeaderFlaw::TooMany);
                    return None;
                }
                elements(cursor, count, flaw)?;
            }
            4 => {
                let count = cursor.list(kind, &Structure(GROUP))?;
                (count <= MOST_GROUPS).then_some(())?;
                (0..count).try_for_each(|_| cursor.structure(GROUP))?;
            }
            _ => cursor.pass(FILE, number, kind)?,
        }
    }
    Some(())
}

/// Walks the columns, which stand one after the other, each group before what is in it.
fn elements(cursor: &mut Cursor<'_>, count: usize, flaw: &mut Flaw) -> Option<()> {
    /// A group: what is still to come of it, and the bytes of the names down to it.
    struct Open {
        to_come: u64,
        names: u64,
    }
    let mut open: Vec<Open> = Vec::new();
    let mut all_names = 0_u64;
    for index in 0..count {
        let (mut name, mut children, mut number) = (0, 0, 0);
        while let Some(kind) = cursor.field(&mut number)? {
            match number {
                4 => name = cursor.length(kind)?,
                5 => children = cursor.size(kind)?,
                _ => cursor.pass(ELEMENT, number, kind)?,
            }
        }
        let left = (count - index - 1) as u64;
        (children <= left).then_some(())?;
        while open.last().is_some_and(|group| group.to_come == 0) {
            open.pop();
        }
        if let Some(group) = open.last_mut() {
            group.to_come -= 1;
        }
        let names = open.last().map_or(0, |group| group.names).saturating_add(name);
        all_names = all_names.saturating_add(names);
        if open.len() >= DEEPEST || all_names > MOST_NAMES {
            *flaw = Flaw::Packing(PackingFlaw::Nested);
            return None;
        }
        if children > 0 {
            open.push(Open { to_come: children, names });
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer whose columns have these numbers of children.
    fn footer(children: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0x15, 2, 0x19, 0xfc];
        let varint = |bytes: &mut Vec<u8>, mut value: u64| {
            while value > 127 {
                bytes.push(value as u8 | 128);
                value >>= 7;
            }
            bytes.push(value as u8);
        };
        varint(&mut bytes, children.len() as u64);
        for count in children {
            // Its repetition, its name, its children.
            bytes.extend([0x35, 2, 0x18, 1, b'a', 0x15]);
            varint(&mut bytes, u64::from(*count) << 1);
            bytes.push(0);
        }
        bytes.extend([0x16, 0, 0x19, 0x0c, 0]);
        bytes
    }

    const DAMAGED: Result<(), Flaw> = Err(Flaw::Packing(PackingFlaw::Damaged(Packing::Parquet)));
    const NESTED: Result<(), Flaw> = Err(Flaw::Packing(PackingFlaw::Nested));

    #[test]
    fn columns_are_as_many_and_as_deep_as_they_may_be() {
        assert_eq!(check(&footer(&[2, 0, 1, 0])), Ok(()));
        assert_eq!(check(&footer(&[3, 0, 0])), DAMAGED, "more children than columns");
        assert_eq!(check(&footer(&[i32::MAX as u32])), DAMAGED);
        let mut deep = vec![1; 63];
        deep.push(0);
        assert_eq!(check(&footer(&deep)), Ok(()));
        deep.insert(0, 1);
        assert_eq!(check(&footer(&deep)), NESTED);
        assert_eq!(check(&footer(&[vec![1; 2000], vec![0]].concat())), NESTED);
        let mut wide = vec![0; MOST_ELEMENTS + 1];
        wide[0] = MOST_ELEMENTS as u32;
        assert_eq!(check(&footer(&wide)), Err(Flaw::Header(HeaderFlaw::TooMany)));
    }

    #[test]
    fn a_long_name_is_not_repeated_without_end() {
        let mut bytes = vec![0x15, 2, 0x19, 0xfc, 0x94, 0x1f];
        let element = |bytes: &mut Vec<u8>, name: usize, children: &[u8]| {
            bytes.extend([0x48, (name & 127) as u8 | 128, (name >> 7 & 127) as u8 | 128, (name >> 14) as u8]);
            bytes.resize(bytes.len() + name, b'a');
            bytes.push(0x15);
            bytes.extend(children);
            bytes.push(0);
        };
        element(&mut bytes, 4, &[2]);
        element(&mut bytes, 100_000, &[0xa4, 0x3e]);
        (0..3986).for_each(|_| element(&mut bytes, 4, &[0]));
        assert_eq!(check(&bytes), NESTED);
    }

    #[test]
    fn a_list_longer_than_the_footer_is_damage() {
        let mut bytes = footer(&[1, 0]);
        bytes.truncate(bytes.len() - 2);
        bytes.extend([0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0]);
        assert_eq!(check(&bytes), DAMAGED);
        let whole = footer(&[1, 0]);
        assert!((0..whole.len()).all(|length| check(&whole[..length]) == DAMAGED), "a cut footer");
    }
}
