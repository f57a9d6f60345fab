//! Parquet in and out.
//!
//! Columns come in whatever type their writer chose: numbers of any width are read as numbers, anything else by its
//! text, cell by cell, under the same rules as CSV, so that one bad cell costs one row and not a batch.

mod caught;
mod column;
mod footer;
mod pages;
mod rows;
mod thrift;

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};

use self::column::Column;
pub(crate) use self::column::texts;
use self::pages::Swell;
use crate::header::Header;
use crate::input::{Input, Packing, PackingFlaw};
use crate::oddity::Oddities;
use crate::reject::shortened;
use crate::sink::Sink;
use crate::{Error, Reason, Reject, Result, Schema};

/// An input as the Parquet library wants it: a length and ranges.
struct Ranges(Box<dyn Fn(u64, usize) -> std::io::Result<Bytes> + Send + Sync>, u64);

impl Ranges {
    fn new(input: &Arc<dyn Input>) -> Result<Self> {
        let size = input.size().map_err(|error| Error::io("open", input.name(), error))?;
        let file = input.clone();
        Ok(Self(Box::new(move |start, length| file.range(start, length)), size))
    }
}

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.1
    }
}

impl ChunkReader for Ranges {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        use bytes::Buf;
        // The library reads page headers through this: a small window is enough, and it asks again for more.
        let length = (self.1.saturating_sub(start)).min(1 << 20) as usize;
        Ok(self.get_bytes(start, length)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        (self.0)(start, length).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// A Parquet file whose columns are known, and whose pages are no larger than they may be.
pub(crate) struct Opened {
    builder: ParquetRecordBatchReaderBuilder<Ranges>,
    swell: Swell,
}

impl Opened {
    /// Its columns.
    pub(crate) fn columns(&self) -> &SchemaRef {
        self.builder.schema()
    }
}

/// Opens a Parquet file.
pub(crate) fn open(input: &Arc<dyn Input>) -> Result<Opened> {
    let ranges = Ranges::new(input)?;
    let size = ranges.1;
    let file = || input.name().to_owned();
    let refused = |flaw| Err(Error::Packed { file: file(), flaw });
    let Some(footer) = pages::footer(input.as_ref(), size) else {
        return refused(PackingFlaw::Truncated(Packing::Parquet));
    };
    match footer::check(&footer) {
        Ok(()) => {}
        Err(footer::Flaw::Packing(flaw)) => return refused(flaw),
        Err(footer::Flaw::Header(flaw)) => return Err(Error::Header { file: file(), flaw }),
    }
    let builder = guarded(input.name(), || ParquetRecordBatchReaderBuilder::try_new(ranges))?;
    let swell = pages::check(input, size, builder.metadata())?;
    Ok(Opened { builder, swell })
}

/// The names of a file's columns.
pub(crate) fn header(file: &str, columns: &SchemaRef, oddities: &mut Oddities) -> Result<Header> {
    if columns.fields().is_empty() {
        return Err(Error::Empty { file: file.to_owned() });
    }
    let names = columns.fields().iter().map(|field| field.name().as_str());
    Header::new(&file.into(), None, names, oddities)
}

/// The batches of a file, for as long as they can be read.
pub(crate) struct Batches {
    file: Arc<str>,
    reader: ParquetRecordBatchReader,
}

impl Batches {
    pub(crate) fn new(input: &Arc<dyn Input>, opened: Opened) -> Result<Self> {
        let Opened { builder, swell } = opened;
        let ranges = Arc::new(Ranges::new(input)?);
        let rows = guarded(input.name(), || rows::in_batch(&ranges, builder.metadata(), &swell))?;
        let too_long = || Error::Packed { file: input.name().to_owned(), flaw: PackingFlaw::Nested };
        let rows = rows.ok_or_else(too_long)?;
        let reader = guarded(input.name(), || builder.with_batch_size(rows).build())?;
        Ok(Self { file: input.name().into(), reader })
    }

    /// The next batch, or nothing at the end.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        guarded(&self.file, || {
            self.reader.next().transpose().map_err(|error| ParquetError::External(Box::new(error)))
        })
    }
}

/// Calls the library. It panics on some damaged files (a negative offset, say), which to us are bad files like others;
/// nothing of what it left half done is used again, as an error ends the reading.
fn guarded<T>(file: &str, call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    let outcome = caught::caught(call);
    let outcome = outcome.unwrap_or_else(|| Err(ParquetError::General("the file is damaged".to_owned())));
    outcome.map_err(|source| Error::Parquet { file: file.to_owned(), source })
}

/// The rows of one Parquet file.
pub(crate) struct ParquetRows {
    file: Arc<str>,
    batches: Batches,
    /// For each field of the schema its position among the projected columns.
    positions: Vec<usize>,
    batch: Option<(RecordBatch, usize)>,
    row_number: u64,
    /// Rows by the file's own count, which has no part in how its batches are cut.
    counted: u64,
}

impl ParquetRows {
    pub(crate) fn open(
        input: &Arc<dyn Input>,
        schema: &Schema,
        oddities: &mut Oddities,
    ) -> Result<(Self, Vec<String>)> {
        let Opened { builder, swell } = open(input)?;
        let header = header(input.name(), builder.schema(), oddities)?;
        let (columns, unused) = header.places(schema, oddities)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        // The library keeps the file's order among the columns chosen.
        let mut sorted = columns.clone();
        sorted.sort_unstable();
        let positions = columns.iter().map(|column| sorted.partition_point(|other| other < column)).collect();
        let counted = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let batches = Batches::new(input, Opened { builder: builder.with_projection(mask), swell })?;
        let file = input.name().into();
        Ok((Self { file, batches, positions, batch: None, row_number: 0, counted }, unused))
    }

    /// Reads until the sink is full; answers whether the file ended.
    pub(crate) fn read(&mut self, schema: &Schema, sink: &mut Sink<'_>) -> Result<bool> {
        while !sink.is_full() {
            if self.batch.is_none() {
                let Some(batch) = self.batches.next()? else { return self.check_count().map(|()| true) };
                self.batch = Some((batch, 0));
            }
            if let Some((batch, from)) = self.batch.take() {
                let next = self.read_batch(&batch, from, schema, sink)?;
                if next < batch.num_rows() {
                    self.batch = Some((batch, next));
                }
            }
        }
        Ok(false)
    }

    fn check_count(&self) -> Result<()> {
        let (counted, accounted) = (self.counted, self.row_number);
        if counted != accounted {
            return Err(Error::RowsDoNotAddUp { file: self.file.to_string(), counted, accounted });
        }
        Ok(())
    }

    /// Reads the rows from `from` until the sink is full; answers the first row not read.
    fn read_batch(
        &mut self,
        batch: &RecordBatch,
        from: usize,
        schema: &Schema,
        sink: &mut Sink<'_>,
    ) -> Result<usize> {
        let columns: Vec<Column> = self
            .positions
            .iter()
            .zip(&schema.fields)
            .map(|(position, field)| Column::new(batch.column(*position).as_ref(), field, schema, &self.file))
            .collect::<Result<_>>()?;
        for row in from..batch.num_rows() {
            if sink.is_full() {
                return Ok(row);
            }
            self.row_number += 1;
            let mut cells = Vec::with_capacity(columns.len());
            let flaw = columns.iter().zip(&schema.fields).enumerate().find_map(|(index, (column, field))| {
                match column.cell(row, field, schema) {
                    Some(cell) => {
                        cells.push(cell);
                        None
                    }
                    None => Some((index, Reason::WrongKind(field.kind))),
                }
            });
            let (flaw, parsed) = match flaw {
                Some(flaw) => (Some(flaw), false),
                None => (sink.push(&cells, &self.file)?, true),
            };
            if let Some((index, reason)) = flaw {
                let reject = Reject {
                    file: self.file.clone(),
                    line: self.row_number,
                    column: Some(schema.fields[index].name.clone()),
                    value: Some(shortened(&columns[index].text(row))),
                    reason,
                    row: String::new(),
                };
                if parsed { sink.reject(reject) } else { sink.reject_unparsed(reject) }
            }
        }
        Ok(batch.num_rows())
    }
}

/// Writes batches as a Parquet file, compressed with Snappy.
pub struct Writer<W: Write + Send> {
    inner: ArrowWriter<W>,
}

impl<W: Write + Send> std::fmt::Debug for Writer<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn new(output: W, schema: &SchemaRef) -> Result<Self> {
        // The library writes its own version into the file; a fixed word keeps the bytes the same across its patches.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("winback".to_owned())
            .build();
        ArrowWriter::try_new(output, schema.clone(), Some(properties))
            .map(|inner| Self { inner })
            .map_err(failed)
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.inner.write(batch).map_err(failed)
    }

    /// Ends the file and hands the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> Result<W> {
        self.inner.into_inner().map_err(failed)
    }
}

fn failed(source: ParquetError) -> Error {
    Error::Parquet { file: "the output".to_owned(), source }
}

#[cfg(test)]
mod tests;
