//! What one column looks like: counts of what its cells could be, its levels, its numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::dates::DateSpellings;
use super::distinct::Distinct;
use super::figures::{Figures, Readings};
use super::numbers::NumberSpellings;
use super::sample::{BUCKETS, KEPT_NUMBERS};
use super::seen::Seen;
use crate::notation::spelled;
use crate::oddity::{Oddities, OddityKind, Place};
use crate::{Dates, Kind, Notation, cell, keys};

/// Levels counted before a column is taken to have too many.
const COUNTED_LEVELS: usize = 1000;
/// A level is a word or two; what is longer is text.
const LONGEST_LEVEL: usize = 1000;
/// Values kept by all columns together; a table of up to 64 columns keeps as many as it likes for each.
const SHARED: usize = 1 << 22;
/// Values kept at least for each column.
const LEAST: usize = 200;

/// What one column looks like.
#[derive(Debug, Clone, Default)]
pub struct ColumnProfile {
    /// The name in the header, trimmed.
    pub name: String,
    /// Rows in all.
    pub rows: u64,
    /// Rows in which the cell spells "no value".
    pub missing: u64,
    /// The spellings of "no value" that occur.
    pub missing_spellings: BTreeSet<String>,
    /// Cells that are numbers.
    pub numbers: u64,
    /// Numbers without a fraction.
    pub integers: u64,
    /// Cells of digits that begin with a needless zero, as codes do.
    pub leading_zeros: u64,
    /// Cells that say yes or no.
    pub flags: u64,
    /// Cells that are dates.
    pub times: u64,
    /// Cells with a blank inside.
    pub with_blanks: u64,
    /// The smallest and the largest number, in the notation in which the column is read.
    pub range: Option<(f64, f64)>,
    /// The earliest and the latest date, in seconds since 1970.
    pub time_range: Option<(i64, i64)>,
    /// Rows a level, while there are at most a thousand.
    pub levels: Option<BTreeMap<String, u64>>,
    own_missing: Vec<String>,
    most_levels: usize,
    distinct: Distinct,
    readings: Readings,
    number_spellings: NumberSpellings,
    date_spellings: DateSpellings,
    blanks: Seen,
}

impl ColumnProfile {
    /// A column beside others, `columns` in all, which share the memory that a profile may take.
    pub(super) fn new(name: &str, columns: usize) -> Self {
        let share = (SHARED / columns.max(1)).max(LEAST);
        Self {
            name: name.to_owned(),
            most_levels: share.min(COUNTED_LEVELS),
            levels: Some(BTreeMap::new()),
            distinct: Distinct::new(share),
            readings: Readings::new(share.min(KEPT_NUMBERS)),
            ..Self::default()
        }
    }

    /// The column with spellings of "no value" of its own.
    pub(super) fn with_missing(self, own_missing: Vec<String>) -> Self {
        Self { own_missing, ..self }
    }

    /// Rows with a value.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.rows - self.missing
    }

    /// Rows that have this level; none where a column has too many levels to count them.
    #[must_use]
    pub fn rows_of(&self, level: &str) -> u64 {
        self.levels.as_ref().and_then(|levels| levels.get(level)).copied().unwrap_or(0)
    }

    /// Different values, missing left out; exact up to 65,536, else an estimate good to about a percent.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.distinct.count()
    }

    /// Whether every present value is different; beyond the exact count, whether nearly every one is (98 %).
    #[must_use]
    pub fn is_unique(&self) -> bool {
        if self.distinct.overflowed { 0.98 <= self.distinct.once() } else { self.never_repeats() }
    }

    /// Whether no value came twice; beyond the exact count, none of the 65,536 that are followed.
    #[must_use]
    pub fn never_repeats(&self) -> bool {
        self.distinct.once() >= 1.0
    }

    /// The distribution in at most eight buckets: of numbers between the 1st and 99th percentile, of levels the most
    /// frequent ones.
    #[must_use]
    pub fn sketch(&self) -> Vec<u64> {
        if self.number_spellings.total() > 0
            && self.distinct() > BUCKETS as u64
            && let Some(figures) = self.figures()
        {
            return figures.sample.buckets();
        }
        let Some(levels) = &self.levels else { return Vec::new() };
        if self.numbers == self.present() {
            return levels.values().copied().collect();
        }
        let mut counts: Vec<u64> = levels.values().copied().collect();
        counts.sort_unstable_by(|left, right| right.cmp(left));
        counts.truncate(BUCKETS);
        counts
    }

    /// The numbers as the column is read; none where it is not known how.
    fn figures(&self) -> Option<&Figures> {
        self.readings.of(self.number_spellings.fitting())
    }

    /// Ends the reading of cells.
    pub(super) fn settle(&mut self) {
        self.range = self.figures().and_then(|figures| figures.range);
    }

    /// Cells that are numbers in the column's notation; none where no notation fits.
    pub(crate) fn readable_numbers(&self) -> u64 {
        self.number_spellings.readable()
    }

    /// Cells that are dates in the column's notation.
    pub(crate) fn readable_times(&self) -> u64 {
        self.date_spellings.readable()
    }

    /// How the column spells cells of a kind; plain where none is known to fit.
    #[must_use]
    pub fn notation(&self, kind: Kind) -> Notation {
        match kind {
            Kind::Number => self.number_spellings.verdict(None).notation,
            Kind::Time => {
                let dates = self.date_spellings.verdict(None).map_or(Dates::Plain, |(dates, _)| dates);
                Notation { dates, ..Notation::default() }
            }
            Kind::Category | Kind::Flag | Kind::Text | Kind::Identifier => Notation::default(),
        }
    }

    /// Says what is odd about the column as a whole.
    pub(super) fn say(&self, oddities: &mut Oddities) {
        let (name, present) = (self.name.as_str(), self.present());
        let nearly_all = |rows: u64| rows > 0 && rows * 10 >= present * 9;
        if nearly_all(self.date_spellings.total()) && self.date_spellings.total() >= self.numbers {
            self.date_spellings.verdict(Some((name, oddities)));
            self.blanks.say(OddityKind::BlankCells, name, oddities);
            return;
        }
        let numbers = &self.number_spellings;
        let strays = present - self.readable_numbers();
        let is_number = present > 0 && Seen::is_stray(strays, present);
        numbers.say_others(name, present, is_number, oddities);
        if nearly_all(numbers.total()) {
            numbers.verdict(Some((name, oddities)));
            self.blanks.say(OddityKind::BlankCells, name, oddities);
            if let Some(figures) = self.figures() {
                figures.extremes.say(name, oddities);
            }
        }
    }

    pub(super) fn add(&mut self, text: &str, missing: &[String], place: &Place) {
        let written = text.trim_end_matches('\r');
        let text = text.trim();
        self.rows += 1;
        if text.is_empty() && !written.is_empty() {
            self.blanks.add(place, written);
        }
        let mut spellings = missing.iter().chain(&self.own_missing);
        if let Some(spelling) = spellings.find(|spelling| spelling.trim().eq_ignore_ascii_case(text)) {
            self.missing += 1;
            if !self.missing_spellings.contains(spelling) {
                self.missing_spellings.insert(spelling.clone());
            }
            return;
        }
        if let Some(number) = cell::number(text) {
            self.numbers += 1;
            self.integers += u64::from(number.fract().total_cmp(&0.0).is_eq());
            let as_comma = self.number_spellings.add_plain(text, number, place);
            self.readings.add(Some(number), as_comma, place);
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            self.leading_zeros += u64::from(digits && text.len() > 1 && text.starts_with('0'));
        } else if let Some(spelled) = spelled(text) {
            self.number_spellings.add_spelled(text, &spelled, place);
            self.readings.add(spelled.as_point, spelled.as_comma, place);
        } else {
            self.number_spellings.add_other(text, place);
        }
        self.flags += u64::from(cell::flag(text).is_some());
        if let Some(seconds) = cell::seconds(text) {
            self.times += 1;
            let (early, late) = self.time_range.unwrap_or((seconds, seconds));
            self.time_range = Some((early.min(seconds), late.max(seconds)));
            self.date_spellings.add_plain(text, place);
        } else {
            self.date_spellings.add(text, place);
        }
        self.with_blanks += u64::from(text.contains(' '));
        self.distinct.add(keys::hash(text, None) as u64);
        self.add_level(text);
    }

    fn add_level(&mut self, text: &str) {
        let Some(levels) = &mut self.levels else { return };
        if let Some(count) = levels.get_mut(text) {
            *count += 1;
        } else if levels.len() < self.most_levels && text.len() <= LONGEST_LEVEL {
            levels.insert(text.to_owned(), 1);
        } else {
            self.levels = None;
        }
    }
}
