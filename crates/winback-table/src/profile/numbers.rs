//! How the numbers of a column are spelled, told from all of them.
//!
//! A cell alone may allow two readings; the column decides. Where it cannot, it is no column of numbers until a person
//! says how to read it: a guess that is wrong by a factor of a thousand would be found by nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::Seen;
use crate::notation::{Form, Spelled};
use crate::oddity::{Oddities, OddityKind, Place};
use crate::reject::shortened;
use crate::{Notation, Numbers, cell};

/// From so many cells on, groups of three in every one of them are no decimals by chance.
const TELLING: u64 = 100;
/// Different cells that are no numbers, as many as are looked at.
const FEW_VALUES: usize = 3;

/// Cells of a column by how they spell numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberSpellings {
    /// Digits alone.
    bare: u64,
    /// Digits alone, from a thousand on: where groups are parted there are none of these.
    bare_large: u64,
    /// A decimal point, as programs write it.
    plain_point: Seen,
    /// Commas between groups, perhaps a decimal point.
    grouped_point: Seen,
    /// A decimal comma, or points between groups.
    comma: Seen,
    point_maybe: Seen,
    comma_maybe: Seen,
    /// Groups parted by blanks or apostrophes, nothing else.
    grouped: Seen,
    units: BTreeMap<&'static str, Seen>,
    /// Without a unit, zeros left out.
    unitless: Seen,
    /// No numbers at all.
    others: Seen,
    other_values: BTreeSet<String>,
}

/// What a column's numbers are read as.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    pub(super) notation: Notation,
    /// Cells that are not numbers in this notation.
    strays: u64,
    /// Why there is no notation that fits.
    refused: bool,
}

impl NumberSpellings {
    /// Considers a cell that is a plain number without a unit; most are.
    ///
    /// Answers what it is with a decimal comma, if it is a number then.
    pub(super) fn add_plain(&mut self, text: &str, value: f64, place: &Place) -> Option<f64> {
        if !cell::same_number(value, 0.0) {
            self.unitless.add(place, text);
        }
        let Some(dot) = text.find('.') else {
            self.bare += 1;
            self.bare_large += u64::from(value.abs() >= 1000.0);
            return Some(value).filter(|_| !text.contains(['e', 'E']));
        };
        let whole = text[..dot].trim_start_matches(['-', '+']);
        let decimals = &text[dot + 1..];
        let may_be_group = (1..=3).contains(&whole.len()) && !whole.starts_with('0') && decimals.len() == 3;
        if may_be_group && decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            self.point_maybe.add(place, text);
            // Three decimals are lost in no number that is this short.
            Some((value * 1000.0).round())
        } else {
            self.plain_point.add(place, text);
            None
        }
    }

    /// Considers a cell that is a number in another notation.
    pub(super) fn add_spelled(&mut self, text: &str, spelled: &Spelled, place: &Place) {
        let value = spelled.as_point.or(spelled.as_comma).unwrap_or(0.0);
        match spelled.unit {
            Some(unit) => self.units.entry(unit).or_default().add(place, text),
            None if cell::same_number(value, 0.0) => {}
            None => self.unitless.add(place, text),
        }
        match spelled.form(text) {
            Form::Bare => {
                self.bare += 1;
                self.bare_large += u64::from(value.abs() >= 1000.0);
            }
            Form::Grouped => self.grouped.add(place, text),
            Form::Point
                if text.contains([',', ' ', '\'', '\u{2019}', '\u{a0}', '\u{202f}'])
                    && spelled.unit.is_none() =>
            {
                self.grouped_point.add(place, text);
            }
            // Beside a unit a blank says nothing of groups.
            Form::Point if text.contains([',', '\'', '\u{2019}']) => self.grouped_point.add(place, text),
            Form::Point => self.plain_point.add(place, text),
            Form::Comma => self.comma.add(place, text),
            Form::PointMaybe => self.point_maybe.add(place, text),
            Form::CommaMaybe => self.comma_maybe.add(place, text),
        }
    }

    /// Considers a cell that is no number in any notation.
    pub(super) fn add_other(&mut self, text: &str, place: &Place) {
        self.others.add(place, text);
        if self.other_values.len() <= FEW_VALUES && !self.other_values.contains(text) {
            self.other_values.insert(shortened(text));
        }
    }

    /// Cells that are numbers in some notation.
    pub(super) fn total(&self) -> u64 {
        let seen = [
            &self.plain_point,
            &self.grouped_point,
            &self.comma,
            &self.point_maybe,
            &self.comma_maybe,
            &self.grouped,
        ];
        self.bare + seen.iter().map(|seen| seen.rows).sum::<u64>()
    }

    /// The decimal sign that fits.
    pub(super) fn fitting(&self) -> Option<Numbers> {
        let verdict = self.verdict(None);
        (!verdict.refused).then_some(verdict.notation.numbers)
    }

    /// Cells that are numbers in the notation that fits.
    pub(super) fn readable(&self) -> u64 {
        let verdict = self.verdict(None);
        if verdict.refused { 0 } else { self.total().saturating_sub(verdict.strays) }
    }

    /// The notation that fits; what is odd about it is said to `report`.
    pub(super) fn verdict(&self, mut report: Option<(&str, &mut Oddities)>) -> Verdict {
        let mut say = |seen: &Seen, kind: OddityKind| {
            if let Some((column, oddities)) = &mut report {
                seen.say(kind, column, oddities);
            }
        };
        let refused = || Verdict { refused: true, ..Verdict::default() };
        let (unit, unit_strays) = match self.unit() {
            Ok(found) => found,
            Err(seen) => {
                say(seen, OddityKind::MixedUnits);
                return refused();
            }
        };
        let (numbers, strays) = match self.numbers(unit.is_some()) {
            Ok(found) => found,
            Err((seen, kind)) => {
                say(seen, kind);
                // The sign beside the numbers is known; whoever says how to read them need not name it.
                let notation = Notation { unit: unit.map(str::to_owned), ..Notation::default() };
                return Verdict { notation, ..refused() };
            }
        };
        let notation = Notation { numbers, unit: unit.map(str::to_owned), ..Notation::default() };
        for seen in strays.iter().chain(&unit_strays) {
            say(seen, OddityKind::StrayNotation(notation.clone()));
        }
        if !notation.is_plain() {
            let telling = match (unit, numbers) {
                (Some(unit), _) => self.units.get(unit),
                (None, Numbers::Comma) => Some(&self.comma),
                _ => [&self.grouped_point, &self.comma_maybe, &self.grouped]
                    .into_iter()
                    .find(|seen| seen.rows > 0),
            };
            telling.into_iter().for_each(|seen| say(seen, OddityKind::Notation(notation.clone())));
        }
        let strays = strays.iter().chain(&unit_strays).map(|seen| seen.rows).sum();
        Verdict { notation, strays, refused: false }
    }

    /// Says what is odd about cells that are no numbers, in a column of `present` cells that `is_number` or not.
    pub(super) fn say_others(&self, column: &str, present: u64, is_number: bool, oddities: &mut Oddities) {
        let are_alike = self.other_values.len() <= FEW_VALUES && self.total() * 2 >= present;
        if is_number || self.total() * 10 >= present * 9 || are_alike {
            self.others.say(OddityKind::NotNumbers { are_few: is_number }, column, oddities);
        }
    }

    /// The unit beside the numbers with the cells that lack it, or the cells that contradict the others.
    fn unit(&self) -> Result<(Option<&'static str>, Vec<&Seen>), &Seen> {
        let total = self.total();
        let with_unit: u64 = self.units.values().map(|seen| seen.rows).sum();
        let Some((unit, most)) = self.units.iter().max_by_key(|(_, seen)| seen.rows) else {
            return Ok((None, Vec::new()));
        };
        let contrary = with_unit - most.rows + self.unitless.rows;
        let others = self.units.iter().filter(|(other, _)| *other != unit).map(|(_, seen)| seen);
        if Seen::is_stray(contrary, total) {
            let unitless = Some(&self.unitless).filter(|seen| seen.rows > 0);
            return Ok((Some(unit), others.chain(unitless).collect()));
        }
        if Seen::is_stray(with_unit, total) {
            return Ok((None, self.units.values().collect()));
        }
        let second = others.max_by_key(|seen| seen.rows);
        Err(second
            .filter(|seen| seen.rows > self.unitless.rows)
            .unwrap_or(if self.unitless.rows < most.rows { &self.unitless } else { most }))
    }

    /// The decimal sign with the cells that have the other one, or the cells that no reading is sure of.
    fn numbers(&self, has_unit: bool) -> Result<(Numbers, Vec<&Seen>), (&Seen, OddityKind)> {
        let total = self.total();
        let not_plain = [&self.grouped_point, &self.comma_maybe, &self.grouped, &self.comma];
        let not_plain: Vec<&Seen> = not_plain.into_iter().filter(|seen| seen.rows > 0).collect();
        let not_plain_rows: u64 = not_plain.iter().map(|seen| seen.rows).sum();
        let sure_point = self.plain_point.rows + self.grouped_point.rows;
        let sure_comma = self.comma.rows;
        let none_is_large = self.bare > 0 && self.bare_large == 0;
        let are_groups = |maybe: &Seen| maybe.rows >= TELLING && none_is_large;
        // Programs write three decimals into every cell or drop zeros at the end of any; people part groups, put a sign
        // beside their numbers, and write what is below a thousand without.
        let may_be_groups = has_unit || none_is_large;
        if Seen::is_stray(not_plain_rows, total) {
            if sure_point == 0 && self.point_maybe.rows > 0 && may_be_groups {
                return Err((&self.point_maybe, OddityKind::AmbiguousNumbers));
            }
            return Ok((Numbers::Plain, not_plain));
        }
        if sure_point == 0 && sure_comma == 0 {
            return match (self.point_maybe.rows, self.comma_maybe.rows) {
                (0, 0) => Ok((Numbers::Point, Vec::new())),
                (0, _) if are_groups(&self.comma_maybe) => Ok((Numbers::Point, Vec::new())),
                (0, _) => Err((&self.comma_maybe, OddityKind::AmbiguousNumbers)),
                (_, 0) => Err((&self.point_maybe, OddityKind::AmbiguousNumbers)),
                (point, comma) => {
                    let fewer = if point < comma { &self.point_maybe } else { &self.comma_maybe };
                    Err((fewer, OddityKind::MixedNumbers))
                }
            };
        }
        let points: Vec<&Seen> =
            [&self.plain_point, &self.grouped_point].into_iter().filter(|seen| seen.rows > 0).collect();
        if Seen::is_stray(sure_point, total) && sure_point < sure_comma {
            return Ok((Numbers::Comma, points));
        }
        if Seen::is_stray(sure_comma, total) && sure_comma < sure_point {
            let strays = Some(&self.comma).filter(|seen| seen.rows > 0);
            return Ok((Numbers::Point, strays.into_iter().collect()));
        }
        let fewer = if sure_comma < sure_point {
            &self.comma
        } else {
            points.first().copied().unwrap_or(&self.comma)
        };
        Err((fewer, OddityKind::MixedNumbers))
    }
}
