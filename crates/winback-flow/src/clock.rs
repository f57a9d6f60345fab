//! The one place that asks what time it is. Everything else takes a [`Clock`], so that tests and replays can say what
//! time it is to be. Durations and schedules are not its business.
#![expect(clippy::disallowed_methods, reason = "this file is the home of the system clock")]

use jiff::Timestamp;

use crate::{Error, Result};

/// Tells the time: that of the system, or one that never moves.
#[derive(Debug, Clone)]
pub struct Clock {
    fixed: Option<Timestamp>,
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands at `time`, an RFC 3339 time such as `2026-11-22T06:00:00Z`.
    pub fn fixed(time: &str) -> Result<Self> {
        let fixed = time.parse().map_err(|source| Error::Time { text: time.to_owned(), source })?;
        Ok(Self { fixed: Some(fixed) })
    }

    /// The time as records bear it: RFC 3339, UTC, milliseconds, so that text order is the order of time.
    #[must_use]
    pub fn now(&self) -> String {
        let now = self.fixed.unwrap_or_else(Timestamp::now);
        format!("{now:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_says_its_time_in_utc() {
        let clock = Clock::fixed("2026-11-22T07:00:00+01:00").unwrap();
        assert_eq!(clock.now(), "2026-11-22T06:00:00.000Z");
        assert_eq!(clock.now(), clock.now());
    }

    #[test]
    fn the_system_clock_writes_the_same_form() {
        let now = Clock::system().now();
        assert_eq!(now.len(), "2026-11-22T06:00:00.000Z".len());
        assert!(now.ends_with('Z'), "{now}");
    }

    #[test]
    fn what_is_no_time_is_named() {
        let error = Clock::fixed("yesterday").unwrap_err();
        assert!(error.to_string().contains("`yesterday`"), "{error}");
    }
}
