//! How a column spells its numbers and dates where that is not how programs write them: `1.234,56`, `€ 12`, `31/12/2026`.
//!
//! A notation belongs to a whole column and travels in the schema, so that a file is read at scoring as it was at
//! training. Which one a column has is told in `profile`; here it is only used.

mod date;
mod number;

use serde::{Deserialize, Serialize};

pub(crate) use self::date::{DateOrder, date_order};
pub(crate) use self::number::{Form, Spelled, spelled};
use crate::cell;

/// How numbers are spelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Numbers {
    /// As programs write them: `1234.5`, no separators.
    #[default]
    Plain,
    /// A decimal point and groups of three: `1,234.5`, `1 234.5`, `1'234.5`.
    Point,
    /// A decimal comma and groups of three: `1.234,5`, `1 234,5`.
    Comma,
}

/// In which order the parts of a date such as `01/02/2026` come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// Only dates that can be read in one way: `2026-02-01`, `2026/02/01`, `20260201`, `01.02.2026`.
    #[default]
    Plain,
    /// Those, and the day before the month.
    DayFirst,
    /// Those, and the month before the day.
    MonthFirst,
}

/// How a column spells its numbers and dates.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notation {
    /// How its numbers are spelled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub numbers: Numbers,
    /// The currency or percent sign that stands beside each number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// In which order its dates are spelled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dates: Dates,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Notation {
    /// Whether numbers and dates are spelled as programs write them.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        is_default(self)
    }

    /// A finite number in this notation. A unit must be there, except beside a zero, which is the same in all units.
    #[must_use]
    pub fn number(&self, text: &str) -> Option<f64> {
        if self.numbers == Numbers::Plain && self.unit.is_none() {
            return cell::number(text);
        }
        let spelled = spelled(text)?;
        let value = match self.numbers {
            Numbers::Comma => spelled.as_comma,
            Numbers::Plain | Numbers::Point => spelled.as_point,
        }?;
        let is_meant =
            spelled.unit == self.unit.as_deref() || (spelled.unit.is_none() && cell::same_number(value, 0.0));
        is_meant.then_some(value)
    }

    /// A moment in this notation, in seconds since 1970.
    #[must_use]
    pub fn seconds(&self, text: &str) -> Option<i64> {
        let plain = cell::seconds(text);
        match self.dates {
            Dates::Plain => plain,
            Dates::DayFirst => plain.or_else(|| date::seconds(text, true)),
            Dates::MonthFirst => plain.or_else(|| date::seconds(text, false)),
        }
    }

    /// The notation by an example, for a message: `1.234,56 €`.
    #[must_use]
    pub fn example(&self) -> String {
        let number = match self.numbers {
            Numbers::Plain => "1234.5",
            Numbers::Point => "1,234.5",
            Numbers::Comma => "1.234,5",
        };
        match (&self.unit, self.dates) {
            (_, Dates::DayFirst) => "31/12/2026".to_owned(),
            (_, Dates::MonthFirst) => "12/31/2026".to_owned(),
            (Some(unit), Dates::Plain) => format!("{number} {unit}"),
            (None, Dates::Plain) => number.to_owned(),
        }
    }

    /// A word for each part that is not plain, for a digest.
    pub(crate) fn digested(&self) -> String {
        let (unit, dates) = (self.unit.as_deref().unwrap_or_default(), self.dates);
        format!("{:?}\t{unit}\t{dates:?}", self.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notation(numbers: Numbers, unit: Option<&str>) -> Notation {
        Notation { numbers, unit: unit.map(str::to_owned), dates: Dates::Plain }
    }

    #[test]
    fn numbers_read_in_their_notation_alone() {
        let comma = notation(Numbers::Comma, None);
        let read = |text| comma.number(text);
        assert_eq!(read("1.234,56"), Some(1234.56));
        assert_eq!(read("1 234,56"), Some(1234.56));
        assert_eq!(read("-0,5"), Some(-0.5));
        assert_eq!(read("1234"), Some(1234.0));
        assert_eq!(read("1.234"), Some(1234.0));
        for wrong in ["1.5", "1,234.5", "12 €", "1,2,3", "01.234", "", ",", "x", "1.2345,6"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let point = notation(Numbers::Point, None);
        assert_eq!(point.number("1,234,567.8"), Some(1_234_567.8));
        assert_eq!(point.number("1'234.5"), Some(1234.5));
        assert_eq!(point.number("1e3"), Some(1000.0));
        assert_eq!(point.number("1,5"), None);
    }

    #[test]
    fn a_unit_must_be_the_columns_own() {
        let euros = notation(Numbers::Comma, Some("€"));
        for text in ["12,50 €", "€ 12,50", "€12,50"] {
            assert_eq!(euros.number(text), Some(12.5), "{text}");
        }
        assert_eq!(euros.number("-€ 12,50"), Some(-12.5));
        assert_eq!(euros.number("€ -12,50"), Some(-12.5));
        assert_eq!(euros.number("0"), Some(0.0), "nothing is nothing in any currency");
        assert_eq!(euros.number("12,50"), None);
        assert_eq!(euros.number("12,50 $"), None);
        let percent = notation(Numbers::Plain, Some("%"));
        assert_eq!(percent.number("12.5%"), Some(12.5));
        assert_eq!(percent.number("0.125"), None, "a share is no percentage");
    }

    #[test]
    fn dates_read_in_their_order() {
        let of = |dates, text| Notation { dates, ..Notation::default() }.seconds(text);
        let day = cell::seconds("2026-02-01");
        assert_eq!(of(Dates::DayFirst, "01/02/2026"), day);
        assert_eq!(of(Dates::MonthFirst, "02/01/2026"), day);
        assert_eq!(of(Dates::MonthFirst, "2/1/2026 12:00:00 AM"), day);
        assert_eq!(of(Dates::DayFirst, "2026-02-01"), day);
        assert_eq!(of(Dates::DayFirst, "02/13/2026"), None);
        assert_eq!(of(Dates::Plain, "01/02/2026"), None);
        assert_eq!(of(Dates::MonthFirst, "12-31-2026 11:59 PM"), cell::seconds("2026-12-31 23:59"));
    }
}
