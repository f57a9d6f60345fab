//! What can go wrong with a whole file or schema. A single bad row is never an error: it is a [`crate::Reject`].

use std::io;

use crate::csv::Encoding;
use crate::input::PackingFlaw;
use crate::parted;

/// The result of reading or writing a table.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file, or a schema, cannot be used as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes could not be read or written.
    #[error("cannot {action} `{file}`")]
    Io {
        /// What was tried: `open`, `read`, `write`.
        action: &'static str,
        /// The file's name as the user gave it.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A packed file that is cut, damaged, too large unpacked, or packed in a way that is not read here.
    #[error("`{file}` {flaw}")]
    Packed {
        /// The file's name.
        file: String,
        /// What is wrong with it, and the way out.
        flaw: PackingFlaw,
    },
    /// Nothing to read: no bytes, or no header.
    #[error("`{file}` is empty: it has no header line; the first line must hold the column names")]
    Empty {
        /// The file's name.
        file: String,
    },
    /// The header line cannot be read, so no column can be found.
    #[error("the header of `{file}` {flaw}")]
    Header {
        /// The file's name.
        file: String,
        /// What is wrong with it, and the way out.
        flaw: HeaderFlaw,
    },
    /// A column that the schema needs is not in the file.
    #[error("`{file}` has no column `{column}`{}", nearest_hint(.nearest.as_deref()))]
    MissingColumn {
        /// The file's name.
        file: String,
        /// The column that was looked for.
        column: String,
        /// The column of the file with the most similar name, if any is near.
        nearest: Option<String>,
    },
    /// Two columns of one file have the same name, so the schema cannot tell them apart.
    #[error(
        "`{file}` has the column `{column}` twice, as column {first} and column {second}; rename one of them"
    )]
    RepeatedColumn {
        /// The file's name.
        file: String,
        /// The doubled name.
        column: String,
        /// Position of the first one, from 1.
        first: usize,
        /// Position of the second one, from 1.
        second: usize,
    },
    /// No column has the name that the schema asks for, and more than one has nearly that name.
    #[error(
        "`{file}` has no column `{column}`, but two that differ from it only in case or blanks: {found}; rename one of \
         them"
    )]
    AmbiguousColumn {
        /// The file's name.
        file: String,
        /// The column that was looked for.
        column: String,
        /// The first two names that are nearly the same, with their positions.
        found: String,
    },
    /// More rows were rejected than the limit allows.
    #[error(
        "{} of {} rows were rejected, more than the limit of {limit_percent} %; the first is {first}",
        parted(*.rejected),
        parted(*.read)
    )]
    TooManyRejects {
        /// Rows read.
        read: u64,
        /// Rows rejected.
        rejected: u64,
        /// The limit in percent of the rows read.
        limit_percent: f64,
        /// Where the first one stands, and why it was rejected; never its value.
        first: String,
    },
    /// The rows handed out and rejected do not add up to the lines of the file: a fault of ours, never the user's.
    #[error("`{file}` has {counted} lines but {accounted} were accounted for")]
    LinesDoNotAddUp {
        /// The file's name.
        file: String,
        /// Lines counted in the bytes.
        counted: u64,
        /// Lines that belong to a header, a row, a rejected row or are blank.
        accounted: u64,
    },
    /// The rows handed out and rejected are not those that a Parquet file counts itself: a fault of ours, or of who
    /// wrote the file, but never to be passed over.
    #[error("`{file}` has {counted} rows but {accounted} were accounted for")]
    RowsDoNotAddUp {
        /// The file's name.
        file: String,
        /// Rows by the file's own count.
        counted: u64,
        /// Rows handed out or rejected.
        accounted: u64,
    },
    /// A Parquet file that cannot be read or written.
    #[error("`{file}` is not a readable Parquet file; copy it again, or write it anew where it came from")]
    Parquet {
        /// The file's name.
        file: String,
        /// What the Parquet library said.
        #[source]
        source: ::parquet::errors::ParquetError,
    },
    /// Parsed rows that Arrow refuses as a batch: a fault of ours.
    #[error("Arrow could not build a batch")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A schema that contradicts itself, or a file that does not hold one.
    #[error("schema: {0}")]
    Schema(String),
}

/// What makes a header line unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderFlaw {
    /// Bytes that are not text in the file's encoding.
    #[error(
        "is not UTF-8 text; if it is another encoding, name it with the setting `encoding`: {}",
        Encoding::NAMES
    )]
    NotText,
    /// Bytes that are zero; UTF-16 would have been told by them.
    #[error("holds zero bytes, which no text does; save the file as UTF-8")]
    ZeroBytes,
    /// A quoted name that never ends, or a line beyond all measure.
    #[error(
        "has a quote that never closes, or is longer than 1 MiB; the first line must hold the column names"
    )]
    Runaway,
    /// A line that marks an unresolved merge.
    #[error(
        "is the marker of an unresolved merge; resolve it, so that the first line holds the column names"
    )]
    MergeMarker,
    /// More columns than a table of customers has.
    #[error("has more than 20,000 columns; look whether rows became columns, or the delimiter is another")]
    TooMany,
    /// No line feed in the file, only carriage returns.
    #[error("ends with a carriage return alone; save the file with LF or CRLF line ends")]
    LoneReturns,
}

impl Error {
    pub(crate) fn io(action: &'static str, file: &str, source: io::Error) -> Self {
        if let Some(flaw) = PackingFlaw::of(&source) {
            return Self::Packed { file: file.to_owned(), flaw };
        }
        Self::Io { action, file: file.to_owned(), source }
    }

    /// Whether the user's input is at fault (as opposed to a fault of ours).
    #[must_use]
    pub fn is_users(&self) -> bool {
        !matches!(self, Self::LinesDoNotAddUp { .. } | Self::RowsDoNotAddUp { .. } | Self::Arrow(_))
    }
}

fn nearest_hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; the nearest is `{name}`"))
}
