//! Records of a CSV stream: fields split and unquoted, each record with its line, its text and what is wrong with it.
//!
//! The splitting itself is `csv-core`'s. What stands here is what a bank's files need around it: a quoted field that
//! never ends must not swallow the rest of the file, and every physical line must be accounted for.

use std::collections::VecDeque;
use std::io::{self, Read};

use csv_core::ReadRecordResult;

use super::encoding::Encoding;
use super::lines::{LONGEST_LINE, Lines};
use super::quotes;
use super::sniff::Dialect;
use crate::reject::shortened_row;

/// A quoted field may run over this many lines.
const MOST_LINES: usize = 100;

/// One record, borrowed from the reader until the next one.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// Its fields, or why there are none.
    pub(crate) fields: Result<Fields<'a>, Malformed>,
    /// The bytes as they stood in the file.
    raw: &'a [u8],
    dialect: Dialect,
}

/// Why a record could not be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    Runaway,
    NotText,
    ZeroBytes,
}

/// The fields of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    text: &'a str,
    ends: &'a [usize],
    /// Bytes between two fields: a delimiter, or none where the parser took them out.
    between: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field at `index`, which must be below `len`.
    pub(crate) fn get(&self, index: usize) -> &'a str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] + self.between };
        &self.text[start..self.ends[index]]
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(move |index| self.get(index))
    }
}

impl Record<'_> {
    /// The bytes as they stood in the file, without the line end.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.raw.trim_ascii_end()
    }

    /// Whether the record is a line that marks an unresolved merge, as version control leaves them in a table of so many
    /// columns.
    pub(crate) fn is_merge_marker(&self, columns: usize) -> bool {
        let line = self.bytes();
        // Nearly every line ends here.
        if !matches!(line.first(), Some(b'<' | b'=' | b'>' | b'|')) {
            return false;
        }
        let is_side = |sign: &[u8]| {
            line.strip_prefix(sign).is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b' '))
        };
        // Between bars such a line may as well be a row of a file that has so many columns.
        let is_row =
            || self.dialect.delimiter == b'|' && self.fields.is_ok_and(|fields| fields.len() == columns);
        line == b"=======" || is_side(b"<<<<<<<") || is_side(b">>>>>>>") || (is_side(b"|||||||") && !is_row())
    }

    /// Whether it is UTF-8 beyond ASCII in a file of single bytes, where that is hardly ever by chance.
    pub(crate) fn is_stray_utf8(&self) -> bool {
        self.dialect.encoding.is_single_byte()
            && !self.raw.is_ascii()
            && std::str::from_utf8(self.raw).is_ok()
    }

    /// The record's text without its line end, for quarantine; a very long one is cut.
    pub(crate) fn text(&self) -> String {
        let bytes = self.raw.trim_ascii_end();
        shortened_row(&self.dialect.encoding.shown(bytes))
    }
}

/// A line that was given back.
struct Returned {
    bytes: Vec<u8>,
    /// It was cut for its length.
    cut: bool,
}

/// Splits a byte stream into records.
pub(crate) struct Records<R> {
    lines: Lines<R>,
    dialect: Dialect,
    parser: csv_core::Reader,
    /// Lines given back after a quoted field ran away; read again before new ones.
    returned: VecDeque<Returned>,
    /// Lines handed to a record, a blank or the header.
    accounted: u64,
    /// After a runaway quote: only a line that is regular by itself is trusted again.
    resync: bool,
    /// Whether any quote ran away so far.
    ran_away: bool,
    expected_fields: Option<usize>,
    raw: Vec<u8>,
    output: Vec<u8>,
    ends: Vec<usize>,
    output_length: usize,
    field_count: usize,
    /// The record has no quotes: its fields stand in `raw`, and `output` has nothing.
    is_plain: bool,
    decoded: String,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(reader: R, dialect: Dialect) -> Self {
        Self {
            lines: Lines::new(reader),
            parser: parser(dialect),
            dialect,
            returned: VecDeque::new(),
            accounted: 0,
            resync: false,
            ran_away: false,
            expected_fields: None,
            raw: Vec::new(),
            output: vec![0; 4096],
            ends: vec![0; 64],
            output_length: 0,
            field_count: 0,
            is_plain: false,
            decoded: String::new(),
        }
    }

    /// The records of some lines out of the middle of a stream: after `lines` others, the first of which had so many
    /// fields.
    pub(crate) fn within(reader: R, dialect: Dialect, lines: u64, fields: Option<usize>) -> Self {
        Self { accounted: lines, expected_fields: fields, ..Self::new(reader, dialect) }
    }

    /// About so many bytes of lines that begin where a record does, with what [`Self::within`] needs to read them;
    /// nothing while that cannot be known, or where no lines are left.
    pub(crate) fn next_chunk(&mut self, size: usize) -> io::Result<Option<Vec<u8>>> {
        let at_record = self.returned.is_empty() && !self.resync && self.accounted > 0;
        if at_record { self.lines.next_chunk(size) } else { Ok(None) }
    }

    /// Takes so many lines for read that were in a chunk.
    pub(crate) fn account(&mut self, lines: u64) {
        self.accounted += lines;
    }

    /// Puts back chunks that were taken last, in the order of the file.
    pub(crate) fn give_back(&mut self, chunks: &[Vec<u8>]) {
        self.lines.give_back(chunks);
    }

    /// Lines read so far, and the fields of the first record.
    pub(crate) fn position(&self) -> (u64, Option<usize>) {
        (self.accounted, self.expected_fields)
    }

    /// Whether the quotes of every record so far were in order.
    pub(crate) fn are_whole(&self) -> bool {
        !self.ran_away
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Lines counted in the bytes, and lines accounted for by records; equal at the end of the stream.
    pub(crate) fn line_counts(&self) -> (u64, u64) {
        (self.lines.counted(), self.accounted)
    }

    /// The next record that is not blank, or nothing at the end. The first one sets the number of fields expected.
    pub(crate) fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        loop {
            self.begin();
            let line = self.accounted + 1;
            let Some(complete) = self.gather()? else { return Ok(None) };
            if complete && self.raw.trim_ascii().is_empty() {
                continue;
            }
            // Within what may be the inside of a broken field, a line whose quotes stand wrong is most likely its end.
            let is_trusted = complete && (!self.resync || self.is_regular());
            if !is_trusted {
                self.resync = self.expected_fields.is_some();
                self.ran_away = true;
                return Ok(Some(self.malformed(line, Malformed::Runaway)));
            }
            self.resync = false;
            self.expected_fields = self.expected_fields.or(Some(self.field_count));
            return Ok(Some(self.record(line)));
        }
    }

    /// Gathers the lines of one record in `raw`. Answers whether it is complete: else its quotes ran away and only its
    /// first line was kept. Nothing at the end of the stream.
    ///
    /// A record that ends after several lines with the wrong number of fields, or with a quote that stands beside no end
    /// of a field, ran away too: most likely a stray quote met the next quote of the file, and the lines between them
    /// are rows of their own.
    fn gather(&mut self) -> io::Result<Option<bool>> {
        let mut line_ends: Vec<usize> = Vec::new();
        let mut is_last_cut = false;
        loop {
            let from = self.raw.len();
            let Some(cut) = self.take_line()? else {
                if line_ends.is_empty() {
                    return Ok(None);
                }
                // The file ended within quotes: the first line is bad, the others may be good.
                break;
            };
            line_ends.push(self.raw.len());
            if cut {
                is_last_cut = true;
                break;
            }
            // A blank line is no record to the parser, which waits for one to begin.
            if self.feed(from) || self.raw.trim_ascii().is_empty() {
                if line_ends.len() > 1 && !self.is_regular() {
                    break;
                }
                self.accounted += line_ends.len() as u64;
                return Ok(Some(true));
            }
            // While no line is trusted, each is judged alone: to gather more would read every line a hundred times.
            if self.resync || line_ends.len() >= MOST_LINES || self.raw.len() >= LONGEST_LINE {
                break;
            }
        }
        self.keep_first_line(&line_ends, is_last_cut);
        Ok(Some(false))
    }

    /// Whether the record in `raw` looks as a writer meant it, who has no more to say in it than in a line.
    fn is_regular(&self) -> bool {
        self.raw.len() <= LONGEST_LINE
            && self.expected_fields.is_none_or(|expected| self.field_count == expected)
            && quotes::stand_right(&self.raw, self.dialect.delimiter)
    }

    fn begin(&mut self) {
        self.parser.reset();
        self.raw.clear();
        self.output_length = 0;
        self.field_count = 0;
        self.is_plain = false;
    }

    /// Appends the next line to `raw`; answers whether it was cut for its length, or nothing at the end.
    fn take_line(&mut self) -> io::Result<Option<bool>> {
        if let Some(line) = self.returned.pop_front() {
            self.raw.extend_from_slice(&line.bytes);
            return Ok(Some(line.cut));
        }
        let first = self.accounted == 0 && self.raw.is_empty();
        let Some(line) = self.lines.next()? else { return Ok(None) };
        let bytes =
            if first { line.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.bytes) } else { line.bytes };
        self.raw.extend_from_slice(bytes);
        if !line.cut && !bytes.ends_with(b"\n") {
            // The last line of a file may lack its end; the parser needs one to close the record.
            self.raw.push(b'\n');
        }
        Ok(Some(line.cut))
    }

    /// Feeds the line that begins at `from` in `raw` to the parser; answers whether the record is complete.
    fn feed(&mut self, from: usize) -> bool {
        if from == 0 && self.split_plain() {
            return true;
        }
        let mut input = &self.raw[from..];
        loop {
            let (result, read, written, fields) = self.parser.read_record(
                input,
                &mut self.output[self.output_length..],
                &mut self.ends[self.field_count..],
            );
            input = &input[read..];
            self.output_length += written;
            self.field_count += fields;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return true,
                ReadRecordResult::InputEmpty => return false,
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
            }
        }
    }

    /// Splits a line without quotes, as most are, at its delimiters; answers whether it is one.
    fn split_plain(&mut self) -> bool {
        // A mark of the byte order is the parser's to take away, and single bytes are decoded field by field.
        let is_plain = !self.dialect.encoding.is_single_byte()
            && !self.raw.starts_with(b"\xef")
            && memchr::memchr(b'"', &self.raw).is_none();
        let Some(line) = self.raw.strip_suffix(b"\n").filter(|line| is_plain && !line.is_empty()) else {
            return false;
        };
        let delimiter = self.dialect.delimiter;
        self.field_count = memchr::memchr_iter(delimiter, line).count() + 1;
        if self.ends.len() < self.field_count {
            self.ends.resize(self.field_count, 0);
        }
        // Written at every byte and kept at delimiters: fields are so short that a search for each costs more.
        let mut field = 0;
        for (index, byte) in line.iter().enumerate() {
            self.ends[field] = index;
            field += usize::from(*byte == delimiter);
        }
        self.ends[field] = line.len();
        self.is_plain = true;
        true
    }

    /// Keeps the first line of a runaway record and gives the others back, to be read again.
    fn keep_first_line(&mut self, line_ends: &[usize], is_last_cut: bool) {
        let mut cut = is_last_cut;
        for line in line_ends.windows(2).rev() {
            self.returned.push_front(Returned { bytes: self.raw[line[0]..line[1]].to_vec(), cut });
            cut = false;
        }
        self.raw.truncate(line_ends[0]);
        self.accounted += 1;
    }

    fn malformed(&self, line: u64, why: Malformed) -> Record<'_> {
        Record { line, fields: Err(why), raw: &self.raw, dialect: self.dialect }
    }

    fn record(&mut self, line: u64) -> Record<'_> {
        let bytes = if self.is_plain { &self.raw[..] } else { &self.output[..self.output_length] };
        let between = usize::from(self.is_plain);
        let ends = &mut self.ends[..self.field_count];
        let text = match self.dialect.encoding {
            Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => {
                std::str::from_utf8(bytes).ok().filter(|text| {
                    // A field must not begin within a character of its neighbour.
                    ends.iter().all(|end| text.is_char_boundary(*end))
                })
            }
            single @ (Encoding::Latin1 | Encoding::Windows1252) => {
                decode_fields(bytes, ends, single, &mut self.decoded);
                Some(self.decoded.as_str())
            }
        };
        let zero = memchr::memchr(0, bytes).is_some();
        let fields = text.map(|text| Fields { text, ends, between }).ok_or(Malformed::NotText);
        let fields = if zero { Err(Malformed::ZeroBytes) } else { fields };
        Record { line, fields, raw: &self.raw, dialect: self.dialect }
    }
}

fn parser(dialect: Dialect) -> csv_core::Reader {
    // Lines are already cut at `\n`; a `\r` before it is blank at the end of the last field, which cells trim.
    csv_core::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .terminator(csv_core::Terminator::Any(b'\n'))
        .build()
}

/// Decodes fields of single bytes and moves their ends to where they are in the decoded text.
fn decode_fields(bytes: &[u8], ends: &mut [usize], encoding: Encoding, decoded: &mut String) {
    decoded.clear();
    let mut start = 0;
    for end in ends {
        decoded.push_str(&encoding.shown(&bytes[start..*end]));
        start = *end;
        *end = decoded.len();
    }
}

#[cfg(test)]
mod tests;
