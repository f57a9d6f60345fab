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
mod component;
mod engine;
mod error;
mod keys;
mod ledger;
mod pipeline;
mod presence;
mod registry;
mod run;
mod runs;
mod store;
mod sweep;
#[cfg(test)]
mod testkit;
pub mod trigger;
mod value;
mod watch;
mod worker;

pub use jiff::Timestamp;

pub use crate::artifact::Digest;
pub use crate::clock::{Clock, Time};
pub use crate::component::{Bodies, Component, Components, Failure, Port, Stop, Task};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::ledger::{History, Ledger, Record, draw_nonce};
pub use crate::pipeline::{Condition, Input, Pipeline, Retry, Source, Step};
pub use crate::presence::Presence;
pub use crate::registry::{Alias, Details, Gate, ModelVersion, Package, Promotion, Refusal, Registry};
pub use crate::run::{Created, FailureKind, Outcome, Run, RunId, State, StepId, StepRun};
pub use crate::runs::{Line, Object, Request, Runs, Why};
pub use crate::store::{Entry, Store};
pub use crate::sweep::{Swept, sweep};
pub use crate::value::{Artifact, Place, Type, Value, Values};
pub use crate::watch::{Look, Watch, is_whole_name};
pub use crate::worker::{Options, Progress, Worker};
