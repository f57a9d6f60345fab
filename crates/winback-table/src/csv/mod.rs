//! CSV in and out: `,` `;` tab or `|`, quoted or not, UTF-8 or Latin-1, lines ended by LF or CRLF, plain or gzip.

mod lines;
mod records;
mod sniff;
mod table;
mod writer;

pub(crate) use records::Record;
#[cfg(test)]
pub(crate) use records::Records;
pub use sniff::{Dialect, Encoding};
pub(crate) use table::{CsvRows, Said, open};
pub use writer::{Writer, decimal};
