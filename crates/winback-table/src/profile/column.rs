//! What one column looks like: counts of what its cells could be, its levels, its numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::Sample;
use super::distinct::Distinct;
use super::sample::BUCKETS;
use crate::{cell, keys};

/// Levels counted before a column is taken to have too many.
const COUNTED_LEVELS: usize = 1000;

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
    /// The smallest and the largest number.
    pub range: Option<(f64, f64)>,
    /// The earliest and the latest date, in seconds since 1970.
    pub time_range: Option<(i64, i64)>,
    /// Rows a level, while there are at most a thousand.
    pub levels: Option<BTreeMap<String, u64>>,
    distinct: Distinct,
    sample: Sample,
}

impl ColumnProfile {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), levels: Some(BTreeMap::new()), ..Self::default() }
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
        if self.numbers > 0 && self.distinct() > BUCKETS as u64 {
            return self.sample.buckets();
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

    pub(super) fn add(&mut self, text: &str, missing: &[String]) {
        let text = text.trim();
        self.rows += 1;
        if let Some(spelling) = missing.iter().find(|spelling| spelling.eq_ignore_ascii_case(text)) {
            self.missing += 1;
            self.missing_spellings.insert(spelling.clone());
            return;
        }
        if let Some(number) = cell::number(text) {
            self.numbers += 1;
            self.integers += u64::from(number.fract().total_cmp(&0.0).is_eq());
            let (low, high) = self.range.unwrap_or((number, number));
            self.range = Some((low.min(number), high.max(number)));
            self.sample.add(number);
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            self.leading_zeros += u64::from(digits && text.len() > 1 && text.starts_with('0'));
        }
        self.flags += u64::from(cell::flag(text).is_some());
        if let Some(seconds) = cell::seconds(text) {
            self.times += 1;
            let (early, late) = self.time_range.unwrap_or((seconds, seconds));
            self.time_range = Some((early.min(seconds), late.max(seconds)));
        }
        self.with_blanks += u64::from(text.contains(' '));
        self.distinct.add(keys::hash(text, None) as u64);
        if let Some(levels) = &mut self.levels {
            if let Some(count) = levels.get_mut(text) {
                *count += 1;
            } else if levels.len() < COUNTED_LEVELS {
                levels.insert(text.to_owned(), 1);
            } else {
                self.levels = None;
            }
        }
    }
}
