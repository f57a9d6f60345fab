//! CSV in and out: `,` `;` tab or `|`, quoted or not, UTF-8 or Latin-1, any line end, plain or gzip.

mod lines;
mod records;
mod sniff;
mod writer;

pub(crate) use records::{Malformed, Record, Records};
pub(crate) use sniff::sniff;
pub use sniff::{Dialect, Encoding};
pub use writer::{Writer, decimal};
