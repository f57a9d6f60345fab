//! The bank's calendar: which day the history describes, when the weekly files are, in which quarter a day falls.
//!
//! Days are counted from 1970-01-01; quarters are 91 days, counted from the day of the history. The clock is never
//! asked. What happens on a day is left to the other files.

/// Days after its date within which a label says "left": 1 to 90.
pub const HORIZON_DAYS: i64 = 90;

/// The date that the history describes, 2026-01-05, in seconds since 1970. Its labels are mature on 2026-04-05.
pub const HISTORY_AS_OF: i64 = HISTORY_DAY * SECONDS_OF_DAY;

/// The date of the first weekly file, 2026-04-06, in seconds since 1970: the day after the history's labels matured.
pub const FIRST_WEEK_AS_OF: i64 = FIRST_WEEK_DAY * SECONDS_OF_DAY;

pub(crate) const SECONDS_OF_DAY: i64 = 86_400;
pub(crate) const HISTORY_DAY: i64 = 20_458;
/// A quarter: thirteen weeks, one day longer than the horizon, so that whoever leaves in it is in one label only.
pub(crate) const QUARTER_DAYS: i64 = 91;
pub(crate) const FIRST_WEEK_DAY: i64 = HISTORY_DAY + QUARTER_DAYS;

/// The day of a weekly file; weeks count from 0.
pub(crate) fn week_day(week: u32) -> i64 {
    FIRST_WEEK_DAY + 7 * i64::from(week)
}

/// The quarter a day falls in, and how many days of it have passed. The day is not before the history.
pub(crate) fn quarter_of(day: i64) -> (i64, i64) {
    let since = day - HISTORY_DAY;
    (since.div_euclid(QUARTER_DAYS), since.rem_euclid(QUARTER_DAYS))
}

/// The first day of a quarter.
pub(crate) fn quarter_start(quarter: i64) -> i64 {
    HISTORY_DAY + quarter * QUARTER_DAYS
}

/// How busy the season is, between -1 (June) and 1 (before Christmas).
pub(crate) fn season(day: i64) -> f64 {
    let day_of_year = (day.rem_euclid(1461) as f64) % 365.25;
    libm::cos(std::f64::consts::TAU * (day_of_year - 349.0) / 365.25)
}

#[cfg(test)]
mod tests {
    use winback_table::cell::show_seconds;

    use super::*;

    #[test]
    fn dates_are_those_of_the_documentation() {
        assert_eq!(show_seconds(HISTORY_AS_OF), "2026-01-05");
        assert_eq!(show_seconds(FIRST_WEEK_AS_OF), "2026-04-06");
        assert_eq!(show_seconds(week_day(12) * SECONDS_OF_DAY), "2026-06-29");
        assert_eq!(quarter_of(week_day(0)), (1, 0));
        assert_eq!(quarter_of(week_day(14)), (2, 7));
    }

    #[test]
    fn december_is_busy_and_june_is_not() {
        let december = HISTORY_DAY - 20;
        assert!(0.98 < season(december));
        assert!(season(december + 183) < -0.98);
    }
}
