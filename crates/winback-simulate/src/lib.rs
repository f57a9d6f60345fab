//! A made bank whose truth is known: what the demo shows, and what the other crates are tested on.
//!
//! [`Bank`] is three numbers; everything else follows from them, to the byte. Its customers are who they are
//! (`customers`), do what they do (`events`), leave with a probability that depends on what the bank can see
//! (`outcomes`), and so leave or stay (`truth`). They come as Arrow batches ([`Bank::history`], [`Bank::week`]) or as
//! files ([`Bank::write`]), streamed, with the true probability of every row beside them: no learner can do better
//! than that, and the tests of learners ask how near they come.
//!
//! Left to others: learning (`winback-learn`), commands and progress bars (`winback`). This crate knows no clock, no
//! environment and no randomness but its seed; `exp` and `ln` come from `libm`, so a bank is the same on every machine.

mod bank;
mod calendar;
mod columns;
mod customers;
mod error;
mod events;
mod files;
mod latents;
mod outcomes;
mod random;
pub mod small;
mod truth;
pub mod wide;

pub use bank::{BATCH_ROWS, Bank, Made};
pub use calendar::{FIRST_WEEK_AS_OF, HISTORY_AS_OF, HORIZON_DAYS};
pub use columns::{KEY, LABEL, PROTECTED};
pub use error::{Error, Result};
pub use files::{Written, WrittenFile};
