//! When something is to happen again and again: five fields as cron has them, in a time zone.
//!
//! Written here and not taken from a crate, because half of it is what an error says and what a change of clocks does:
//!
//! - if the hour is written as numbers, every day counts once: a time that the clocks leave out comes as much later
//!   as they jump, and one that they show twice counts the first time;
//! - if the hour begins with `*`, time goes on evenly: what is left out is left out, what comes twice counts twice.
//!
//! As in cron, a day counts if it is one of the days of the month or one of the days of the week when neither begins
//! with `*`, and else only if it is both. The zones are those that the program carries, so that all machines agree.

mod field;

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _};

use self::field::{DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, Matches};

/// The 29th of February may be eight years away, and on a given day of the week forty.
const DAYS_TO_SEARCH: usize = 366 * 41;

/// Moments that come again, such as every Monday at six in Zurich.
#[derive(Debug, Clone)]
pub struct Schedule {
    minute: Matches,
    hour: Matches,
    day_of_month: Matches,
    month: Matches,
    day_of_week: Matches,
    time_zone: TimeZone,
}

/// Why a text is not a schedule.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleError {
    /// There are more fields than five, or fewer.
    #[error(
        "`{text}` has {found} fields where a schedule has five: minute, hour, day of the month, month, day of the \
         week; every Monday at six is `0 6 * * 1`"
    )]
    Fields {
        /// The schedule as it was given.
        text: String,
        /// The number of fields.
        found: usize,
    },
    /// A part of a field means nothing.
    #[error("`{part}` cannot be the {field} of a schedule: {problem}; allowed are {allowed}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// The part of it that is at fault.
        part: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What may stand there.
        allowed: &'static str,
    },
    /// No such zone is known.
    #[error("`{name}` is not a time zone; write it as `Europe/Zurich`, or `UTC`")]
    TimeZone {
        /// The name as it was given.
        name: String,
    },
    /// No day is like that.
    #[error(
        "`{text}` never comes: none of its months has such a day; mend the day of the month or the month"
    )]
    Never {
        /// The schedule as it was given.
        text: String,
    },
}

impl Schedule {
    /// Reads five fields, to be understood in the zone of this name: `0 6 * * mon`, `Europe/Zurich`.
    pub fn parse(text: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day_of_month, month, day_of_week] = fields[..] else {
            return Err(ScheduleError::Fields { text: text.to_owned(), found: fields.len() });
        };
        let zone = TimeZoneDatabase::bundled().get(time_zone);
        let schedule = Self {
            minute: MINUTE.read(minute)?,
            hour: HOUR.read(hour)?,
            day_of_month: DAY_OF_MONTH.read(day_of_month)?,
            month: MONTH.read(month)?,
            day_of_week: DAY_OF_WEEK.read(day_of_week)?,
            time_zone: zone.map_err(|_| ScheduleError::TimeZone { name: time_zone.to_owned() })?,
        };
        // Any start will do, because every kind of year comes within the days that are searched.
        match schedule.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never { text: text.to_owned() }),
        }
    }

    /// The first moment of the schedule that is later than `at`; none where the calendar ends.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        // The day before may still have moments to come, if clocks are put back or forward around midnight.
        let today = self.time_zone.to_datetime(at).date();
        let first = today.yesterday().unwrap_or(today);
        let days = first.series(1.day()).take(DAYS_TO_SEARCH);
        let mut days = days.skip_while(|day| self.first_on(*day, at).is_none());
        // For the same reason the day after may begin before this one is over.
        let (day, following) = (days.next()?, days.next());
        let earlier = following.and_then(|day| self.first_on(day, at));
        self.first_on(day, at).into_iter().chain(earlier).min()
    }

    /// The first moment on this day that is later than `at`.
    fn first_on(&self, day: Date, at: Timestamp) -> Option<Timestamp> {
        if !self.has_day(day) {
            return None;
        }
        let hours = (0..24).filter(|hour| self.hour.has(*hour));
        let minutes = || (0..60).filter(|minute| self.minute.has(*minute));
        let times = hours.flat_map(|hour| minutes().map(move |minute| Time::constant(hour, minute, 0, 0)));
        times.flat_map(|time| self.moments(day, time)).filter(|moment| at < *moment).min()
    }

    fn has_day(&self, day: Date) -> bool {
        let of_month = self.day_of_month.has(day.day());
        let of_week = self.day_of_week.has(day.weekday().to_sunday_zero_offset());
        let either = !self.day_of_month.is_open && !self.day_of_week.is_open;
        self.month.has(day.month()) && if either { of_month || of_week } else { of_month && of_week }
    }

    /// The moments at which clocks show this time on this day and that count.
    fn moments(&self, day: Date, time: Time) -> impl Iterator<Item = Timestamp> + use<> {
        let ambiguous = self.time_zone.to_ambiguous_timestamp(day.to_datetime(time));
        let second = match ambiguous.offset() {
            AmbiguousOffset::Fold { .. } if self.hour.is_open => ambiguous.later().ok(),
            _ => None,
        };
        let first = match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } if self.hour.is_open => None,
            _ => ambiguous.compatible().ok(),
        };
        first.into_iter().chain(second)
    }
}

#[cfg(test)]
mod tests;
