//! CSV in and out: `,` `;` tab or `|`, quoted or not, UTF-8, UTF-16, Windows-1252 or Latin-1, lines ended by LF or CRLF,
//! plain, gzip or zstd.

mod chunks;
mod encoding;
mod lines;
mod quotes;
mod records;
mod sniff;
mod table;
mod writer;

pub use encoding::Encoding;
#[cfg(test)]
pub(crate) use records::Records;
pub use sniff::Dialect;
pub(crate) use table::{CsvRows, Opened, Said, fields, open};
pub use writer::{Writer, decimal, push_rows};
