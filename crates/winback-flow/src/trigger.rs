//! What makes a pipeline start: a file that appeared ([`Change`], read from what a cloud sends by [`parse`]).
//!
//! Everything here is a pure function: bytes go in, values come out. Receiving events, watching folders and claiming a
//! run are left to others.

mod event;

pub use self::event::{Change, ChangeKind, Malformed, parse};
