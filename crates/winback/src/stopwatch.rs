//! How long a command took: the one use of the clock outside the ledger.

use std::time::Instant;

/// Runs from its making.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a duration that is shown to a person and kept nowhere")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start, to a hundredth.
    pub(crate) fn seconds(self) -> f64 {
        (self.0.elapsed().as_secs_f64() * 100.0).round() / 100.0
    }
}
