//! Everything durable: where bytes lie ([`Store`]), blobs that bear their digest ([`Digest`]), the append-only record
//! of what happened ([`Ledger`]), and which model versions exist and serve ([`Registry`]).
//!
//! It needs no database: a folder is enough, and a bucket of a cloud works alike, because only creates and deletes are
//! used. It has never heard of a model, a table or a customer: packages are named bytes, metrics are
//! opaque values, and no record may hold a customer's key or value.
//!
//! All calls are to be made inside a tokio runtime; one of a single thread will do. For a bucket it needs its clock and
//! its network, for a folder nothing.
#![warn(missing_docs)]

// The contract of stores names this crate as tests from outside do.
#[cfg(test)]
extern crate self as winback_flow;

mod artifact;
mod clock;
mod error;
mod ledger;
mod registry;
mod store;
#[cfg(test)]
mod testkit;

pub use crate::artifact::Digest;
pub use crate::clock::Clock;
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::ledger::{Ledger, Record};
pub use crate::registry::{Alias, Details, Gate, ModelVersion, Package, Promotion, Refusal, Registry};
pub use crate::store::{Entry, Store};
