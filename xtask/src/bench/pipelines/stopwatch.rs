//! Time that passes, for what is timed from outside.
#![expect(clippy::disallowed_methods, reason = "this is where time is taken")]

use std::time::Instant;

/// Runs from its start on.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
