//! The rows of one CSV file under a schema.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use super::chunks::Window;
use super::encoding::{Encoding, Transcoded};
use super::records::{Fields, Malformed, Record, Records};
use super::sniff::{as_utf8, has_lone_returns, sample, sniff};
use crate::cell::{self, Cell, trimmed};
use crate::error::HeaderFlaw;
use crate::header::Header;
use crate::input::{Input, unpacked};
use crate::oddity::Oddities;
use crate::reject::shortened;
use crate::sink::{Ready, Sink, UniqueKeys};
use crate::{Error, Field, Reason, Reject, Result, Schema};

/// What is said of a file's dialect; what is not is told from the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) delimiter: Option<u8>,
    pub(crate) encoding: Option<Encoding>,
}

/// The records of an opened file.
pub(crate) type FileRecords = Records<Box<dyn Read + Send>>;

/// A CSV file at its first data row.
pub(crate) struct Opened {
    pub(crate) file: Arc<str>,
    pub(crate) records: FileRecords,
    pub(crate) header: Header,
}

/// The rows of one CSV file.
pub(crate) struct CsvRows {
    opened: Opened,
    /// For each field of the schema its position in the file.
    positions: Vec<usize>,
    missing: Missing,
    pub(super) window: Window,
}

impl CsvRows {
    pub(crate) fn open(
        input: &dyn Input,
        schema: &Schema,
        said: Said,
        oddities: &mut Oddities,
    ) -> Result<(Self, Vec<String>)> {
        let opened = open(input, said, oddities)?;
        let (positions, unused) = opened.header.places(schema, oddities)?;
        let missing = Missing::new(schema);
        Ok((Self { opened, positions, missing, window: Window::default() }, unused))
    }

    /// Reads on, several chunks of lines side by side where that can be done, and appends batches to `ready`; answers
    /// whether the file ended. `before` rows were read before.
    pub(crate) fn read(
        &mut self,
        schema: &Schema,
        mut keys: Option<&mut UniqueKeys>,
        before: u64,
        ready: &mut VecDeque<Ready>,
    ) -> Result<bool> {
        let Opened { file, records, header } = &mut self.opened;
        let layout = Layout { schema, positions: &self.positions, header, missing: &self.missing };
        if self.window.read(records, file, layout, keys.as_deref_mut(), before, ready)? {
            return Ok(false);
        }
        // One record after the other: what comes next does not fit a chunk, or there is nothing more.
        let mut sink = Sink::new(schema, keys);
        let ended = layout.read(records, file, &mut sink)?;
        ready.push_back(sink.finish(before)?);
        if ended {
            let (counted, accounted) = records.line_counts();
            if counted != accounted {
                return Err(Error::LinesDoNotAddUp { file: file.to_string(), counted, accounted });
            }
        }
        Ok(ended)
    }
}

/// Where the fields of a schema stand in the records of a file.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    pub(super) schema: &'a Schema,
    pub(super) positions: &'a [usize],
    pub(super) header: &'a Header,
    pub(super) missing: &'a Missing,
}

impl Layout<'_> {
    /// Reads records until the sink is full; answers whether they ended.
    pub(super) fn read<R: Read>(
        self,
        records: &mut Records<R>,
        file: &Arc<str>,
        sink: &mut Sink<'_>,
    ) -> Result<bool> {
        let mut cells: Vec<Cell<'static>> = Vec::new();
        while !sink.is_full() {
            let record = records.next().map_err(|error| Error::io("read", file, error))?;
            let Some(record) = record else { return Ok(true) };
            let mut row = std::mem::take(&mut cells);
            self.take(&record, file, &mut row, sink)?;
            cells = recycled(row);
        }
        Ok(false)
    }

    /// Takes one record into the sink, as a row or as a reject.
    fn take<'r>(
        self,
        record: &Record<'r>,
        file: &Arc<str>,
        row: &mut Vec<Cell<'r>>,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let Self { schema, positions, .. } = self;
        match self.parse(record, row) {
            Ok(()) => {
                if let Some((index, reason)) = sink.push(row, file)? {
                    let value = record.fields.map_or("", |fields| fields.get(positions[index]));
                    sink.reject(reject(file, record, Some((&schema.fields[index], value)), reason));
                }
            }
            Err((index, reason)) => {
                let value = match (index, record.fields) {
                    (Some(index), Ok(fields)) => Some((&schema.fields[index], fields.get(positions[index]))),
                    _ => None,
                };
                sink.reject_unparsed(reject(file, record, value, reason));
            }
        }
        Ok(())
    }

    /// Parses the fields of a record into `cells`; else answers the field of the schema at fault, if it is one, and why.
    fn parse<'r>(
        self,
        record: &Record<'r>,
        cells: &mut Vec<Cell<'r>>,
    ) -> Result<(), (Option<usize>, Reason)> {
        let Self { schema, positions, header, missing } = self;
        let fields = fields(record, header).map_err(|reason| (None, reason))?;
        for (index, (field, position)) in schema.fields.iter().zip(positions).enumerate() {
            let text = trimmed(fields.get(*position));
            let cell = if missing.may_be(text) && schema.is_missing(text) {
                Some(Cell::Missing)
            } else {
                cell::parse_value(text, field, schema)
            };
            cells.push(cell.ok_or((Some(index), Reason::WrongKind(field.kind)))?);
        }
        Ok(())
    }
}

/// The bytes with which a spelling of "no value" begins: what begins with no other is a value at first sight.
pub(super) struct Missing([bool; 256]);

impl Missing {
    fn new(schema: &Schema) -> Self {
        let mut begins = [false; 256];
        for first in schema.missing.iter().filter_map(|spelling| trimmed(spelling).bytes().next()) {
            begins[usize::from(first.to_ascii_lowercase())] = true;
            begins[usize::from(first.to_ascii_uppercase())] = true;
        }
        Self(begins)
    }

    /// Whether a text without outer blanks may spell "no value".
    fn may_be(&self, text: &str) -> bool {
        text.bytes().next().is_none_or(|first| self.0[usize::from(first)])
    }
}

/// Opens a CSV file at its first data row.
pub(crate) fn open(input: &dyn Input, said: Said, oddities: &mut Oddities) -> Result<Opened> {
    let name = input.name();
    let unpack = || unpacked(input).map_err(|error| Error::io("open", name, error));
    let sample = sample(&mut unpack()?).map_err(|error| Error::io("read", name, error))?;
    let flawed = |flaw| Error::Header { file: name.to_owned(), flaw };
    let dialect = sniff(&sample, said.delimiter, said.encoding);
    if has_lone_returns(&as_utf8(&sample, dialect.encoding)) {
        return Err(flawed(HeaderFlaw::LoneReturns));
    }
    let reader: Box<dyn Read + Send> = match dialect.encoding {
        Encoding::Utf16Le => Box::new(Transcoded::new(unpack()?, true)),
        Encoding::Utf16Be => Box::new(Transcoded::new(unpack()?, false)),
        _ => unpack()?,
    };
    let mut records = Records::new(reader, dialect);
    let first = records.next().map_err(|error| Error::io("read", name, error))?;
    let Some(first) = first else { return Err(Error::Empty { file: name.to_owned() }) };
    let columns = first.fields.map_or(0, |fields| fields.len());
    if first.is_merge_marker(columns) {
        return Err(flawed(HeaderFlaw::MergeMarker));
    }
    let fields = first.fields.map_err(|malformed| {
        flawed(match malformed {
            Malformed::NotText => HeaderFlaw::NotText,
            Malformed::Runaway => HeaderFlaw::Runaway,
            Malformed::ZeroBytes => HeaderFlaw::ZeroBytes,
        })
    })?;
    let file: Arc<str> = name.into();
    let header = Header::new(&file, Some(first.line), fields.iter(), oddities)?;
    Ok(Opened { file, records, header })
}

/// The fields of a record, if it is a row of the table.
pub(crate) fn fields<'a>(record: &Record<'a>, header: &Header) -> Result<Fields<'a>, Reason> {
    // Such a line also has the wrong number of fields, which would say less.
    if record.is_merge_marker(header.names.len()) {
        return Err(Reason::MergeMarker);
    }
    let fields = record.fields?;
    if fields.len() != header.names.len() {
        return Err(Reason::FieldCount { expected: header.names.len(), found: fields.len() });
    }
    if header.is_again(fields.iter()) {
        return Err(Reason::RepeatedHeader);
    }
    Ok(fields)
}

/// The allocation of a row's cells, empty, free of the record's lifetime.
fn recycled(mut cells: Vec<Cell<'_>>) -> Vec<Cell<'static>> {
    cells.clear();
    cells.into_iter().map(|_| Cell::Missing).collect()
}

pub(super) fn reject(
    file: &Arc<str>,
    record: &Record<'_>,
    cell: Option<(&Field, &str)>,
    reason: Reason,
) -> Reject {
    Reject {
        file: file.clone(),
        line: record.line,
        column: cell.map(|(field, _)| field.name.clone()),
        value: cell.map(|(_, value)| shortened(value)),
        reason,
        row: record.text(),
    }
}

impl From<Malformed> for Reason {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Runaway => Self::Runaway,
            Malformed::NotText => Self::NotText,
            Malformed::ZeroBytes => Self::ZeroBytes,
        }
    }
}
