//! Files as a stream of batches under a schema, with every row accounted for.
//!
//! Columns are found by name, in any order; columns the schema does not use are left alone and named. A row that does
//! not fit becomes a [`Reject`]. Memory does not depend on the number of rows.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::cell::{self, Cell};
use crate::csv::{Encoding, Record, Records, sniff};
use crate::input::{Format, Input, format, unpacked};
use crate::keys::{self, KeySet};
use crate::parquet::ParquetRows;
use crate::reject::shortened;
use crate::rows::RowBuilder;
use crate::{Error, Field, Reason, Reject, Result, Role, Schema, nearest_name};

/// Rows in a batch.
pub const BATCH_ROWS: usize = 8192;

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

/// What came of some rows: those that can be used, and those that cannot.
#[derive(Debug)]
pub struct Batch {
    /// The usable rows, under the reader's schema.
    pub rows: RecordBatch,
    /// The others.
    pub rejects: Vec<Reject>,
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
}

impl Tally {
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
    keys: KeySet,
    key_columns: Option<(usize, Option<usize>)>,
    tally: Tally,
}

/// The rows of the file being read.
enum FileRows {
    Csv(Box<CsvRows>),
    Parquet(ParquetRows),
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
        let key_columns = match options.repeats {
            Repeats::Kept => None,
            Repeats::Rejected => position(Role::Key).map(|key| (key, None)),
            Repeats::RejectedWithinTime => position(Role::Key).map(|key| (key, position(Role::Time))),
        };
        Self {
            schema,
            options,
            inputs: inputs.into_iter(),
            current: None,
            keys: KeySet::default(),
            key_columns,
            tally: Tally::default(),
        }
    }

    /// What the columns of the batches mean.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Rows read, kept and rejected so far.
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
            if self.current.is_none() {
                let Some(input) = self.inputs.next() else { return Ok(None) };
                self.current = Some(self.open(&input)?);
            }
            let mut sink = Sink {
                builder: RowBuilder::new(&self.schema),
                rejects: Vec::new(),
                read: 0,
                keys: &mut self.keys,
                key_columns: self.key_columns,
            };
            let ended = match self.current.as_mut() {
                Some(FileRows::Csv(rows)) => rows.read(&self.schema, &mut sink)?,
                Some(FileRows::Parquet(rows)) => rows.read(&self.schema, &mut sink)?,
                None => true,
            };
            let batch = Batch { rows: sink.builder.finish()?, rejects: sink.rejects };
            self.tally.read += sink.read;
            self.tally.kept += batch.rows.num_rows() as u64;
            self.tally.rejected += batch.rejects.len() as u64;
            if ended {
                self.current = None;
            }
            if batch.rows.num_rows() > 0 || !batch.rejects.is_empty() {
                return Ok(Some(batch));
            }
        }
    }

    fn open(&mut self, input: &Arc<dyn Input>) -> Result<FileRows> {
        let name = input.name().to_owned();
        let opened = match format(input.as_ref()).map_err(|error| Error::io("open", &name, error))? {
            Format::Csv => CsvRows::open(input.as_ref(), &self.schema, self.options)
                .map(|(rows, unused)| (FileRows::Csv(Box::new(rows)), unused)),
            Format::Parquet => {
                ParquetRows::open(input, &self.schema).map(|(rows, unused)| (FileRows::Parquet(rows), unused))
            }
        };
        let (rows, unused) = opened?;
        self.tally.unused_columns.extend(unused);
        self.tally.unused_columns.sort();
        self.tally.unused_columns.dedup();
        Ok(rows)
    }
}

/// Where parsed rows go: into the batch, or to the rejects.
pub(crate) struct Sink<'a> {
    builder: RowBuilder,
    rejects: Vec<Reject>,
    read: u64,
    keys: &'a mut KeySet,
    key_columns: Option<(usize, Option<usize>)>,
}

impl Sink<'_> {
    pub(crate) fn is_full(&self) -> bool {
        self.builder.len() + self.rejects.len() >= BATCH_ROWS
    }

    /// Takes a row whose cells all have the right kind; answers what is wrong with it, if anything.
    pub(crate) fn push(&mut self, cells: &[Cell<'_>], file: &str) -> Result<Option<(usize, Reason)>> {
        self.read += 1;
        if let Some(flaw) = self.builder.flaw(cells) {
            return Ok(Some(flaw));
        }
        if let Some((key, time)) = self.key_columns
            && let Cell::Text(text) = cells[key]
        {
            let time = time
                .and_then(|time| if let Cell::Time(seconds) = cells[time] { Some(seconds) } else { None });
            let is_new = self.keys.insert(keys::hash(text, time));
            if !is_new.map_err(|error| Error::io("keep the keys of", file, error))? {
                return Ok(Some((key, Reason::RepeatedKey)));
            }
        }
        self.builder.push(cells);
        Ok(None)
    }

    /// Takes a row that could not even be parsed.
    pub(crate) fn reject_unparsed(&mut self, reject: Reject) {
        self.read += 1;
        self.rejects.push(reject);
    }

    pub(crate) fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

/// Finds each field of the schema among a file's column names; answers their positions and the names left over.
pub(crate) fn match_columns(
    file: &str,
    schema: &Schema,
    names: &[String],
) -> Result<(Vec<usize>, Vec<String>)> {
    let mut positions = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let mut found =
            names.iter().enumerate().filter(|(_, name)| **name == field.name).map(|(index, _)| index);
        let Some(first) = found.next() else {
            return Err(Error::MissingColumn {
                file: file.to_owned(),
                column: field.name.clone(),
                nearest: nearest_name(&field.name, names.iter().map(String::as_str)).map(str::to_owned),
            });
        };
        if let Some(second) = found.next() {
            let (first, second) = (first + 1, second + 1);
            return Err(Error::RepeatedColumn {
                file: file.to_owned(),
                column: field.name.clone(),
                first,
                second,
            });
        }
        positions.push(first);
    }
    let unused = names.iter().filter(|name| schema.field(name).is_none()).cloned().collect();
    Ok((positions, unused))
}

/// The records of an opened file.
pub(crate) type FileRecords = Records<Box<dyn std::io::Read + Send>>;

/// The rows of one CSV file.
struct CsvRows {
    file: Arc<str>,
    records: FileRecords,
    /// For each field of the schema its position in the file.
    positions: Vec<usize>,
    width: usize,
}

impl CsvRows {
    fn open(input: &dyn Input, schema: &Schema, options: Options) -> Result<(Self, Vec<String>)> {
        let (records, names) = open_csv(input, options)?;
        let (positions, unused) = match_columns(input.name(), schema, &names)?;
        Ok((Self { file: input.name().into(), records, positions, width: names.len() }, unused))
    }

    /// Reads until the sink is full; answers whether the file ended.
    fn read(&mut self, schema: &Schema, sink: &mut Sink<'_>) -> Result<bool> {
        let mut cells: Vec<Cell<'static>> = Vec::new();
        while !sink.is_full() {
            let record = self.records.next().map_err(|error| Error::io("read", &self.file, error))?;
            let Some(record) = record else {
                let (counted, accounted) = self.records.line_counts();
                if counted != accounted {
                    return Err(Error::LinesDoNotAddUp { file: self.file.to_string(), counted, accounted });
                }
                return Ok(true);
            };
            let mut row = std::mem::take(&mut cells);
            let outcome = parse_record(&record, schema, &self.positions, self.width, &mut row);
            match outcome {
                Ok(()) => {
                    if let Some((index, reason)) = sink.push(&row, &self.file)? {
                        let value = record.fields.map_or("", |fields| fields.get(self.positions[index]));
                        sink.reject(reject(
                            &self.file,
                            &record,
                            Some((&schema.fields[index], value)),
                            reason,
                        ));
                    }
                }
                Err((index, reason)) => {
                    let value = match (index, record.fields) {
                        (Some(index), Ok(fields)) => {
                            Some((&schema.fields[index], fields.get(self.positions[index])))
                        }
                        _ => None,
                    };
                    sink.reject_unparsed(reject(&self.file, &record, value, reason));
                }
            }
            cells = recycled(row);
        }
        Ok(false)
    }
}

/// Opens a CSV file at its first data row; answers the trimmed names of its header too.
pub(crate) fn open_csv(input: &dyn Input, options: Options) -> Result<(FileRecords, Vec<String>)> {
    let name = input.name();
    let unpack = || unpacked(input).map_err(|error| Error::io("open", name, error));
    let dialect = sniff(&mut unpack()?, options.delimiter, options.encoding);
    let dialect = dialect.map_err(|error| Error::io("read", name, error))?;
    let mut records = Records::new(unpack()?, dialect);
    let header = records.next().map_err(|error| Error::io("read", name, error))?;
    let names: Vec<String> = match header.map(|record| record.fields) {
        Some(Ok(fields)) => fields.iter().map(|field| field.trim().to_owned()).collect(),
        _ => return Err(Error::Empty { file: name.to_owned() }),
    };
    Ok((records, names))
}

/// Parses the fields of a record into `cells`; else answers the field of the schema at fault, if it is one, and why.
fn parse_record<'a>(
    record: &Record<'a>,
    schema: &Schema,
    positions: &[usize],
    width: usize,
    cells: &mut Vec<Cell<'a>>,
) -> Result<(), (Option<usize>, Reason)> {
    let fields = record.fields.map_err(|malformed| (None, malformed.into()))?;
    if fields.len() != width {
        return Err((None, Reason::FieldCount { expected: width, found: fields.len() }));
    }
    for (index, (field, position)) in schema.fields.iter().zip(positions).enumerate() {
        match cell::parse(fields.get(*position), field, schema) {
            Some(cell) => cells.push(cell),
            None => return Err((Some(index), Reason::WrongKind(field.kind))),
        }
    }
    Ok(())
}

/// The allocation of a row's cells, empty, free of the record's lifetime.
fn recycled(mut cells: Vec<Cell<'_>>) -> Vec<Cell<'static>> {
    cells.clear();
    cells.into_iter().map(|_| Cell::Missing).collect()
}

fn reject(file: &Arc<str>, record: &Record<'_>, cell: Option<(&Field, &str)>, reason: Reason) -> Reject {
    Reject {
        file: file.clone(),
        line: record.line,
        column: cell.map(|(field, _)| field.name.clone()),
        value: cell.map(|(_, value)| shortened(value)),
        reason,
        row: record.text(),
    }
}

impl From<crate::csv::Malformed> for Reason {
    fn from(malformed: crate::csv::Malformed) -> Self {
        match malformed {
            crate::csv::Malformed::Runaway => Self::Runaway,
            crate::csv::Malformed::NotText => Self::NotText,
        }
    }
}

#[cfg(test)]
mod tests;
