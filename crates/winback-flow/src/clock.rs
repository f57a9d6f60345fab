//! The one place that asks what time it is and that waits. Everything else takes a [`Clock`], so that tests, replays and
//! the simulator can say what time it is to be. Schedules are not its business.
#![expect(clippy::disallowed_methods, reason = "this file is the home of the system clock")]

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, Result};

/// A moment, to the millisecond; written in RFC 3339, UTC, so that the order of the texts is the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    milliseconds: i64,
}

impl Time {
    /// The last moment that can be written.
    pub const END: Self = Self { milliseconds: 253_402_207_200_000 };

    /// So much later; the end of time if that is beyond it.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let more = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self { milliseconds: self.milliseconds.saturating_add(more).min(Timestamp::MAX.as_millisecond()) }
    }

    /// Seconds since 1970, as Prometheus counts.
    #[must_use]
    pub fn unix_seconds(self) -> f64 {
        self.milliseconds as f64 / 1000.0
    }

    /// How long after `earlier` this is; nothing if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let milliseconds = self.milliseconds.saturating_sub(earlier.milliseconds);
        Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self { milliseconds: timestamp.as_millisecond() }
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        Self::from_millisecond(time.milliseconds).unwrap_or(Self::MAX)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = Timestamp::from_millisecond(self.milliseconds).unwrap_or(Timestamp::MAX);
        write!(formatter, "{timestamp:.3}")
    }
}

impl FromStr for Time {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed: Result<Timestamp, _> = text.parse();
        parsed.map(Self::from).map_err(|source| Error::Time { text: text.to_owned(), source })
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Tells the time: that of the system, or one that moves only when it is told to.
#[derive(Debug, Clone)]
pub struct Clock {
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self { manual: None }
    }

    /// A clock that stands at `time`, an RFC 3339 time such as `2026-11-22T06:00:00Z`, until it is set.
    pub fn fixed(time: &str) -> Result<Self> {
        let Time { milliseconds } = time.parse()?;
        Ok(Self { manual: Some(Arc::new(AtomicI64::new(milliseconds))) })
    }

    /// Sets a clock that is not the system's, and all clones of it.
    #[cfg(test)]
    pub(crate) fn set(&self, time: Time) {
        if let Some(manual) = &self.manual {
            manual.store(time.milliseconds, Ordering::SeqCst);
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.manual {
            Some(manual) => Time { milliseconds: manual.load(Ordering::SeqCst) },
            None => Timestamp::now().into(),
        }
    }

    /// Waits until `time`. Where the clock is not the system's, it asks again whenever it is polled.
    pub async fn sleep_until(&self, time: Time) {
        if self.manual.is_some() {
            return std::future::poll_fn(|context| {
                if time <= self.now() {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        tokio::time::sleep(time.since(self.now())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_says_its_time_in_utc() {
        let clock = Clock::fixed("2026-11-22T07:00:00+01:00").unwrap();
        assert_eq!(clock.now().to_string(), "2026-11-22T06:00:00.000Z");
        assert_eq!(clock.now(), clock.now());
        clock.clone().set(clock.now().plus(Duration::from_millis(1500)));
        assert_eq!(clock.now().to_string(), "2026-11-22T06:00:01.500Z");
    }

    #[test]
    fn the_system_clock_writes_the_same_form() {
        let now = Clock::system().now();
        assert_eq!(now.to_string().len(), "2026-11-22T06:00:00.000Z".len());
        assert_eq!(now.to_string().parse::<Time>().unwrap(), now);
    }

    #[test]
    fn what_is_no_time_is_named() {
        let error = Clock::fixed("yesterday").unwrap_err();
        assert!(error.to_string().contains("`yesterday`"), "{error}");
    }

    #[test]
    fn times_add_up_and_end_at_the_end_of_time() {
        let time: Time = "2026-11-22T06:00:00Z".parse().unwrap();
        let later = time.plus(Duration::from_secs(90));
        assert_eq!((later.since(time), time.since(later)), (Duration::from_secs(90), Duration::ZERO));
        assert!(time.plus(Duration::MAX).to_string().starts_with("9999-12-3"));
    }
}
