//! How the dates of a column are spelled, told from all of them: one with a 13th month tells the order of the rest.

use super::seen::Seen;
use crate::notation::{DateOrder, date_order};
use crate::oddity::{Oddities, OddityKind, Place};
use crate::{Dates, Notation};

/// Cells of a column by how they spell dates.
#[derive(Debug, Clone, Default)]
pub(super) struct DateSpellings {
    /// Dates that can be read in one way, by the sign between their parts.
    plain: [Seen; 4],
    day_first: Seen,
    month_first: Seen,
    either: Seen,
}

impl DateSpellings {
    /// Considers a cell that is a date which can be read in one way.
    pub(super) fn add_plain(&mut self, text: &str, place: &Place) {
        let form = match text.as_bytes().get(4) {
            Some(b'-') => 0,
            Some(b'/') => 1,
            _ if text.contains('.') => 2,
            _ => 3,
        };
        self.plain[form].add(place, text);
    }

    /// Considers any other cell.
    pub(super) fn add(&mut self, text: &str, place: &Place) {
        match date_order(text) {
            Some(DateOrder::DayFirst) => self.day_first.add(place, text),
            Some(DateOrder::MonthFirst) => self.month_first.add(place, text),
            Some(DateOrder::Either) => self.either.add(place, text),
            None => {}
        }
    }

    /// Cells that are dates in some notation.
    pub(super) fn total(&self) -> u64 {
        let plain: u64 = self.plain.iter().map(|seen| seen.rows).sum();
        plain + self.day_first.rows + self.month_first.rows + self.either.rows
    }

    /// Cells that are dates in the notation that fits.
    pub(super) fn readable(&self) -> u64 {
        let strays =
            self.verdict(None).map_or(self.total(), |(_, strays)| strays.map_or(0, |seen| seen.rows));
        self.total() - strays
    }

    /// The order that fits, with the cells that contradict it; nothing when none fits.
    pub(super) fn verdict(
        &self,
        mut report: Option<(&str, &mut Oddities)>,
    ) -> Option<(Dates, Option<&Seen>)> {
        let mut say = |seen: &Seen, kind: OddityKind| {
            if let Some((column, oddities)) = &mut report {
                seen.say(kind, column, oddities);
            }
        };
        let (day, month) = (self.day_first.rows, self.month_first.rows);
        let (dates, strays) = match (day, month) {
            (0, 0) if self.either.rows == 0 => (Dates::Plain, None),
            (0, 0) => {
                say(&self.either, OddityKind::AmbiguousDates);
                return None;
            }
            (_, 0) => (Dates::DayFirst, None),
            (0, _) => (Dates::MonthFirst, None),
            _ if Seen::is_stray(month, self.total()) => (Dates::DayFirst, Some(&self.month_first)),
            _ if Seen::is_stray(day, self.total()) => (Dates::MonthFirst, Some(&self.day_first)),
            _ => {
                let fewer = if day < month { &self.day_first } else { &self.month_first };
                say(fewer, OddityKind::MixedDates);
                return None;
            }
        };
        let notation = Notation { dates, ..Notation::default() };
        let telling = if dates == Dates::DayFirst { &self.day_first } else { &self.month_first };
        if dates != Dates::Plain {
            say(telling, OddityKind::Notation(notation.clone()));
        }
        strays.into_iter().for_each(|seen| say(seen, OddityKind::StrayNotation(notation.clone())));
        let mut forms: Vec<&Seen> = self.plain.iter().chain([telling]).filter(|seen| seen.rows > 0).collect();
        forms.sort_by_key(|seen| seen.rows);
        if let [fewest, _, ..] = forms[..] {
            say(fewest, OddityKind::SeveralDates);
        }
        Some((dates, strays))
    }
}
