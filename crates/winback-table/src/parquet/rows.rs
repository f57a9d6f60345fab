//! How many rows of a Parquet file may be unpacked at once.
//!
//! A value stands in a dictionary once and every row may point to it, so rows can be far longer than the file says they
//! are on average. The longest value that rows can share is looked for before the first batch.

use std::sync::Arc;

use parquet::basic::Type;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::sink::{BATCH_BYTES, BATCH_ROWS};

/// Rows in a batch: as many as usual, or fewer where rows are so long that those would fill the memory.
pub(super) fn in_batch<R: ChunkReader + 'static>(
    file: &Arc<R>,
    metadata: &ParquetMetaData,
) -> Result<usize, ParquetError> {
    let groups = metadata.row_groups();
    let average = groups.iter().map(|group| group.total_byte_size().max(0) / group.num_rows().max(1));
    let average = usize::try_from(average.max().unwrap_or(0)).unwrap_or(usize::MAX);
    let mut shared = vec![0_usize; metadata.file_metadata().schema_descr().num_columns()];
    for group in groups {
        for (column, longest) in group.columns().iter().zip(&mut shared) {
            *longest = (*longest).max(longest_shared(file, column, group.num_rows())?);
        }
    }
    let shared = shared.into_iter().fold(0, usize::saturating_add);
    Ok((BATCH_BYTES / average.max(shared).max(1)).clamp(1, BATCH_ROWS))
}

/// The length of the longest value that rows can share; numbers are short in any case.
fn longest_shared<R: ChunkReader + 'static>(
    file: &Arc<R>,
    column: &ColumnChunkMetaData,
    rows: i64,
) -> Result<usize, ParquetError> {
    if !matches!(column.column_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) {
        return Ok(0);
    }
    let rows = usize::try_from(rows).unwrap_or(0);
    let mut pages = SerializedPageReader::new(file.clone(), column, rows, None)?;
    // A dictionary is the first page of its column or is not there.
    let is_first = pages.peek_next_page()?.is_some_and(|page| page.is_dict);
    if !is_first {
        return Ok(0);
    }
    let Some(Page::DictionaryPage { buf, .. }) = pages.get_next_page()? else { return Ok(0) };
    if column.column_type() == Type::FIXED_LEN_BYTE_ARRAY {
        return Ok(buf.len().min(usize::try_from(column.column_descr().type_length()).unwrap_or(0)));
    }
    Ok(longest(&buf))
}

/// The longest of some values, each of which stands behind its length; what is left over is none.
fn longest(mut values: &[u8]) -> usize {
    let mut longest = 0;
    while let Some((length, rest)) = values.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some(rest) = rest.get(length..) else { break };
        longest = longest.max(length);
        values = rest;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_value_is_found_and_a_cut_one_is_none() {
        assert_eq!(longest(&[1, 0, 0, 0, b'a', 3, 0, 0, 0, b'a', b'b', b'c', 0, 0, 0, 0]), 3);
        assert_eq!(longest(&[1, 0, 0, 0, b'a', 9, 0, 0, 0, b'a']), 1);
        assert_eq!(longest(&[1, 0]), 0);
    }
}
