//! What the pages of a Parquet file claim to unpack to, held against the limits before anything is unpacked.
//!
//! The library sets memory aside for as much as a page's header claims, up to two gigabytes. So the headers are read
//! here first: only their three leading numbers matter, the rest is skipped by the rules of Thrift's compact protocol.

use std::sync::Arc;

use parquet::file::metadata::ParquetMetaData;

use crate::input::{Input, Packing, PackingFlaw};
use crate::{Error, Result};

/// No writer makes a page larger than this unpacked; the usual size is a megabyte.
const LARGEST_PAGE: u64 = 256 << 20;
/// A page's header is read in a window of this size, and again in a larger one where its statistics are long.
const WINDOWS: [usize; 2] = [1 << 10, 1 << 20];
/// Structs within structs, deeper than any page header has.
const DEEPEST: u8 = 8;

/// Whether a file ends as a Parquet file does; a copy that was cut off does not.
pub(super) fn is_whole(input: &dyn Input, size: u64) -> bool {
    let end = size.checked_sub(4).and_then(|start| input.range(start, 4).ok());
    size >= 12 && end.is_some_and(|end| matches!(&end[..], b"PAR1" | b"PARE"))
}

/// Refuses a file whose pages claim to unpack to more than the limits allow.
pub(super) fn check(input: &Arc<dyn Input>, size: u64, metadata: &ParquetMetaData) -> Result<()> {
    let refused = |flaw| Error::Packed { file: input.name().to_owned(), flaw };
    let mut unpacked = 0_u64;
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        // Where the library begins too.
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let start = u64::try_from(start);
        let length = u64::try_from(column.compressed_size());
        let (Ok(mut at), Ok(length)) = (start, length) else {
            return Err(refused(PackingFlaw::Damaged(Packing::Parquet)));
        };
        let end = at.saturating_add(length).min(size);
        while at < end {
            let page = header_at(input.as_ref(), at, end);
            let Some(page) = page.filter(Page::is_plausible) else {
                return Err(refused(PackingFlaw::Damaged(Packing::Parquet)));
            };
            unpacked = unpacked.saturating_add(page.unpacked);
            if let Some(flaw) = input.limits().flaw(size, unpacked) {
                return Err(refused(flaw));
            }
            at = at.saturating_add(page.header).saturating_add(page.packed);
        }
    }
    Ok(())
}

/// What a page's header says.
struct Page {
    header: u64,
    packed: u64,
    unpacked: u64,
    /// Values of a dictionary; none for other pages.
    values: u64,
}

impl Page {
    /// Whether it is not larger than any page is, and a dictionary not longer than its bytes allow.
    fn is_plausible(&self) -> bool {
        self.unpacked <= LARGEST_PAGE && self.values <= self.unpacked
    }
}

fn header_at(input: &dyn Input, at: u64, end: u64) -> Option<Page> {
    WINDOWS.into_iter().find_map(|window| {
        let length = usize::try_from(end - at).map_or(window, |rest| rest.min(window));
        parse(&input.range(at, length).ok()?)
    })
}

/// The header at the beginning of some bytes.
fn parse(bytes: &[u8]) -> Option<Page> {
    let mut cursor = Cursor { rest: bytes };
    let (mut unpacked, mut packed, mut values) = (None, None, 0);
    let mut field = 0;
    while let Some(kind) = cursor.field(&mut field)? {
        match (field, kind) {
            (2, 5) => unpacked = Some(cursor.size()?),
            (3, 5) => packed = Some(cursor.size()?),
            // The header of a dictionary begins with the number of its values.
            (7, 12) => {
                let mut inner = 0;
                while let Some(kind) = cursor.field(&mut inner)? {
                    match (inner, kind) {
                        (1, 5) => values = cursor.size()?,
                        _ => cursor.skip(kind, DEEPEST)?,
                    }
                }
            }
            _ => cursor.skip(kind, DEEPEST)?,
        }
    }
    let header = (bytes.len() - cursor.rest.len()) as u64;
    Some(Page { header, unpacked: unpacked?, packed: packed?, values })
}

/// Whole numbers of either sign, small ones in few bytes.
fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A number that cannot be negative.
    fn size(&mut self) -> Option<u64> {
        u64::try_from(zigzag(self.varint()?)).ok()
    }

    /// The kind of the next field of a structure, its number in `number`; no kind at the structure's end.
    fn field(&mut self, number: &mut i64) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *number = match head >> 4 {
            0 => zigzag(self.varint()?),
            further => number.checked_add(i64::from(further))?,
        };
        Some(Some(head & 15))
    }

    fn jump(&mut self, length: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    /// Passes over a value of this kind.
    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A truth is told by the kind itself.
            1 | 2 => Some(()),
            3 => self.jump(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.jump(8),
            8 => {
                let length = self.varint()?;
                self.jump(length)
            }
            12 => {
                let mut number = 0;
                while let Some(kind) = self.field(&mut number)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            // Lists and maps are in no page header.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dictionary page of 8 bytes, its number of values as written in the file.
    fn dictionary(values: &[u8]) -> Vec<u8> {
        let sizes = [0x15, 4, 0x15, 16, 0x15, 16];
        [&sizes[..], &[0x4c, 0x15], values, &[0x15, 0, 0, 0]].concat()
    }

    #[test]
    fn a_dictionary_longer_than_its_bytes_is_not_plausible() {
        let page = parse(&dictionary(&[2])).unwrap();
        assert_eq!((page.header, page.unpacked, page.packed, page.values), (13, 8, 8, 1));
        assert!(page.is_plausible());
        assert!(!parse(&dictionary(&[0xfe, 0xff, 0xff, 0xff, 0x0f])).unwrap().is_plausible());
        assert!(parse(&dictionary(&[1])).is_none(), "a negative number of values is no header");
        let whole = dictionary(&[2]);
        assert!((0..whole.len()).all(|length| parse(&whole[..length]).is_none()), "a cut header is none");
    }
}
