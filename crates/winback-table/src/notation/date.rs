//! Dates whose day and month stand in an order that only the column can tell: `01/02/2026`, `1-2-2026 14:30`.

use jiff::civil::{Date, DateTime, Time};

/// Which order a date allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// Only the day can come first.
    DayFirst,
    /// Only the month can come first.
    MonthFirst,
    /// Both can.
    Either,
}

/// Which order a text allows, if it is such a date at all.
pub(crate) fn date_order(text: &str) -> Option<DateOrder> {
    match (seconds(text, true), seconds(text, false)) {
        (Some(_), Some(_)) => Some(DateOrder::Either),
        (Some(_), None) => Some(DateOrder::DayFirst),
        (None, Some(_)) => Some(DateOrder::MonthFirst),
        (None, None) => None,
    }
}

/// Seconds since 1970 of a date with the day first or the month first.
pub(super) fn seconds(text: &str, day_first: bool) -> Option<i64> {
    // Most cells are no dates: those end here.
    if !(8..=24).contains(&text.len()) || !text.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let (date, time) = text.split_once([' ', 'T']).map_or((text, ""), |(date, time)| (date, time.trim()));
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !is_year || first.len() > 2 || second.len() > 2 {
        return None;
    }
    let (first, second) = (whole(first)?, whole(second)?);
    let (day, month) = if day_first { (first, second) } else { (second, first) };
    let date = Date::new(year.parse().ok()?, month, day).ok()?;
    let moment: DateTime =
        date.to_datetime(if time.is_empty() { Time::midnight() } else { time_of_day(time)? });
    moment.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

/// `14:30`, `14:30:59`, `2:30 PM`.
fn time_of_day(text: &str) -> Option<Time> {
    let upper = text.to_ascii_uppercase();
    let halved = |half: &str| upper.strip_suffix(half).map(str::trim_end);
    let (clock, noon) = match (halved("AM"), halved("PM")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (whole(parts.next()?)?, whole(parts.next()?)?);
    let second = parts.next().map_or(Some(0), whole)?;
    if parts.next().is_some() {
        return None;
    }
    let hour = match noon {
        Some(noon) if (1..=12).contains(&hour) => hour % 12 + noon,
        Some(_) => return None,
        None => hour,
    };
    Time::new(hour, minute, second, 0).ok()
}

fn whole(text: &str) -> Option<i8> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}
