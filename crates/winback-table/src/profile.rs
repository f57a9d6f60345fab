//! What a file's columns look like before anybody has said what they mean: one pass over the text of every cell.
//!
//! Memory is bounded whatever the number of rows: distinct values are counted exactly up to 65,536 and estimated
//! beyond, numbers are sampled, and levels are counted up to a thousand a column.

mod column;
mod dates;
mod distinct;
mod extremes;
mod figures;
mod numbers;
mod replay;
mod rows;
mod sample;
mod seen;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::column::ColumnProfile;
pub use self::distinct::Distinct;
use self::replay::Replay;
pub use self::rows::RowSample;
pub use self::sample::Sample;
use crate::csv::{self, Opened};
use crate::header::Header;
use crate::input::{Format, Input, format};
use crate::oddity::{Oddities, Place};
use crate::reader::Options;
use crate::{Error, Oddity, OddityKind, Reason, Result, parquet};

/// What the columns of some files look like.
#[derive(Debug, Clone, Default)]
pub struct TableProfile {
    /// Rows read, malformed ones left out.
    pub rows: u64,
    /// Rows that could not be split into the header's fields.
    pub malformed: u64,
    /// What is odd about the files: the first of each kind and column, with its place, a count and the way out.
    pub oddities: Vec<Oddity>,
    /// One profile a column, in the order of the first file.
    pub columns: Vec<ColumnProfile>,
    /// Some rows as they stand, evenly chosen.
    pub sample: RowSample,
}

impl TableProfile {
    /// The profile of the column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Reads every cell of the files once.
///
/// # Errors
/// When a file cannot be read, or has other columns than the first.
pub fn profile(
    inputs: &[Arc<dyn Input>],
    options: Options,
    missing: &[String],
    watch: &mut dyn FnMut(u64),
) -> Result<TableProfile> {
    profile_with(inputs, options, missing, &BTreeMap::new(), watch)
}

/// The same, with spellings of "no value" for single columns.
///
/// # Errors
/// When a file cannot be read, or has other columns than the first.
pub fn profile_with(
    inputs: &[Arc<dyn Input>],
    options: Options,
    missing: &[String],
    of_columns: &BTreeMap<String, Vec<String>>,
    watch: &mut dyn FnMut(u64),
) -> Result<TableProfile> {
    let missing: Vec<String> = missing.iter().map(|spelling| spelling.trim().to_owned()).collect();
    let mut pass = Pass {
        missing: &missing,
        of_columns,
        table: TableProfile::default(),
        oddities: Oddities::default(),
        replay: Replay::default(),
    };
    for (index, input) in inputs.iter().enumerate() {
        if index > 0 {
            pass.replay.header();
        }
        let name = input.name();
        match format(input.as_ref()).map_err(|error| Error::io("open", name, error))? {
            Format::Csv => pass.csv(input.as_ref(), options, watch)?,
            Format::Parquet => pass.parquet(input, watch)?,
        }
    }
    let Pass { mut table, mut oddities, .. } = pass;
    for column in &mut table.columns {
        column.settle();
        column.say(&mut oddities);
    }
    table.oddities = oddities.into_list();
    Ok(table)
}

/// One reading of all files.
struct Pass<'a> {
    missing: &'a [String],
    of_columns: &'a BTreeMap<String, Vec<String>>,
    table: TableProfile,
    oddities: Oddities,
    replay: Replay,
}

impl Pass<'_> {
    /// Finds the columns of the first file in this one.
    fn begin_file(&mut self, header: &Header) -> Result<Vec<usize>> {
        let columns = &mut self.table.columns;
        if columns.is_empty() {
            header.check_unique()?;
            let count = header.names.len();
            let missing = |name: &String| self.of_columns.get(name).cloned().unwrap_or_default();
            let column = |name: &String| ColumnProfile::new(name, count).with_missing(missing(name));
            *columns = header.names.iter().map(column).collect();
        }
        header.positions(columns.iter().map(|column| column.name.as_str()), &mut self.oddities)
    }

    fn csv(&mut self, input: &dyn Input, options: Options, watch: &mut dyn FnMut(u64)) -> Result<()> {
        let Opened { file, mut records, header } = csv::open(input, options.said(), &mut self.oddities)?;
        let positions = self.begin_file(&header)?;
        while let Some(record) = records.next().map_err(|error| Error::io("read", input.name(), error))? {
            let place = Place { file: file.clone(), line: Some(record.line) };
            let fields = match csv::fields(&record, &header) {
                Ok(fields) => fields,
                Err(reason) => {
                    self.table.malformed += 1;
                    if let Some(kind) = OddityKind::of(reason) {
                        self.oddities.note(kind, &place, None, Some(&record.text()));
                    }
                    if reason == Reason::RepeatedHeader {
                        self.replay.header();
                    }
                    continue;
                }
            };
            if record.is_stray_utf8() {
                self.oddities.note(OddityKind::OtherEncoding, &place, None, Some(&record.text()));
            }
            self.replay.row(record.bytes(), &place, &mut self.oddities);
            for (column, position) in self.table.columns.iter_mut().zip(&positions) {
                column.add(fields.get(*position), self.missing, &place);
            }
            self.table.sample.add(positions.iter().map(|position| fields.get(*position)));
            self.table.rows += 1;
            if self.table.rows.is_multiple_of(1024) {
                watch(self.table.rows);
            }
        }
        Ok(())
    }

    fn parquet(&mut self, input: &Arc<dyn Input>, watch: &mut dyn FnMut(u64)) -> Result<()> {
        let opened = parquet::open(input)?;
        let header = parquet::header(input.name(), opened.columns(), &mut self.oddities)?;
        let positions = self.begin_file(&header)?;
        let file: Arc<str> = input.name().into();
        let mut batches = parquet::Batches::new(input, opened)?;
        let (mut before, mut bytes) = (0, Vec::new());
        while let Some(batch) = batches.next()? {
            let mut columns = Vec::with_capacity(positions.len());
            for (column, position) in self.table.columns.iter_mut().zip(&positions) {
                let texts = parquet::texts(batch.column(*position).as_ref(), &file)?;
                let mut place = Place { file: file.clone(), line: None };
                for (row, text) in (before + 1..).zip(&texts) {
                    place.line = Some(row);
                    column.add(text.as_deref().unwrap_or(""), self.missing, &place);
                }
                columns.push(texts);
            }
            let mut place = Place { file: file.clone(), line: None };
            for row in 0..batch.num_rows() {
                let cells = columns.iter().map(|texts| texts[row].as_deref());
                bytes.clear();
                for cell in cells.clone() {
                    // No text has these bytes, so no two rows that differ have the same.
                    bytes.extend_from_slice(cell.map_or(b"\xfe", str::as_bytes));
                    bytes.push(0xff);
                }
                place.line = Some(before + row as u64 + 1);
                self.replay.row(&bytes, &place, &mut self.oddities);
                self.table.sample.add(cells.map(Option::unwrap_or_default));
            }
            before += batch.num_rows() as u64;
            self.table.rows += batch.num_rows() as u64;
            watch(self.table.rows);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
