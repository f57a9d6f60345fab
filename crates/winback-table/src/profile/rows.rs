//! Some rows of a file as they stand, chosen while it is read: so that what takes whole rows (pairs of columns, the
//! label beside them) need not read the file again.

use crate::cell::{self, Cell};
use crate::rows::RowBuilder;
use crate::{MemorySource, Result, Schema, keys};

/// Rows kept; of a longer file one in two, in four and so on, so at least half as many.
const MOST_ROWS: usize = 1 << 16;
/// Bytes kept, whatever the rows: of text, and of where its cells end.
const MOST_BYTES: usize = 64 << 20;

/// Rows of text, packed. The number of a row, scattered, decides whether it is kept, so that no rhythm of the file can.
#[derive(Debug, Clone)]
pub struct RowSample {
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    /// Cells a row.
    width: usize,
    one_in: u64,
    seen: u64,
    /// The number of each row kept, from 0.
    numbers: Vec<u64>,
}

impl Default for RowSample {
    fn default() -> Self {
        Self { text: String::new(), ends: Vec::new(), width: 0, one_in: 1, seen: 0, numbers: Vec::new() }
    }
}

impl RowSample {
    /// Whether every row that was read is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.one_in == 1
    }

    /// Considers the next row of the file; all rows have as many cells.
    pub(super) fn add<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        let bytes = self.text.len() + size_of::<usize>() * self.ends.len();
        if is_one_in(self.seen, self.one_in) && (MOST_ROWS <= self.numbers.len() || MOST_BYTES <= bytes) {
            self.thin();
        }
        if is_one_in(self.seen, self.one_in) {
            let before = self.ends.len();
            for cell in cells {
                self.text.push_str(cell.trim());
                self.ends.push(self.text.len());
            }
            self.width = self.ends.len() - before;
            self.numbers.push(self.seen);
        }
        self.seen += 1;
    }

    /// Keeps about every second row.
    fn thin(&mut self) {
        let all = std::mem::take(self);
        *self = Self { one_in: all.one_in * 2, seen: all.seen, width: all.width, ..Self::default() };
        for (row, number) in all.numbers.iter().enumerate() {
            if is_one_in(*number, self.one_in) {
                for column in 0..all.width {
                    self.text.push_str(all.cell(row, column));
                    self.ends.push(self.text.len());
                }
                self.numbers.push(*number);
            }
        }
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
        for row in 0..self.numbers.len() {
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

fn is_one_in(number: u64, one_in: u64) -> bool {
    keys::hash(&number.to_string(), None) as u64 & (one_in - 1) == 0
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
    fn of_a_long_file_rows_are_kept_from_all_over_and_in_order() {
        let mut sample = RowSample::default();
        for row in 0..5 * MOST_ROWS {
            sample.add([row.to_string().as_str(), &row.to_string(), "no"].into_iter());
        }
        assert!(!sample.is_whole());
        let kept: Vec<u64> =
            (0..sample.numbers.len()).map(|row| sample.cell(row, 0).parse().unwrap()).collect();
        assert!((MOST_ROWS / 3..=MOST_ROWS).contains(&kept.len()), "{}", kept.len());
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
        let odd = kept.iter().filter(|row| **row % 2 == 1).count() as f64 / kept.len() as f64;
        let late =
            kept.iter().filter(|row| **row >= 5 * MOST_ROWS as u64 / 2).count() as f64 / kept.len() as f64;
        assert!((odd - 0.5).abs() < 0.02 && (late - 0.5).abs() < 0.02, "{odd} {late}");
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

    #[test]
    fn neither_do_empty_cells_by_the_thousand() {
        let mut sample = RowSample::default();
        for _ in 0..3_000 {
            sample.add(std::iter::repeat_n("", 10_000));
        }
        assert!(sample.ends.len() * size_of::<usize>() <= MOST_BYTES + 80_000, "{}", sample.ends.len());
    }
}
