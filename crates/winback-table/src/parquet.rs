//! Parquet in and out.
//!
//! Columns come in whatever type their writer chose: numbers of any width are read as numbers, anything else by its
//! text, cell by cell, under the same rules as CSV, so that one bad cell costs one row and not a batch.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, SchemaRef, TimestampSecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};

use crate::cell::{self, Cell};
use crate::input::Input;
use crate::reject::shortened;
use crate::sink::{BATCH_ROWS, Sink, match_columns};
use crate::{Error, Field, Kind, Reason, Reject, Result, Role, Schema};

/// An input as the Parquet library wants it: a length and ranges.
struct Ranges(Box<dyn Fn(u64, usize) -> std::io::Result<Bytes> + Send + Sync>, u64);

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

/// Opens a Parquet file; answers a builder that knows its columns.
pub(crate) fn open(
    input: &Arc<dyn Input>,
) -> Result<ParquetRecordBatchReaderBuilder<impl ChunkReader + use<>>> {
    let size = input.size().map_err(|error| Error::io("open", input.name(), error))?;
    let file = input.clone();
    let ranges = Ranges(Box::new(move |start, length| file.range(start, length)), size);
    ParquetRecordBatchReaderBuilder::try_new(ranges)
        .map_err(|source| Error::Parquet { file: input.name().to_owned(), source })
}

/// The rows of one Parquet file.
pub(crate) struct ParquetRows {
    file: Arc<str>,
    reader: ParquetRecordBatchReader,
    /// For each field of the schema its position among the projected columns.
    positions: Vec<usize>,
    batch: Option<(RecordBatch, usize)>,
    row_number: u64,
}

impl ParquetRows {
    pub(crate) fn open(input: &Arc<dyn Input>, schema: &Schema) -> Result<(Self, Vec<String>)> {
        let builder = open(input)?;
        let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let (columns, unused) = match_columns(input.name(), schema, &names)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        // The library keeps the file's order among the columns chosen.
        let mut sorted = columns.clone();
        sorted.sort_unstable();
        let positions = columns.iter().map(|column| sorted.partition_point(|other| other < column)).collect();
        let reader = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| Error::Parquet { file: input.name().to_owned(), source })?;
        Ok((Self { file: input.name().into(), reader, positions, batch: None, row_number: 0 }, unused))
    }

    /// Reads until the sink is full; answers whether the file ended.
    pub(crate) fn read(&mut self, schema: &Schema, sink: &mut Sink<'_>) -> Result<bool> {
        while !sink.is_full() {
            if self.batch.is_none() {
                let Some(batch) = self.reader.next() else { return Ok(true) };
                let batch = batch.map_err(|error| Error::Parquet {
                    file: self.file.to_string(),
                    source: ParquetError::External(Box::new(error)),
                })?;
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
            .map(|(position, field)| Column::new(batch.column(*position).as_ref(), field))
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

/// A column of a Parquet batch, ready to give cells of its field's kind.
enum Column {
    Number(arrow::array::PrimitiveArray<Float64Type>),
    Flag(arrow::array::BooleanArray),
    Time(arrow::array::PrimitiveArray<TimestampSecondType>),
    Text(Vec<Option<String>>),
}

impl Column {
    fn new(column: &dyn Array, field: &Field) -> Result<Self> {
        let plain = !matches!(field.role, Role::Key | Role::Label);
        let data_type = column.data_type();
        Ok(match field.kind {
            Kind::Number if plain && data_type.is_numeric() => {
                Self::Number(cast(column, &DataType::Float64)?.as_primitive().clone())
            }
            Kind::Flag if plain && *data_type == DataType::Boolean => Self::Flag(column.as_boolean().clone()),
            Kind::Time
                if plain
                    && matches!(data_type, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) =>
            {
                Self::Time(cast(column, &field.kind.data_type())?.as_primitive().clone())
            }
            _ => Self::Text(texts(column)?),
        })
    }

    fn cell<'a>(&'a self, row: usize, field: &Field, schema: &Schema) -> Option<Cell<'a>> {
        match self {
            Self::Number(column) if column.is_null(row) || column.value(row).is_nan() => Some(Cell::Missing),
            Self::Number(column) => {
                Some(column.value(row)).filter(|value| value.is_finite()).map(Cell::Number)
            }
            Self::Flag(column) if column.is_null(row) => Some(Cell::Missing),
            Self::Flag(column) => Some(Cell::Flag(column.value(row))),
            Self::Time(column) if column.is_null(row) => Some(Cell::Missing),
            Self::Time(column) => Some(Cell::Time(column.value(row))),
            Self::Text(column) => match &column[row] {
                Some(text) => cell::parse(text, field, schema),
                None => Some(Cell::Missing),
            },
        }
    }

    fn text(&self, row: usize) -> String {
        match self {
            Self::Number(column) => column.value(row).to_string(),
            Self::Flag(column) => column.value(row).to_string(),
            Self::Time(column) => cell::show_seconds(column.value(row)),
            Self::Text(column) => column[row].clone().unwrap_or_default(),
        }
    }
}

/// The cells of a column of any type as text.
pub(crate) fn texts(column: &dyn Array) -> Result<Vec<Option<String>>> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let texts = (0..column.len()).map(|row| (!column.is_null(row)).then(|| formatter.value(row).to_string()));
    Ok(texts.collect())
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
