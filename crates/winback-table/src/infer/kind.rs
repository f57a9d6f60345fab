//! The kind of a column, told from what its cells could be.

use super::names::{KEYS, NUMBERED, has_word};
use crate::Kind;
use crate::profile::ColumnProfile;

/// Up to this share of cells may contradict a kind; the rows that do are rejected later, by name. Up to the same share
/// of numbers may begin with a zero before they are taken for codes: one clerk's `007` makes no code of a balance.
const STRAY: f64 = 0.01;

pub(super) fn guess_kind(column: &ColumnProfile) -> (Kind, Option<String>) {
    let present = column.present();
    let nearly_all = |count: u64| present > 0 && (present - count) as f64 <= STRAY * present as f64;
    let distinct = column.distinct();
    let unique = column.is_unique() && present >= 50;
    if column.flags == present && distinct == 2 {
        return (Kind::Flag, None);
    }
    if column.leading_zeros as f64 > STRAY * present as f64 {
        let kind = if unique { Kind::Identifier } else { Kind::Category };
        return (kind, Some("a code, not a number: some values begin with a zero".to_owned()));
    }
    if nearly_all(column.readable_times()) && column.readable_times() >= column.numbers {
        return (Kind::Time, None);
    }
    let numbers = column.readable_numbers();
    if nearly_all(numbers) {
        // Amounts of money are nearly all different too. So where distinct values are no longer counted exactly, a
        // number is an identifier only if its name says so, or if no value that was followed came twice.
        let identifier = unique
            && column.integers == present
            && column.missing == 0
            && (column.never_repeats() || has_word(&column.name, &KEYS) || has_word(&column.name, &NUMBERED));
        let stray = (numbers < present).then(|| format!("{} cells are not numbers", present - numbers));
        return (if identifier { Kind::Identifier } else { Kind::Number }, stray);
    }
    if unique {
        return (Kind::Identifier, None);
    }
    let share = distinct as f64 / present.max(1) as f64;
    let prose = column.with_blanks as f64 > 0.5 * present as f64 && share > 0.2 && distinct > 100;
    if (share > 0.5 && distinct > 50) || (share > 0.1 && distinct > 1000) || prose {
        return (Kind::Text, None);
    }
    (Kind::Category, None)
}
