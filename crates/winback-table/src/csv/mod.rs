//! CSV in and out: `,` `;` tab or `|`, quoted or not, UTF-8 or Latin-1, any line end, plain or gzip.

mod lines;
mod records;
mod sniff;
mod table;
mod writer;

pub(crate) use records::Record;
pub use sniff::{Dialect, Encoding};
pub(crate) use table::{CsvRows, Said, open};
pub use writer::{Writer, decimal};
