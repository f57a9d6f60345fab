//! Learning who leaves, from tables: learners, calibration, honest figures, exact explanations, the model file.
//!
//! [`encode`] turns a table into bins and codes, [`trees`] and [`linear`] learn from them, [`procedure`] chooses
//! between learners on inner folds and reports from outer ones, [`Model`] scores and explains new tables, [`mod@file`]
//! keeps it. The crate has never heard of a customer; it knows no file, no clock and no global randomness, and the
//! same data, settings and seed give the same bytes whatever the number of threads.

mod background;
pub mod calibrate;
pub mod encode;
mod error;
pub mod file;
pub mod folds;
pub mod importance;
pub mod interactions;
mod isotonic;
pub mod linear;
pub mod metrics;
mod model;
mod number;
pub mod onnx;
pub mod package;
pub mod procedure;
pub mod profile;
mod random;
pub mod smoke;
pub mod trees;

pub use background::BackgroundRows;
pub use error::{Error, Result};
pub use model::{Explanation, Model, Predictor};
pub use number::{log_loss as row_log_loss, log_odds, probability};

/// Told how much of the work is done (`done` of `total` parts); answers whether to go on.
pub type Watch<'a> = &'a (dyn Fn(u64, u64) -> bool + Sync);
