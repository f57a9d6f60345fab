//! One cell: from the text of a file to a value of its column's kind.

use jiff::civil::{Date, DateTime};

use crate::{Field, Kind, Role, Schema};

/// A cell under its field's kind; text borrows from the record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Missing,
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Seconds since 1970-01-01T00:00:00.
    Time(i64),
    /// A level, a text or a code, without outer blanks.
    Text(&'a str),
}

/// Reads a cell; `None` when the text is not of the field's kind.
#[must_use]
pub fn parse<'a>(text: &'a str, field: &Field, schema: &Schema) -> Option<Cell<'a>> {
    let text = trimmed(text);
    if schema.is_missing(text) { Some(Cell::Missing) } else { parse_value(text, field, schema) }
}

/// Reads a cell without outer blanks which does not spell "no value" as any column may.
pub(crate) fn parse_value<'a>(text: &'a str, field: &Field, schema: &Schema) -> Option<Cell<'a>> {
    if !field.missing.is_empty() && field.is_missing(text) {
        return Some(Cell::Missing);
    }
    match field.role {
        Role::Label => {
            let positive = schema.positive.as_deref();
            return Some(Cell::Flag(positive.is_some_and(|positive| same_value(text, positive))));
        }
        Role::Key => return Some(Cell::Text(text)),
        _ => {}
    }
    match field.kind {
        Kind::Number => parse_number(text, field),
        Kind::Flag => flag(text).map(Cell::Flag),
        Kind::Time => field.notation.seconds(text).map(Cell::Time),
        Kind::Category | Kind::Text | Kind::Identifier => Some(Cell::Text(text)),
    }
}

/// A text without outer blanks: nearly all have none, which their first and last byte tell.
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        [only] if only.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// A number under its field: nearly all are plain, so that way is short.
fn parse_number(text: &str, field: &Field) -> Option<Cell<'static>> {
    let value = field.notation.number(text)?;
    let is_missing = !field.missing.is_empty() && field.is_missing_number(value);
    Some(if is_missing { Cell::Missing } else { Cell::Number(value) })
}

/// Whether two texts mean the same value of a label; numbers compare by value, so that `1` and `1.0` agree.
#[must_use]
pub fn same_value(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim(), right.trim());
    left == right || matches!((number(left), number(right)), (Some(a), Some(b)) if same_number(a, b))
}

/// Whether two numbers are equal to the bit, but for the sign of zero.
pub(crate) fn same_number(left: f64, right: f64) -> bool {
    (left + 0.0).total_cmp(&(right + 0.0)).is_eq()
}

/// A finite decimal number.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    // The parser also takes words like `infinity`, which no bank means.
    let first = text.bytes().find(|byte| !matches!(byte, b'+' | b'-'))?;
    if !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    fast_float2::parse::<f64, _>(text).ok().filter(|value| value.is_finite())
}

/// Yes or no in the usual spellings, without regard to case.
#[must_use]
pub fn flag(text: &str) -> Option<bool> {
    const YES: [&str; 7] = ["1", "yes", "y", "true", "t", "1.0", "on"];
    const NO: [&str; 7] = ["0", "no", "n", "false", "f", "0.0", "off"];
    // Nearly every cell is longer or begins otherwise.
    if text.len() > 5 || !text.starts_with(|first: char| "1yYtToO0nNfF".contains(first)) {
        return None;
    }
    if YES.iter().any(|spelling| spelling.eq_ignore_ascii_case(text)) {
        Some(true)
    } else if NO.iter().any(|spelling| spelling.eq_ignore_ascii_case(text)) {
        Some(false)
    } else {
        None
    }
}

/// Seconds since 1970 of a date, or a date and time of day: `2026-11-22`, `2026-11-22 08:30:00`, `2026-11-22T08:30`,
/// `2026/11/22`, `20261122`, `22.11.2026`. What has an offset from UTC, as in `2026-11-22T08:30:00+02:00`, is moved to UTC.
#[must_use]
pub fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[0].is_ascii_digit() {
        return None;
    }
    if bytes[4] == b'-' || bytes[4] == b'/' {
        return iso(text);
    }
    dotted(text).or_else(|| compact(text)).and_then(in_utc)
}

fn in_utc(moment: DateTime) -> Option<i64> {
    moment.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

fn iso(text: &str) -> Option<i64> {
    let dashed;
    let text = if text.as_bytes()[4] == b'/' {
        dashed = text.replacen('/', "-", 2);
        dashed.as_str()
    } else {
        text
    };
    let time = text.get(10..).unwrap_or_default();
    if time == "Z" {
        return in_utc(text[..10].parse().ok()?);
    }
    // The parser of civil times passes over offsets and zones, and so would make another moment of it.
    if time.contains(['Z', 'z', '+', '-', '[']) {
        return text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    }
    in_utc(text.parse().ok()?)
}

fn dotted(text: &str) -> Option<DateTime> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(date.to_datetime(jiff::civil::Time::midnight()))
}

fn compact(text: &str) -> Option<DateTime> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Eight digits are a date only in a plausible century; else they are a code.
    let year: i16 = text[..4].parse().ok().filter(|year| (1900..2200).contains(year))?;
    let date = Date::new(year, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()?;
    Some(date.to_datetime(jiff::civil::Time::midnight()))
}

/// A moment as people write it: the date alone at midnight, else with the time of day.
#[must_use]
pub fn show_seconds(seconds: i64) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(seconds) else { return seconds.to_string() };
    let moment = moment.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    if moment.time() == jiff::civil::Time::midnight() {
        moment.date().to_string()
    } else {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_plain() {
        assert_eq!(number("-1.5e3"), Some(-1500.0));
        assert_eq!(number(".5"), Some(0.5));
        for text in ["inf", "NaN", "1e999", "1,5", "12abc", "", "-"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_those_of_the_standard_parser() {
        let digits = ["0", "7", "10", "33", "1234", "99999999", "12345678901234567890", "000000000000001"];
        for text in digits {
            for point in 0..=text.len() {
                let (whole, fraction) = text.split_at(point);
                let spellings = [
                    text.to_owned(),
                    format!("{whole}.{fraction}"),
                    format!("-{whole}.{fraction}"),
                    format!("+{whole}.{fraction}e-7"),
                    format!("{whole}.{fraction}E300"),
                ];
                for text in spellings {
                    let expected: f64 = text.parse().unwrap();
                    let expected = expected.is_finite().then_some(expected.to_bits());
                    assert_eq!(number(&text).map(f64::to_bits), expected, "{text}");
                }
            }
        }
        for text in ["", "-", ".", "-.", "1.2.3", "1 ", "--1", "+-1", "1-", "1e", "0x10", "1_000"] {
            assert!(number(text).is_none() && text.parse::<f64>().is_err(), "{text}");
        }
    }

    #[test]
    fn flags_are_said_in_any_case() {
        for (yes, no) in [
            ("1", "0"),
            ("Yes", "NO"),
            ("y", "N"),
            ("TRUE", "False"),
            ("t", "F"),
            ("1.0", "0.0"),
            ("On", "oFF"),
        ] {
            assert_eq!((flag(yes), flag(no)), (Some(true), Some(false)), "{yes} {no}");
        }
        for text in ["", "2", "yess", "false!", "o", "é"] {
            assert_eq!(flag(text), None, "{text}");
        }
    }

    #[test]
    fn dates_come_in_several_spellings() {
        let day = seconds("2026-11-22").unwrap();
        for text in ["2026/11/22", "20261122", "22.11.2026", "2026-11-22T00:00:00", "2026-11-22 00:00"] {
            assert_eq!(seconds(text), Some(day), "{text:?}");
        }
        assert_eq!(show_seconds(day), "2026-11-22");
        for text in [
            "2026-11-22Z",
            "2026-11-22T00:00:00Z",
            "2026-11-22T02:00:00+02:00",
            "2026-11-21 22:00:00.5-02:00",
        ] {
            assert_eq!(seconds(text), Some(day), "{text:?}");
        }
        assert_eq!(seconds("2026/11/22 02:00+0200"), Some(day));
        for text in [
            "2026-11-22T00:00[Europe/Berlin]",
            "2026-11-22T00:00:00+99:00",
            "2026-11-22+02:00",
            "2026-11-22ZZ",
        ] {
            assert_eq!(seconds(text), None, "{text:?}");
        }
        assert_eq!(seconds("2026-02-30"), None);
        assert_eq!(seconds("99999999"), None);
    }

    #[test]
    fn a_numeric_label_compares_by_value() {
        let mut schema =
            Schema::new(vec![Field::new("y", Kind::Number, Role::Label)], Some("1".to_owned())).unwrap();
        let field = schema.fields[0].clone();
        assert_eq!(parse("1.0", &field, &schema), Some(Cell::Flag(true)));
        schema.positive = Some("0".to_owned());
        assert_eq!(parse("-0.0", &field, &schema), Some(Cell::Flag(true)));
        schema.positive = Some("yes".to_owned());
        assert_eq!(parse("no", &field, &schema), Some(Cell::Flag(false)));
        assert_eq!(parse(" ? ", &field, &schema), Some(Cell::Missing));
    }

    #[test]
    fn a_column_has_spellings_of_no_value_of_its_own() {
        let field = Field {
            missing: vec!["999".to_owned(), "n.a.".to_owned()],
            ..Field::new("n", Kind::Number, Role::Feature)
        };
        let schema = Schema::new(vec![field.clone()], None).unwrap();
        for text in ["999", "999.0", "N.A."] {
            assert_eq!(parse(text, &field, &schema), Some(Cell::Missing), "{text}");
        }
        assert_eq!(parse("998", &field, &schema), Some(Cell::Number(998.0)));
    }
}
