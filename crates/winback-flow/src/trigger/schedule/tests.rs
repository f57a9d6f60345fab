//! Known answers, changes of clocks, and the definition: minute by minute.

use proptest::prelude::*;

use super::*;

const ZURICH: &str = "Europe/Zurich";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next moments after `from`, in UTC.
fn check(schedule: &str, zone: &str, from: &str, expected: &[&str]) {
    let parsed = Schedule::parse(schedule, zone).unwrap();
    let mut moment = at(from);
    for expected in expected {
        moment = parsed.next_after(moment).unwrap();
        assert_eq!(moment, at(expected), "{schedule} in {zone}: {moment} where {expected} comes");
    }
}

fn refused(schedule: &str) -> String {
    Schedule::parse(schedule, "UTC").unwrap_err().to_string()
}

#[test]
fn every_monday_at_six_in_zurich_is_another_moment_in_summer() {
    check("0 6 * * 1", ZURICH, "2026-10-19T04:00:00Z", &["2026-10-26T05:00:00Z", "2026-11-02T05:00:00Z"]);
    check("0 6 * * mon", ZURICH, "2026-10-18T00:00:00Z", &["2026-10-19T04:00:00Z"]);
}

#[test]
fn the_next_moment_is_later_than_now() {
    check("0 6 * * *", "UTC", "2026-11-22T06:00:00Z", &["2026-11-23T06:00:00Z"]);
    check("0 6 * * *", "UTC", "2026-11-22T05:59:59.999Z", &["2026-11-22T06:00:00Z"]);
}

#[test]
fn steps_ranges_lists_and_names() {
    let from = "2026-11-22T00:00:00Z"; // A Sunday.
    check(
        "*/20 * * * *",
        "UTC",
        from,
        &["2026-11-22T00:20:00Z", "2026-11-22T00:40:00Z", "2026-11-22T01:00:00Z"],
    );
    check(
        "50/5 0 * * *",
        "UTC",
        from,
        &["2026-11-22T00:50:00Z", "2026-11-22T00:55:00Z", "2026-11-23T00:50:00Z"],
    );
    check(
        "10-20/10,5 0 * * *",
        "UTC",
        from,
        &["2026-11-22T00:05:00Z", "2026-11-22T00:10:00Z", "2026-11-22T00:20:00Z"],
    );
    check("0 0 1 JAN,jul *", "UTC", from, &["2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z"]);
    check(
        "0 0 * * fri-sun",
        "UTC",
        from,
        &["2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"],
    );
    check("0 0 * * 7", "UTC", from, &["2026-11-29T00:00:00Z"]);
    check("0 0 * * 0", "UTC", from, &["2026-11-29T00:00:00Z"]);
    check(
        "0 0 * * */2",
        "UTC",
        from,
        &["2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z"],
    );
}

#[test]
fn either_day_counts_unless_one_begins_with_a_star() {
    let from = "2026-11-22T00:00:00Z";
    check(
        "0 0 13 * fri",
        "UTC",
        from,
        &["2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z", "2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z"],
    );
    check("0 0 */13 * fri", "UTC", from, &["2026-11-27T00:00:00Z", "2027-01-01T00:00:00Z"]);
}

#[test]
fn rare_days_are_found_and_impossible_ones_refused() {
    check("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", &["2104-02-29T00:00:00Z"]);
    check("0 0 31 * *", "UTC", "2026-11-22T00:00:00Z", &["2026-12-31T00:00:00Z"]);
    assert!(refused("0 0 30 2 *").contains("`0 0 30 2 *` never comes"));
    assert!(refused("0 0 31 4,6,9,11 *").contains("never comes"));
}

#[test]
fn a_time_that_clocks_leave_out_comes_later() {
    // On 2026-03-29 the clocks of Zurich go from 2:00 to 3:00.
    check("30 2 * * *", ZURICH, "2026-03-28T12:00:00Z", &["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
    check("30 2,3 * * *", ZURICH, "2026-03-28T12:00:00Z", &["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
    check("30 */2 * * *", ZURICH, "2026-03-28T23:30:00Z", &["2026-03-29T02:30:00Z"]);
}

#[test]
fn a_time_that_clocks_show_twice_counts_once() {
    // On 2026-10-25 the clocks of Zurich go from 3:00 back to 2:00.
    check("30 2 * * *", ZURICH, "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let hourly = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"];
    check("30 * * * *", ZURICH, "2026-10-25T00:00:00Z", &hourly);
    let half_hourly = ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"];
    check("*/30 * * * *", ZURICH, "2026-10-25T00:00:00Z", &half_hourly);
}

#[test]
fn clocks_may_change_at_midnight_and_leave_out_a_day() {
    // In Sao Paulo midnight of 2018-11-04 did not exist, in Apia the whole of 2011-12-30.
    check(
        "0 0 * * *",
        "America/Sao_Paulo",
        "2018-11-03T12:00:00Z",
        &["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
    );
    check(
        "0 12 * * *",
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"],
    );
    check(
        "0 * * * *",
        "Pacific/Apia",
        "2011-12-30T09:30:00Z",
        &["2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z"],
    );
}

#[test]
fn what_is_wrong_is_named_with_what_is_allowed() {
    for (schedule, expected) in [
        ("0 6 * *", "has 4 fields where a schedule has five"),
        ("@daily", "has 1 fields"),
        ("60 6 * * *", "`60` cannot be the minute of a schedule: it is out of range; allowed are 0 to 59"),
        ("0 24 * * *", "`24` cannot be the hour"),
        ("0 6 0 * *", "`0` cannot be the day of the month"),
        (
            "0 6 * foo *",
            "`foo` cannot be the month of a schedule: it is not a number; allowed are 1 to 12 or `jan`",
        ),
        ("0 6 * * 8", "`8` cannot be the day of the week"),
        ("0 6 * * sat-mon", "the range ends before it begins"),
        ("*/0 6 * * *", "the step is not a number from 1 on"),
        ("*/+5 6 * * *", "the step is not a number from 1 on"),
        ("+5 6 * * *", "it is not a number"),
        ("1,,2 6 * * *", "`` cannot be the minute"),
        ("999 6 * * *", "it is not a number"),
    ] {
        let message = refused(schedule);
        assert!(message.contains(expected), "{message}");
    }
    let message = Schedule::parse("0 6 * * *", "Mars/Olympus").unwrap_err().to_string();
    assert!(message.contains("`Mars/Olympus` is not a time zone; write it as `Europe/Zurich`"), "{message}");
}

/// The definition for schedules whose hour begins with `*`: the first minute after `from` that clocks show as wanted.
fn minute_by_minute(schedule: &Schedule, from: Timestamp, n_minutes: usize) -> Option<Timestamp> {
    let start = from.as_second().div_euclid(60) + 1;
    (start..).take(n_minutes).map(|minute| Timestamp::from_second(minute * 60).unwrap()).find(|moment| {
        let shown = schedule.time_zone.to_datetime(*moment);
        schedule.has_day(shown.date())
            && schedule.hour.has(shown.hour())
            && schedule.minute.has(shown.minute())
    })
}

proptest! {
    #[test]
    fn an_open_hour_is_every_minute_that_clocks_show(
        minute in 1_u8..40,
        hour in 1_u8..12,
        day in 1_u8..7,
        // Around both changes of clocks in 2026, and any time of that year.
        from in prop_oneof![1_774_656_000_i64..1_774_830_000, 1_792_800_000_i64..1_793_000_000, 1_767_225_600_i64..1_798_761_600],
        zone in prop::sample::select(vec!["UTC", ZURICH, "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"]),
    ) {
        let schedule = Schedule::parse(&format!("*/{minute} */{hour} */{day} * *"), zone).unwrap();
        let from = Timestamp::from_second(from).unwrap();
        let found = schedule.next_after(from).unwrap();
        prop_assert_eq!(Some(found), minute_by_minute(&schedule, from, 60 * 24 * 10));
    }

    #[test]
    fn moments_go_forward_and_any_text_gives_an_answer(text in "[0-9a-z*,/ -]{0,20}", from in -2_000_000_000_i64..4_000_000_000) {
        if let Ok(schedule) = Schedule::parse(&text, ZURICH) {
            let from = Timestamp::from_second(from).unwrap();
            let first = schedule.next_after(from).unwrap();
            prop_assert!(from < first && first < schedule.next_after(first).unwrap());
        }
    }

    #[test]
    fn a_fixed_hour_comes_once_a_day(hour in 0_u8..24, minute in 0_u8..60, from in 1_767_225_600_i64..1_798_761_600) {
        let schedule = Schedule::parse(&format!("{minute} {hour} * * *"), ZURICH).unwrap();
        let first = schedule.next_after(Timestamp::from_second(from).unwrap()).unwrap();
        let second = schedule.next_after(first).unwrap();
        let days = [first, second].map(|moment| schedule.time_zone.to_datetime(moment).date());
        prop_assert_eq!(days[0].tomorrow().unwrap(), days[1]);
    }
}
