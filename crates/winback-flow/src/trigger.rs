//! What makes a pipeline start: a file that appeared ([`Change`], read from what a cloud sends by [`parse`]) or a
//! moment that came ([`Schedule`]).
//!
//! Everything here is a pure function: bytes and moments go in, values come out. Receiving events, watching folders,
//! asking for the time and claiming a run are left to others.

mod event;
mod schedule;

pub use self::event::{Change, ChangeKind, Malformed, parse};
pub use self::schedule::{Schedule, ScheduleError};
