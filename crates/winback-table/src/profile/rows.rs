//! Some rows of a file as they stand, evenly chosen while it is read: so that what takes whole rows (pairs of columns,
//! the label beside them) need not read the file again.

use crate::cell::{self, Cell};
use crate::rows::RowBuilder;
use crate::{MemorySource, Result, Schema};

/// Rows kept; of a longer file every n-th, and at least half as many.
const MOST_ROWS: usize = 1 << 15;
/// Bytes of text kept, whatever the rows.
const MOST_BYTES: usize = 64 << 20;

/// Rows of text, packed; every n-th of the file, n doubling whenever they are too many.
#[derive(Debug, Clone)]
pub struct RowSample {
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    /// Cells a row.
    width: usize,
    stride: u64,
    seen: u64,
    rows: usize,
}

impl Default for RowSample {
    fn default() -> Self {
        Self { text: String::new(), ends: Vec::new(), width: 0, stride: 1, seen: 0, rows: 0 }
    }
}

impl RowSample {
    /// Whether every row that was read is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.stride == 1
    }

    /// Considers the next row of the file; all rows have as many cells.
    pub(super) fn add<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        if self.seen.is_multiple_of(self.stride) && (MOST_ROWS <= self.rows || MOST_BYTES <= self.text.len())
        {
            self.thin();
            self.stride *= 2;
        }
        if self.seen.is_multiple_of(self.stride) {
            let before = self.ends.len();
            for cell in cells {
                self.text.push_str(cell.trim());
                self.ends.push(self.text.len());
            }
            self.width = self.ends.len() - before;
            self.rows += 1;
        }
        self.seen += 1;
    }

    /// Keeps every second row.
    fn thin(&mut self) {
        let all = std::mem::take(self);
        let mut thinned = Self { stride: all.stride, seen: all.seen, width: all.width, ..Self::default() };
        for row in (0..all.rows).step_by(2) {
            for column in 0..all.width {
                thinned.text.push_str(all.cell(row, column));
                thinned.ends.push(thinned.text.len());
            }
            thinned.rows += 1;
        }
        *self = thinned;
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        let index = row * self.width + column;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    /// The rows under the columns of a schema that are not excluded; `schema` has a field for each column, in the order
    /// of the profile. Rows that a reader would reject are left out.
    ///
    /// # Errors
    /// When Arrow refuses the batch: a fault of ours.
    pub fn source(&self, schema: &Schema) -> Result<MemorySource> {
        let used = schema.used();
        let position = |name: &String| schema.fields.iter().position(|field| field.name == *name);
        let positions: Vec<Option<usize>> = used.fields.iter().map(|field| position(&field.name)).collect();
        let mut builder = RowBuilder::new(&used);
        let mut cells: Vec<Cell<'_>> = Vec::with_capacity(used.fields.len());
        for row in 0..self.rows {
            cells.clear();
            let columns = used.fields.iter().zip(&positions);
            let parsed = columns.map(|(field, position)| {
                let text =
                    position.filter(|column| *column < self.width).map(|column| self.cell(row, column));
                cell::parse(text.unwrap_or(""), field, &used)
            });
            cells.extend(parsed.map_while(|cell| cell));
            if cells.len() == used.fields.len() && builder.flaw(&cells).is_none() {
                builder.push(&cells);
            }
        }
        let batch = builder.finish()?;
        Ok(MemorySource::new(used, vec![batch]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Kind, Role, Source};

    fn schema() -> Schema {
        let field = |name, kind, role| Field::new(name, kind, role);
        let fields = vec![
            field("id", Kind::Identifier, Role::Excluded),
            field("n", Kind::Number, Role::Feature),
            field("left", Kind::Flag, Role::Label),
        ];
        Schema::new(fields, Some("yes".to_owned())).unwrap()
    }

    fn rows(sample: &RowSample) -> usize {
        sample.source(&schema()).unwrap().open().unwrap().map(|batch| batch.unwrap().num_rows()).sum()
    }

    #[test]
    fn a_small_file_is_kept_whole_but_for_what_would_be_rejected() {
        let mut sample = RowSample::default();
        for cells in [["a", "1", "yes"], ["b", " 2 ", "no"], ["c", "many", "no"], ["d", "3", ""]] {
            sample.add(cells.into_iter());
        }
        assert_eq!((sample.is_whole(), rows(&sample)), (true, 2));
    }

    #[test]
    fn a_long_file_is_kept_evenly_and_in_order() {
        let mut sample = RowSample::default();
        for row in 0..5 * MOST_ROWS {
            sample.add([row.to_string().as_str(), &row.to_string(), "no"].into_iter());
        }
        assert!(!sample.is_whole());
        let kept: Vec<u64> = (0..sample.rows).map(|row| sample.cell(row, 0).parse().unwrap()).collect();
        assert!((MOST_ROWS / 2..=MOST_ROWS).contains(&kept.len()), "{}", kept.len());
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == sample.stride));
    }

    #[test]
    fn long_cells_do_not_fill_the_memory() {
        let mut sample = RowSample::default();
        let long = "x".repeat(1 << 20);
        for _ in 0..300 {
            sample.add([long.as_str(), "1", "no"].into_iter());
        }
        assert!(sample.text.len() <= MOST_BYTES + long.len());
    }
}
