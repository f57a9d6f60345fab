//! Files as a stream of batches under a schema, with every row accounted for.
//!
//! Columns are found by name, in any order; columns the schema does not use are left alone and named. A row that does
//! not fit becomes a [`Reject`]. Memory does not depend on the number of rows.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::csv::{CsvRows, Encoding, Said};
use crate::input::{Format, Input, format};
use crate::oddity::{Oddities, Place};
use crate::parquet::ParquetRows;
pub use crate::sink::Batch;
use crate::sink::{Ready, Sink, UniqueKeys};
use crate::{Error, Oddity, OddityKind, Result, Role, Schema};

/// What a repeated key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// Rows of one key belong together: a history without a time column.
    #[default]
    Kept,
    /// The first row of a key counts, later ones are rejected: a weekly file.
    Rejected,
    /// The first row of a key and time counts: a history with a time column.
    RejectedWithinTime,
}

/// How files are read.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// The delimiter of CSV files; told from the file if not given.
    pub delimiter: Option<u8>,
    /// The encoding of CSV files; told from the file if not given.
    pub encoding: Option<Encoding>,
    /// What a repeated key means.
    pub repeats: Repeats,
}

impl Options {
    /// What they say of a CSV file's dialect.
    pub(crate) fn said(self) -> Said {
        Said { delimiter: self.delimiter, encoding: self.encoding }
    }
}

/// What reading did so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows read, headers and blank lines left out.
    pub read: u64,
    /// Rows handed out in batches.
    pub kept: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Columns found in a file and not in the schema, sorted.
    pub unused_columns: Vec<String>,
    oddities: Oddities,
    first_reject: Option<String>,
}

impl Tally {
    /// What is odd about the files so far, beyond single values: the first of each kind, with its place.
    #[must_use]
    pub fn oddities(&self) -> &[Oddity] {
        self.oddities.list()
    }

    /// Refuses the file as a whole when more than `limit` of its rows (a share from 0 to 1) were rejected.
    ///
    /// # Errors
    /// [`Error::TooManyRejects`].
    pub fn check(&self, limit: f64) -> Result<()> {
        if self.rejected as f64 > limit * self.read as f64 {
            return Err(Error::TooManyRejects {
                read: self.read,
                rejected: self.rejected,
                limit_percent: limit * 100.0,
                first: self.first_reject.clone().unwrap_or_default(),
            });
        }
        Ok(())
    }
}

/// Reads one or several files, one after the other, as batches under one schema.
pub struct TableReader {
    schema: Schema,
    options: Options,
    inputs: std::vec::IntoIter<Arc<dyn Input>>,
    current: Option<FileRows>,
    keys: Option<UniqueKeys>,
    /// Batches that were read and not handed out yet.
    ready: VecDeque<Ready>,
    /// Rows read, those of `ready` too.
    read: u64,
    tally: Tally,
}

/// The rows of the file being read.
enum FileRows {
    Csv(Box<CsvRows>),
    Parquet(Box<ParquetRows>),
}

impl std::fmt::Debug for TableReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TableReader").field("tally", &self.tally).finish_non_exhaustive()
    }
}

impl TableReader {
    /// Reads `inputs` under the columns of `schema` that are not excluded.
    #[must_use]
    pub fn new(inputs: Vec<Arc<dyn Input>>, schema: &Schema, options: Options) -> Self {
        let schema = schema.used();
        let position = |role| schema.fields.iter().position(|field| field.role == role);
        let keys = match options.repeats {
            Repeats::Kept => None,
            Repeats::Rejected => position(Role::Key).map(|key| UniqueKeys::new(key, None)),
            Repeats::RejectedWithinTime => {
                position(Role::Key).map(|key| UniqueKeys::new(key, position(Role::Time)))
            }
        };
        Self {
            schema,
            options,
            inputs: inputs.into_iter(),
            current: None,
            keys,
            ready: VecDeque::new(),
            read: 0,
            tally: Tally::default(),
        }
    }

    /// What the columns of the batches mean.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Rows read, kept and rejected so far, in the batches handed out.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The next batch, or nothing after the last file.
    ///
    /// # Errors
    /// When a file cannot be read or lacks a column of the schema.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        loop {
            while self.ready.is_empty() {
                if self.current.is_none() {
                    let Some(input) = self.inputs.next() else { return Ok(None) };
                    self.current = Some(self.open(&input)?);
                }
                self.read_on()?;
            }
            let Some(Ready { batch, read }) = self.ready.pop_front() else { continue };
            self.tally.read += read;
            self.tally.kept += batch.rows.num_rows() as u64;
            self.tally.rejected += batch.rejects.len() as u64;
            if let Some(reject) = batch.rejects.first().filter(|_| self.tally.first_reject.is_none()) {
                self.tally.first_reject = Some(reject.place());
            }
            for reject in &batch.rejects {
                if let Some(kind) = OddityKind::of(reject.reason) {
                    let place = Place { file: reject.file.clone(), line: Some(reject.line) };
                    self.tally.oddities.note(kind, &place, None, Some(&reject.row));
                }
            }
            if batch.rows.num_rows() > 0 || !batch.rejects.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    /// Reads the next batch of the current file, or several.
    fn read_on(&mut self) -> Result<()> {
        let Self { schema, keys, ready, .. } = self;
        let ended = match self.current.as_mut() {
            Some(FileRows::Csv(rows)) => rows.read(schema, keys.as_mut(), self.read, ready)?,
            Some(FileRows::Parquet(rows)) => {
                let mut sink = Sink::new(schema, keys.as_mut());
                let ended = rows.read(schema, &mut sink)?;
                ready.push_back(sink.finish(self.read)?);
                ended
            }
            None => true,
        };
        self.read += ready.iter().map(|ready| ready.read).sum::<u64>();
        if ended {
            self.current = None;
        }
        Ok(())
    }

    fn open(&mut self, input: &Arc<dyn Input>) -> Result<FileRows> {
        let name = input.name().to_owned();
        let oddities = &mut self.tally.oddities;
        let opened = match format(input.as_ref()).map_err(|error| Error::io("open", &name, error))? {
            Format::Csv => CsvRows::open(input.as_ref(), &self.schema, self.options.said(), oddities)
                .map(|(rows, unused)| (FileRows::Csv(Box::new(rows)), unused)),
            Format::Parquet => ParquetRows::open(input, &self.schema, oddities)
                .map(|(rows, unused)| (FileRows::Parquet(Box::new(rows)), unused)),
        };
        let (rows, unused) = opened?;
        self.tally.unused_columns.extend(unused);
        self.tally.unused_columns.sort();
        self.tally.unused_columns.dedup();
        Ok(rows)
    }
}

#[cfg(test)]
mod tests;
