//! What the pages of a Parquet file claim to unpack to, held against the limits before anything is unpacked.
//!
//! The library sets memory aside for as much as a page's header claims, up to two gigabytes. So the headers are read
//! here first: only their three leading numbers matter, the rest is skipped by the rules of Thrift's compact protocol.

use std::sync::Arc;

use bytes::Bytes;
use parquet::file::metadata::ParquetMetaData;

use crate::input::{Input, Packing, PackingFlaw, Ranges};
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
    let damaged = || refused(PackingFlaw::Damaged(Packing::Parquet));
    let ranges = input.ranges().map_err(|error| Error::io("open", input.name(), error))?;
    let mut window = Window { ranges, start: 0, bytes: Bytes::new() };
    let (mut walked, mut unpacked) = (0_u64, 0_u64);
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        // Where the library begins too.
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let start = u64::try_from(start);
        let length = u64::try_from(column.compressed_size());
        let (Ok(mut at), Ok(length)) = (start, length) else {
            return Err(damaged());
        };
        let end = at.saturating_add(length).min(size);
        while at < end {
            let page = window.header_at(at, end).filter(Page::is_plausible).ok_or_else(damaged)?;
            let length = page.header.saturating_add(page.packed);
            // No two pages share a byte, so all together are no longer than the file. One that says so wants to be read
            // without end.
            walked = walked.saturating_add(length.min(end - at));
            if walked > size {
                return Err(damaged());
            }
            unpacked = unpacked.saturating_add(page.unpacked);
            if let Some(flaw) = input.limits().flaw(size, unpacked) {
                return Err(refused(flaw));
            }
            at = at.saturating_add(length);
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

/// The part of the file that was read last: small pages lie in it together.
struct Window<'a> {
    ranges: Ranges<'a>,
    start: u64,
    bytes: Bytes,
}

impl Window<'_> {
    /// The header of the page that begins `at`, in a column that ends at `end`.
    fn header_at(&mut self, at: u64, end: u64) -> Option<Page> {
        let kept = at.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        if let Some(page) = kept.and_then(|skipped| parse(self.bytes.get(skipped..)?)) {
            return Some(page);
        }
        WINDOWS.into_iter().find_map(|window| {
            let length = usize::try_from(end - at).map_or(window, |rest| rest.min(window));
            (self.start, self.bytes) = (at, (self.ranges)(at, length).ok()?);
            parse(&self.bytes)
        })
    }
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
    use std::io::{self, Read};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::{ArrayRef, Float64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::input::MemoryInput;

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

    /// A file that counts how often it is opened.
    #[derive(Debug)]
    struct Counted(MemoryInput, AtomicUsize);

    impl Input for Counted {
        fn name(&self) -> &str {
            self.0.name()
        }

        fn open(&self) -> io::Result<Box<dyn Read + Send>> {
            self.0.open()
        }

        fn size(&self) -> io::Result<u64> {
            self.0.size()
        }

        fn range(&self, start: u64, length: usize) -> io::Result<Bytes> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.range(start, length)
        }

        fn ranges(&self) -> io::Result<Ranges<'_>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.ranges()
        }
    }

    #[test]
    fn pages_are_walked_once_and_with_one_handle() {
        let numbers = Float64Array::from_iter_values((0..50_000).map(f64::from));
        let batch = RecordBatch::try_from_iter([("n", Arc::new(numbers) as ArrayRef)]).unwrap();
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_data_page_row_count_limit(1000)
            .set_write_batch_size(1000)
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        let input = MemoryInput::new("week.parquet", writer.into_inner().unwrap());
        let counted = Arc::new(Counted(input, AtomicUsize::new(0)));
        let input: Arc<dyn Input> = counted.clone();
        let size = input.size().unwrap();
        let builder = super::super::open(&input).unwrap();
        let before = counted.1.load(Ordering::Relaxed);
        check(&input, size, builder.metadata()).unwrap();
        assert_eq!(counted.1.load(Ordering::Relaxed) - before, 1);
        let groups = vec![builder.metadata().row_group(0).clone(); 1000];
        let many = ParquetMetaData::new(builder.metadata().file_metadata().clone(), groups);
        let told = check(&input, size, &many).unwrap_err().to_string();
        assert!(told.starts_with("`week.parquet` holds damaged Parquet data"), "{told}");
    }
}
