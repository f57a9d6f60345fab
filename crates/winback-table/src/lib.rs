//! Tables of customers, and what their columns mean.
//!
//! A [`Schema`] says what each column is (kind) and what it is for (role). Under it, CSV and Parquet files become a
//! stream of Arrow batches ([`reader::TableReader`]); a row that cannot be used becomes a [`Reject`] with file, line,
//! column, value and reason instead of an error. Tables are written back by [`csv::Writer`] and [`parquet::Writer`].
//!
//! Left to others: what is learnt from a table (`winback-learn`), where files come from (`winback-flow`). This crate
//! knows no network, no clock and no environment.

pub mod cell;
mod counts;
pub mod csv;
mod error;
mod header;
pub mod infer;
pub mod input;
pub mod keys;
mod notation;
mod oddity;
mod pack;
pub mod parquet;
pub mod profile;
#[cfg(test)]
mod properties;
pub mod reader;
mod reject;
mod rows;
mod schema;
mod sink;
mod source;

pub use counts::parted;
pub use error::{Error, HeaderFlaw, Result};
pub use notation::{Dates, Notation, Numbers};
pub use oddity::{Oddity, OddityKind};
pub use pack::Packed;
pub use reject::{Reason, Reject};
pub use schema::{Field, Kind, Role, Schema, Trend, Wording, nearest_name};
pub use source::{BatchIterator, MemorySource, Source};
