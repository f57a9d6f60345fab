//! From a table to codes: numbers to bins, categories to the numbers of their levels.
//!
//! A first pass over the source makes sketches and dictionaries ([`Encoder::learn`]), a second the codes
//! ([`Encoded::read`]); the raw table is never held. What is learnt here has not seen a label.

pub mod bins;
mod codes;
mod columns;
mod encoded;
mod levels;
pub mod target;

use arrow::record_batch::RecordBatch;
use winback_table::Source;

use crate::Result;

pub use codes::{Codes, LevelCodes};
pub use columns::{ColumnEncoder, Encoder, Shape};
pub use encoded::Encoded;
pub use levels::Levels;

/// The code of a missing category.
pub const MISSING_LEVEL: u32 = 0;
/// The code of every level that is rare or was never seen in training.
pub const OTHER_LEVEL: u32 = 1;
/// The code of the first level of a dictionary.
pub const FIRST_LEVEL: u32 = 2;
/// A level enters a dictionary only with so many rows, so that no rare value (a surname) sits in a model.
pub const ROWS_PER_LEVEL: u64 = 20;

/// Batches that are worked on at once, their columns side by side.
const WINDOW: usize = 16;

/// Hands out the batches of a source, some at a time, in their order.
fn in_windows(source: &dyn Source, mut work: impl FnMut(&[RecordBatch]) -> Result<()>) -> Result<()> {
    let mut batches = source.open()?;
    loop {
        let window: Vec<RecordBatch> =
            batches.by_ref().take(WINDOW).collect::<std::result::Result<_, _>>()?;
        if window.is_empty() {
            return Ok(());
        }
        work(&window)?;
    }
}
