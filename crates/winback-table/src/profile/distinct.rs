//! How many different values a column has, in bounded memory.

use std::collections::BTreeMap;

/// Distinct values kept; beyond that they are estimated.
const KEPT_HASHES: usize = 1 << 16;

/// A count of distinct hashes: the smallest ones are kept, and how densely they lie tells how many there are
/// (the k-minimum-values estimator, Bar-Yossef and others 2002).
///
/// A hash that is kept has been kept since it first came, so how often it came is exact: a sample that tells keys from
/// amounts of money far better than an estimate that errs by half a percent could.
#[derive(Debug, Clone)]
pub struct Distinct {
    /// Hashes, and how often each came.
    smallest: BTreeMap<u64, u64>,
    pub(super) overflowed: bool,
    /// The largest that is kept, once others were left out.
    largest: u64,
    kept: usize,
}

impl Default for Distinct {
    fn default() -> Self {
        Self::new(KEPT_HASHES)
    }
}

impl Distinct {
    /// A count that keeps `kept` hashes, or as many as are of use.
    pub(super) fn new(kept: usize) -> Self {
        Self { smallest: BTreeMap::new(), overflowed: false, largest: u64::MAX, kept: kept.min(KEPT_HASHES) }
    }

    /// Counts a value by its hash.
    pub fn add(&mut self, hash: u64) {
        if hash > self.largest {
            return;
        }
        *self.smallest.entry(hash).or_insert(0) += 1;
        if self.smallest.len() > self.kept {
            self.smallest.pop_last();
            self.overflowed = true;
            self.largest = self.smallest.last_key_value().map_or(u64::MAX, |(largest, _)| *largest);
        }
    }

    /// Different values for each value counted, among those that are followed: 1 if none came twice.
    #[must_use]
    pub fn once(&self) -> f64 {
        self.smallest.len() as f64 / self.smallest.values().sum::<u64>().max(1) as f64
    }

    /// Different values; exact up to 65,536, else an estimate good to about a percent.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self.smallest.last_key_value() {
            Some((largest, _)) if self.overflowed => {
                ((self.kept - 1) as f64 / (*largest as f64 / u64::MAX as f64)) as u64
            }
            _ => self.smallest.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn many_distinct_values_are_estimated() {
        let mut distinct = Distinct::default();
        for index in 0..1_000_000_u64 {
            distinct.add(keys::hash(&index.to_string(), None) as u64);
        }
        let error = distinct.count() as f64 / 1e6 - 1.0;
        assert!(error.abs() < 0.02, "{error}");
    }
}
