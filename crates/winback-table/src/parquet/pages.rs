//! What the pages of a Parquet file claim to unpack to, held against the limits before anything is unpacked.
//!
//! The library sets memory aside for as much as a page's header claims, up to two gigabytes. So the headers are read
//! here first. Bytes are not all: a page may say in a few of them that a million rows have the same value, so what its
//! values take once they are rows counts too.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Type;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::footer::STATISTICS;
use super::thrift::What::{self, Structure, Truth, Whole};
use super::thrift::{Cursor, Shape};
use crate::input::{Input, Packing, PackingFlaw, Ranges};
use crate::{Error, Result};

/// No writer makes a page larger than this unpacked; the usual size is a megabyte.
const LARGEST_PAGE: u64 = 256 << 20;
/// Bytes that all lists of a row group may take: a single row may hold them all, and rows are not cut.
pub(super) const LARGEST_LISTS: u64 = 128 << 20;
/// A page's header is read in a window of this size, and again in a larger one where its statistics are long.
const WINDOWS: [usize; 2] = [1 << 10, 1 << 20];

const PAGE: Shape = &[
    (1, Whole),
    (2, Whole),
    (3, Whole),
    (4, Whole),
    (5, Structure(DATA)),
    (7, Structure(DICTIONARY)),
    (8, Structure(DATA_2)),
];
const DATA: Shape = &[(1, Whole), (2, Whole), (3, Whole), (4, Whole), (5, Structure(STATISTICS))];
const DICTIONARY: Shape = &[(1, Whole), (2, Whole), (3, Truth)];
const DATA_2: Shape = &[
    (1, Whole),
    (2, Whole),
    (3, Whole),
    (4, Whole),
    (5, Whole),
    (6, Whole),
    (7, Truth),
    (8, Structure(STATISTICS)),
];

/// What rows take that the size of their pages does not tell.
#[derive(Debug, Default)]
pub(super) struct Swell {
    /// For each column the length of the longest value that rows may share without a dictionary.
    pub(super) shared: Vec<u64>,
    /// Bytes of lists for each row, in the row group where they are most.
    pub(super) lists: u64,
}

/// The footer of a file that ends as a Parquet file does; a copy that was cut off does not.
pub(super) fn footer(input: &dyn Input, size: u64) -> Option<Bytes> {
    let end = input.range(size.checked_sub(8)?, 8).ok().filter(|_| size >= 12)?;
    let (length, magic) = end.split_first_chunk()?;
    let length = u64::from(u32::from_le_bytes(*length));
    let start = size.checked_sub(8)?.checked_sub(length).filter(|_| magic == b"PAR1");
    start.and_then(|start| input.range(start, usize::try_from(length).ok()?).ok())
}

/// Refuses a file whose pages claim to unpack to more than the limits allow.
pub(super) fn check(input: &Arc<dyn Input>, size: u64, metadata: &ParquetMetaData) -> Result<Swell> {
    let refused = |flaw| Error::Packed { file: input.name().to_owned(), flaw };
    let damaged = || refused(PackingFlaw::Damaged(Packing::Parquet));
    let ranges = input.ranges().map_err(|error| Error::io("open", input.name(), error))?;
    let mut window = Window { ranges, start: 0, bytes: Bytes::new() };
    let (mut walked, mut unpacked) = (0_u64, 0_u64);
    let mut swell =
        Swell { shared: vec![0; metadata.file_metadata().schema_descr().num_columns()], lists: 0 };
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows()).map_err(|_| damaged())?;
        let mut lists = 0_u64;
        for (column, shared) in group.columns().iter().zip(&mut swell.shared) {
            let mut values = Values::of(column);
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
                // No two pages share a byte, so all together are no longer than the file. One that says so wants to be
                // read without end.
                walked = walked.saturating_add(length.min(end - at));
                if walked > size {
                    return Err(damaged());
                }
                unpacked = unpacked.saturating_add(page.unpacked.max(values.add(&page)));
                if let Some(flaw) = input.limits().flaw(size, unpacked) {
                    return Err(refused(flaw));
                }
                at = at.saturating_add(length);
            }
            *shared = values.shared.max(*shared);
            if values.is_list {
                lists = lists.saturating_add(values.bytes);
            }
            // A row has one value of a column without lists, if only that it has none.
            if values.count > if values.is_list { claimed(column) } else { rows } {
                return Err(damaged());
            }
        }
        if lists > LARGEST_LISTS {
            return Err(refused(PackingFlaw::Nested));
        }
        swell.lists = swell.lists.max(lists / rows.max(1));
    }
    Ok(swell)
}

/// The values of a column in a row group, as its description says.
pub(super) fn claimed(column: &ColumnChunkMetaData) -> u64 {
    u64::try_from(column.num_values()).unwrap_or(0)
}

/// Bytes that a value takes among rows at least, also one that is not there; of text the place where it ends.
pub(super) fn width(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length()).unwrap_or(0).max(1),
    }
}

/// The values of a column in a row group, page by page.
struct Values {
    is_list: bool,
    width: u64,
    is_text: bool,
    /// The mean length of the values in the dictionary.
    mean: u64,
    count: u64,
    /// Bytes they take as rows.
    bytes: u64,
    /// The longest value that rows may share without a dictionary.
    shared: u64,
}

impl Values {
    fn of(column: &ColumnChunkMetaData) -> Self {
        let is_list = column.column_descr().max_rep_level() > 0;
        let is_text = column.column_type() == Type::BYTE_ARRAY;
        // As text, which lists become, even a truth takes some letters.
        let width = width(column).max(if is_list { 8 } else { 1 });
        Self { is_list, width, is_text, mean: 0, count: 0, bytes: 0, shared: 0 }
    }

    /// Adds a page; answers how many bytes its values take as rows.
    fn add(&mut self, page: &Page) -> u64 {
        if self.is_text && page.dictionary > 0 {
            self.mean = page.unpacked / page.dictionary;
        }
        let mut each = if page.is_by_dictionary { self.width.max(self.mean) } else { self.width };
        if page.is_by_prefix {
            // Each value may be the one before and a little more, so all of the page may be one value, again and again.
            self.shared = self.shared.max(page.unpacked);
            if self.is_list {
                each = each.max(page.unpacked);
            }
        }
        let bytes = page.values.saturating_mul(each);
        self.count = self.count.saturating_add(page.values);
        self.bytes = self.bytes.saturating_add(bytes.max(page.unpacked));
        bytes
    }
}

/// What a page's header says.
#[derive(Debug, Default)]
struct Page {
    header: u64,
    packed: u64,
    unpacked: u64,
    /// Values of a dictionary; none for other pages.
    dictionary: u64,
    /// Values of rows; none for other pages.
    values: u64,
    /// Values are places in the dictionary.
    is_by_dictionary: bool,
    /// Values are written by what they have in common with the one before.
    is_by_prefix: bool,
}

impl Page {
    /// Whether it is not larger than any page is, and a dictionary not longer than its bytes allow.
    fn is_plausible(&self) -> bool {
        self.unpacked <= LARGEST_PAGE && self.dictionary <= self.unpacked
    }

    /// Reads the part of a header that speaks of values, whose encoding stands in the field `encoding`.
    fn values(&mut self, cursor: &mut Cursor<'_>, shape: Shape, encoding: i16) -> Option<()> {
        let mut number = 0;
        while let Some(kind) = cursor.field(&mut number)? {
            match number {
                1 => self.values = cursor.size(kind)?.max(self.values),
                _ if number == encoding => match cursor.size(kind)? {
                    2 | 8 => self.is_by_dictionary = true,
                    7 => self.is_by_prefix = true,
                    _ => {}
                },
                _ => cursor.pass(shape, number, kind)?,
            }
        }
        Some(())
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
    let is_structure = |kind: u8| (kind == What::STRUCTURE).then_some(());
    let mut cursor = Cursor { rest: bytes };
    let mut page = Page::default();
    let (mut unpacked, mut packed) = (None, None);
    let mut field = 0;
    while let Some(kind) = cursor.field(&mut field)? {
        match field {
            2 => unpacked = Some(cursor.size(kind)?),
            3 => packed = Some(cursor.size(kind)?),
            5 => is_structure(kind).and_then(|()| page.values(&mut cursor, DATA, 2))?,
            7 => {
                is_structure(kind)?;
                let mut inner = 0;
                while let Some(kind) = cursor.field(&mut inner)? {
                    match inner {
                        1 => page.dictionary = cursor.size(kind)?,
                        _ => cursor.pass(DICTIONARY, inner, kind)?,
                    }
                }
            }
            8 => is_structure(kind).and_then(|()| page.values(&mut cursor, DATA_2, 4))?,
            _ => cursor.pass(PAGE, field, kind)?,
        }
    }
    page.header = (bytes.len() - cursor.rest.len()) as u64;
    Some(Page { unpacked: unpacked?, packed: packed?, ..page })
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
        assert_eq!((page.header, page.unpacked, page.packed, page.dictionary), (13, 8, 8, 1));
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
        let builder = super::super::open(&input).unwrap().builder;
        let before = counted.1.load(Ordering::Relaxed);
        check(&input, size, builder.metadata()).unwrap();
        assert_eq!(counted.1.load(Ordering::Relaxed) - before, 1);
        let few = builder.metadata().row_group(0).clone().into_builder().set_num_rows(10).build().unwrap();
        let few = ParquetMetaData::new(builder.metadata().file_metadata().clone(), vec![few]);
        let told = check(&input, size, &few).unwrap_err().to_string();
        assert!(
            told.starts_with("`week.parquet` holds damaged Parquet data"),
            "more values than rows: {told}"
        );
        let groups = vec![builder.metadata().row_group(0).clone(); 1000];
        let many = ParquetMetaData::new(builder.metadata().file_metadata().clone(), groups);
        let told = check(&input, size, &many).unwrap_err().to_string();
        assert!(told.starts_with("`week.parquet` holds damaged Parquet data"), "{told}");
    }
}
