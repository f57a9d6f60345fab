//! A row that cannot be used, with all that is needed to find and mend it.

use std::fmt;
use std::sync::Arc;

use crate::Kind;

/// A rejected row. Bad rows are data, not errors: they go to quarantine and the rest goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The file's name as the user gave it.
    pub file: Arc<str>,
    /// The line on which the row begins, from 1; for Parquet the row's number, from 1.
    pub line: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// The value as found, cut at 200 characters.
    pub value: Option<String>,
    /// Why.
    pub reason: Reason,
    /// The row as it stood in the file, without its line end, cut at 65,536 characters (`…` marks the cut); empty for
    /// Parquet.
    pub row: String,
}

impl Reject {
    /// Where the row stands and why it was rejected, for a message: no value of a customer is in it.
    pub(crate) fn place(&self) -> String {
        let column = self.column.as_ref().map_or_else(String::new, |column| format!(", column `{column}`"));
        format!("`{}` line {}{column}: {}", self.file, self.line, self.reason)
    }
}

/// Why a row cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The value is not of the column's kind.
    WrongKind(Kind),
    /// The key is missing.
    NoKey,
    /// An earlier row has the same key (and time, in a history with one).
    RepeatedKey,
    /// The label is missing in a history.
    NoLabel,
    /// The time is missing in a history that has a time column.
    NoTime,
    /// The weight is missing, or not above 0, in a history that has weights.
    NoWeight,
    /// The row has another number of fields than the header.
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// A quoted field that never ends, or ends where the row has the wrong number of fields; or a line beyond all
    /// measure. Only the first line is rejected.
    Runaway,
    /// Bytes that are not text in the file's encoding.
    NotText,
    /// Bytes that are zero, which no text has.
    ZeroBytes,
    /// The names of the header again.
    RepeatedHeader,
    /// A line that marks an unresolved merge.
    MergeMarker,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKind(kind) => write!(formatter, "not {}", kind.described()),
            Self::NoKey => formatter.write_str("the key is missing"),
            Self::RepeatedKey => formatter.write_str("an earlier row has the same key"),
            Self::NoLabel => formatter.write_str("the label is missing"),
            Self::NoTime => formatter.write_str("the time is missing"),
            Self::NoWeight => formatter.write_str("a weight must be above 0"),
            Self::FieldCount { expected, found } => {
                write!(formatter, "{found} fields where the header has {expected}")
            }
            Self::Runaway => formatter
                .write_str("a quote that does not close where it should, or a line too long to be meant"),
            Self::ZeroBytes => formatter.write_str("zero bytes, which no text has"),
            Self::RepeatedHeader => formatter.write_str("the header again"),
            Self::MergeMarker => formatter.write_str("a line that marks an unresolved merge"),
            Self::NotText => formatter.write_str("bytes that are not text in the file's encoding; mend the row, or name the encoding with the setting `encoding`"),
        }
    }
}

/// Cuts a value at 200 characters, so that a message stays a message.
pub(crate) fn shortened(value: &str) -> String {
    cut(value, 200)
}

/// Cuts a raw row at 65,536 characters, so that broken files do not fill the memory with what is wrong in them.
pub(crate) fn shortened_row(row: &str) -> String {
    cut(row, 1 << 16)
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
