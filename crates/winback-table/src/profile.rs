//! What a file's columns look like before anybody has said what they mean: one pass over the text of every cell.
//!
//! Memory is bounded whatever the number of rows: distinct values are counted exactly up to 65,536 and estimated
//! beyond, numbers are sampled, and levels are counted up to a thousand a column.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cell;
use crate::csv::{self, Record};
use crate::input::{Format, Input, format};
use crate::reader::Options;
use crate::{Error, Result, keys, parquet};

/// Distinct values kept; beyond that they are estimated.
const KEPT_HASHES: usize = 1 << 16;
/// Levels counted before a column is taken to have too many.
const COUNTED_LEVELS: usize = 1000;
/// Numbers kept for quantiles.
const KEPT_NUMBERS: usize = 1 << 14;
const BUCKETS: usize = 8;

/// What the columns of some files look like.
#[derive(Debug, Clone, Default)]
pub struct TableProfile {
    /// Rows read, malformed ones left out.
    pub rows: u64,
    /// Rows that could not be split into the header's fields.
    pub malformed: u64,
    /// One profile a column, in the order of the first file.
    pub columns: Vec<ColumnProfile>,
}

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
    /// Rows a level, while there are at most a thousand.
    pub levels: Option<BTreeMap<String, u64>>,
    distinct: Distinct,
    sample: Sample,
}

impl ColumnProfile {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), levels: Some(BTreeMap::new()), ..Self::default() }
    }

    /// Rows with a value.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.rows - self.missing
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

    fn add(&mut self, text: &str, missing: &[String]) {
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
        self.times += u64::from(cell::seconds(text).is_some());
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

/// Reads every cell of the files once.
///
/// # Errors
/// When a file cannot be read, or has other columns than the first.
pub fn profile(
    inputs: &[Arc<dyn Input>],
    options: Options,
    missing: &[String],
    watch: &mut dyn FnMut(u64),
) -> Result<TableProfile> {
    let missing: Vec<String> = missing.iter().map(|spelling| spelling.trim().to_owned()).collect();
    let mut table = TableProfile::default();
    for input in inputs {
        let name = input.name();
        match format(input.as_ref()).map_err(|error| Error::io("open", name, error))? {
            Format::Csv => profile_csv(input.as_ref(), options, &missing, &mut table, watch)?,
            Format::Parquet => profile_parquet(input, &missing, &mut table, watch)?,
        }
    }
    Ok(table)
}

fn begin_file(table: &mut TableProfile, file: &str, names: &[String]) -> Result<Vec<usize>> {
    if table.columns.is_empty() {
        table.columns = names.iter().map(|name| ColumnProfile::new(name)).collect();
    }
    let position = |column: &ColumnProfile| {
        let found = names.iter().position(|name| *name == column.name);
        found.ok_or_else(|| Error::MissingColumn {
            file: file.to_owned(),
            column: column.name.clone(),
            nearest: None,
        })
    };
    table.columns.iter().map(position).collect()
}

fn profile_csv(
    input: &dyn Input,
    options: Options,
    missing: &[String],
    table: &mut TableProfile,
    watch: &mut dyn FnMut(u64),
) -> Result<()> {
    let (mut records, names) = csv::open(input, options.said())?;
    let positions = begin_file(table, input.name(), &names)?;
    while let Some(record) = records.next().map_err(|error| Error::io("read", input.name(), error))? {
        let Record { fields: Ok(fields), .. } = record else {
            table.malformed += 1;
            continue;
        };
        if fields.len() != names.len() {
            table.malformed += 1;
            continue;
        }
        for (column, position) in table.columns.iter_mut().zip(&positions) {
            column.add(fields.get(*position), missing);
        }
        table.rows += 1;
        if table.rows.is_multiple_of(1024) {
            watch(table.rows);
        }
    }
    Ok(())
}

fn profile_parquet(
    input: &Arc<dyn Input>,
    missing: &[String],
    table: &mut TableProfile,
    watch: &mut dyn FnMut(u64),
) -> Result<()> {
    let builder = parquet::open(input)?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let positions = begin_file(table, input.name(), &names)?;
    let mut batches = parquet::Batches::new(input.name(), builder)?;
    while let Some(batch) = batches.next()? {
        for (column, position) in table.columns.iter_mut().zip(&positions) {
            for text in parquet::texts(batch.column(*position).as_ref())? {
                column.add(text.as_deref().unwrap_or(""), missing);
            }
        }
        table.rows += batch.num_rows() as u64;
        watch(table.rows);
    }
    Ok(())
}

/// A count of distinct hashes: the smallest ones are kept, and how densely they lie tells how many there are
/// (the k-minimum-values estimator, Bar-Yossef and others 2002).
///
/// A hash that is kept has been kept since it first came, so how often it came is exact: a sample that tells keys from
/// amounts of money far better than an estimate that errs by half a percent could.
#[derive(Debug, Clone, Default)]
struct Distinct {
    /// Hashes, and how often each came.
    smallest: BTreeMap<u64, u64>,
    overflowed: bool,
}

impl Distinct {
    fn add(&mut self, hash: u64) {
        if self.overflowed && self.smallest.last_key_value().is_some_and(|(largest, _)| hash > *largest) {
            return;
        }
        *self.smallest.entry(hash).or_insert(0) += 1;
        if self.smallest.len() > KEPT_HASHES {
            self.smallest.pop_last();
            self.overflowed = true;
        }
    }

    /// Values for each row among those kept: 1 if none came twice.
    fn once(&self) -> f64 {
        self.smallest.len() as f64 / self.smallest.values().sum::<u64>().max(1) as f64
    }

    fn count(&self) -> u64 {
        match self.smallest.last_key_value() {
            Some((largest, _)) if self.overflowed => {
                ((KEPT_HASHES - 1) as f64 / (*largest as f64 / u64::MAX as f64)) as u64
            }
            _ => self.smallest.len() as u64,
        }
    }
}

/// Every n-th number of a column, n doubling whenever the sample is full: all numbers of a small file, an even
/// choice of a large one, the same for the same rows.
#[derive(Debug, Clone)]
pub struct Sample {
    kept: Vec<f64>,
    capacity: usize,
    stride: u64,
    seen: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self::new(KEPT_NUMBERS)
    }
}

impl Sample {
    /// A sample of at most `capacity` numbers, at least two.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { kept: Vec::new(), capacity: capacity.max(2), stride: 1, seen: 0 }
    }

    /// Considers the next number of the column.
    pub fn add(&mut self, value: f64) {
        if self.seen.is_multiple_of(self.stride) {
            if self.kept.len() >= self.capacity {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push(value);
            }
        }
        self.seen += 1;
    }

    /// The numbers kept, in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    fn buckets(&self) -> Vec<u64> {
        let sorted = self.sorted();
        let Some(last) = sorted.len().checked_sub(1) else { return Vec::new() };
        let (low, high) = (sorted[last / 100], sorted[last - last / 100]);
        let width = (high - low) / BUCKETS as f64;
        let mut counts = vec![0; BUCKETS];
        for value in sorted {
            let bucket = if width > 0.0 { ((value - low) / width).max(0.0) as usize } else { 0 };
            counts[bucket.min(BUCKETS - 1)] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::MemoryInput;

    #[test]
    fn a_column_is_counted_by_what_its_cells_could_be() {
        let text = "n,code,when,flag\n1,007,2026-01-01,yes\n2.5,008,2026-01-02,no\n?,009,,no\nbad\n";
        let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", text))];
        let missing = ["".to_owned(), "?".to_owned()];
        let table = profile(&inputs, Options::default(), &missing, &mut |_| {}).unwrap();
        assert_eq!((table.rows, table.malformed), (3, 1));
        let [number, code, when, flag] = &table.columns[..] else { panic!("four columns") };
        assert_eq!((number.numbers, number.missing, number.integers), (2, 1, 1));
        assert_eq!((code.leading_zeros, code.is_unique()), (3, true));
        assert_eq!((when.times, when.missing), (2, 1));
        assert_eq!((flag.flags, flag.distinct()), (3, 2));
    }

    #[test]
    fn beyond_the_exact_count_repeats_are_still_seen() {
        let profile_of = |value: &dyn Fn(u64) -> u64| {
            let mut column = ColumnProfile::new("c");
            (0..80_000).for_each(|row| column.add(&value(row).to_string(), &[]));
            (column.is_unique(), column.never_repeats())
        };
        assert_eq!(profile_of(&|row| row), (true, true));
        // One value in a hundred comes twice: few enough for a key with flaws, too many for a column without repeats.
        assert_eq!(profile_of(&|row| row - u64::from(row % 100 == 99)), (true, false));
        assert_eq!(profile_of(&|row| row / 20 * 20 + row % 19), (false, false));
    }

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
