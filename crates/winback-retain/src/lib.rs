//! The retention question: what a model's numbers mean to the bank that asked.
//!
//! A probability becomes a [`RiskBand`] and a rank among the customers of the training ([`Percentiles`]); the effects
//! of the columns become at most a few [`reasons`], in words that hold what the data hold and nothing else.
//!
//! Everything here is a pure function of its arguments: no files, no clock, no pipelines. How effects come about is
//! left to `winback-learn`, what columns mean to `winback-table`.

/// What a model of weighted rows says of its figures.
pub(crate) const WEIGHTED: &str = "Rows counted by their weights when the model was fitted, chosen and calibrated; figures, charts and effects count each row once.";

mod bands;
pub mod card;
mod charts;
mod compared;
pub mod drift;
mod error;
pub mod findings;
pub mod gates;
pub mod leaks;
pub mod page;
mod percent;
mod percentile;
pub mod reasons;
pub mod report;
mod scored;
mod teller;
mod trends;

pub use bands::{Bands, RiskBand};
pub use compared::{ComparedWith, rows_of};
pub use error::{Error, Result};
pub use percent::in_percent;
pub use percentile::Percentiles;
pub use scored::{REASONS, ROW_NUMBER, Scored, Scorer};
pub use teller::{Reason, Teller, Told};
