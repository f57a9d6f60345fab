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

use super::pages::{LARGEST_LISTS, Swell, claimed, width};
use crate::sink::{BATCH_BYTES, BATCH_ROWS};

/// Rows in a batch: as many as usual, or fewer where rows are so long that those would fill the memory. Nothing where
/// one row alone might.
pub(super) fn in_batch<R: ChunkReader + 'static>(
    file: &Arc<R>,
    metadata: &ParquetMetaData,
    swell: &Swell,
) -> Result<Option<usize>, ParquetError> {
    let mut average = 0_u64;
    let mut lists_a_row = swell.lists;
    // For each column what a row takes.
    let mut widest = swell.shared.clone();
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
        average = average.max(u64::try_from(group.total_byte_size()).unwrap_or(0) / rows);
        let mut lists = 0_u64;
        for (column, widest) in group.columns().iter().zip(&mut widest) {
            let longest = longest_shared(file, column, group.num_rows())? as u64;
            if column.column_descr().max_rep_level() > 0 {
                lists = lists.saturating_add(longest.saturating_mul(claimed(column)));
            } else {
                *widest = (*widest).max(longest).max(width(column));
            }
        }
        if lists > LARGEST_LISTS {
            return Ok(None);
        }
        lists_a_row = lists_a_row.max(lists / rows);
    }
    let row = widest.into_iter().fold(lists_a_row, u64::saturating_add).max(average).max(1);
    let rows = usize::try_from(BATCH_BYTES as u64 / row).unwrap_or(BATCH_ROWS);
    Ok(Some(rows.clamp(1, BATCH_ROWS)))
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
