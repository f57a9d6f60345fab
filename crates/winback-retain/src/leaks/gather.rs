//! Which rows the leak guard looks at: chosen in one pass by chance that is fixed, as many of each outcome, in their
//! order, so that neither a rare outcome nor a rhythm of the file escapes it.

use std::collections::HashMap;
use std::hash::Hasher;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::array::{Float64Array, StringArray, TimestampSecondArray};
use arrow::datatypes::{Float64Type, TimestampSecondType};
use siphasher::sip::SipHasher13;
use winback_table::profile::Distinct;
use winback_table::{Field, Kind, Role, Source, keys};

use super::rows::{Column, MISSING, Rows, Values};
use crate::{Error, Result};

/// Rows that are looked at, at most half of them of one outcome; of a wide history fewer.
pub const MOST_ROWS: usize = 1 << 15;
/// Cells that are held, and the rows that are looked at however many columns there are.
const MOST_CELLS: usize = 1 << 26;
const LEAST_ROWS: usize = 1 << 12;

/// Below so many different groups, folds of groups would leave some without rows, and each row is its own.
const LEAST_GROUPS: usize = 50;

/// Chooses rows in one pass.
///
/// # Errors
/// When the source cannot be read or has no label.
pub(super) fn gather(source: &dyn Source, learnt: &dyn Fn(&Field) -> bool) -> Result<Rows> {
    let schema = source.schema();
    let label = schema.with_role(Role::Label).ok_or(Error::NoLabel)?;
    let key = schema.with_role(Role::Key);
    let time = schema.with_role(Role::Time);
    let fields: Vec<&Field> = schema.fields.iter().filter(|field| learnt(field)).collect();
    let mut gathered = Gathered::new(&fields);
    let mut whole = Distinct::default();
    for batch in source.open().map_err(winback_learn::Error::from)? {
        let batch = batch.map_err(winback_learn::Error::from)?;
        let of = |field: &Field| batch.column_by_name(&field.name);
        let labels = of(label).and_then(|column| column.as_boolean_opt()).ok_or(Error::NoLabel)?;
        let moments = time.and_then(of).and_then(|column| column.as_primitive_opt::<TimestampSecondType>());
        let keys = key.and_then(of).and_then(|column| column.as_string_opt::<i32>());
        let columns: Vec<Cells<'_>> = fields.iter().map(|field| Cells::of(&batch, field)).collect();
        let hashes = row_hashes(fields.iter().filter_map(|field| of(field)), batch.num_rows());
        for (row, hash) in hashes.into_iter().enumerate() {
            let (label, moment) = (labels.value(row), moments.map(|moments| moments.value(row)));
            let outcome = u64::from(label) ^ (moment.unwrap_or(0) as u64).wrapping_mul(2);
            whole.add(scattered(hash ^ scattered(outcome)));
            if gathered.is_chosen(label) {
                gathered.labels.push(label);
                gathered.groups.push(hash);
                gathered.keys.extend(keys.map(|keys| keys::hash(keys.value(row), None) as u64));
                gathered.times.extend(moment);
                for (values, column) in gathered.values.iter_mut().zip(&columns) {
                    values.push(column, row);
                }
            }
            gathered.read += 1;
        }
    }
    let mut rows = gathered.finish(&fields, 1.0 - whole.once());
    rows.moment = time.map(|time| time.name.clone());
    Ok(rows)
}

/// The rows chosen so far.
struct Gathered {
    /// The number of each row in the history, from 0.
    numbers: Vec<u64>,
    labels: Vec<bool>,
    groups: Vec<u64>,
    keys: Vec<u64>,
    times: Vec<i64>,
    values: Vec<ColumnValues>,
    read: u64,
    /// Rows read, rows chosen, and one row in how many is chosen, of negative and of positive ones.
    seen: [u64; 2],
    chosen: [usize; 2],
    one_in: [u64; 2],
    most_of_one: usize,
}

/// The values of one column so far.
enum ColumnValues {
    Numbers(Vec<f64>),
    Levels(Vec<u32>, HashMap<String, u32>),
}

impl Gathered {
    fn new(fields: &[&Field]) -> Self {
        let values = fields.iter().map(|field| match field.kind {
            Kind::Number | Kind::Flag | Kind::Time => ColumnValues::Numbers(Vec::new()),
            Kind::Category | Kind::Text | Kind::Identifier => {
                ColumnValues::Levels(Vec::new(), HashMap::new())
            }
        });
        Self {
            numbers: Vec::new(),
            labels: Vec::new(),
            groups: Vec::new(),
            keys: Vec::new(),
            times: Vec::new(),
            values: values.collect(),
            read: 0,
            seen: [0; 2],
            chosen: [0; 2],
            one_in: [1; 2],
            most_of_one: (MOST_CELLS / fields.len().max(1)).clamp(LEAST_ROWS, MOST_ROWS) / 2,
        }
    }

    /// Whether the next row is to be looked at: its number, scattered, decides, so that no rhythm of the file can.
    fn is_chosen(&mut self, label: bool) -> bool {
        let class = usize::from(label);
        self.seen[class] += 1;
        if !is_one_in(self.read, self.one_in[class]) {
            return false;
        }
        if self.most_of_one <= self.chosen[class] {
            self.one_in[class] *= 2;
            self.thin(label);
            if !is_one_in(self.read, self.one_in[class]) {
                return false;
            }
        }
        self.chosen[class] += 1;
        self.numbers.push(self.read);
        true
    }

    /// Keeps of one outcome the rows that are still chosen.
    fn thin(&mut self, label: bool) {
        let one_in = self.one_in[usize::from(label)];
        let rows = self.numbers.iter().zip(&self.labels);
        let kept: Vec<bool> =
            rows.map(|(number, other)| *other != label || is_one_in(*number, one_in)).collect();
        keep(&mut self.numbers, &kept);
        keep(&mut self.labels, &kept);
        keep(&mut self.groups, &kept);
        keep(&mut self.keys, &kept);
        keep(&mut self.times, &kept);
        for values in &mut self.values {
            match values {
                ColumnValues::Numbers(numbers) => keep(numbers, &kept),
                ColumnValues::Levels(codes, _) => keep(codes, &kept),
            }
        }
        self.chosen[usize::from(label)] = self.labels.iter().filter(|other| **other == label).count();
    }

    fn finish(self, fields: &[&Field], repeated: f64) -> Rows {
        let weight = |class: usize| self.seen[class] as f64 / (self.chosen[class].max(1)) as f64;
        let groups = if has_repeats(&self.keys) { self.keys } else { self.groups };
        let mut distinct = groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let columns = fields.iter().zip(self.values).map(|(field, values)| Column {
            name: field.name.clone(),
            kind: field.kind,
            values: match values {
                ColumnValues::Numbers(numbers) => Values::Numbers(numbers),
                ColumnValues::Levels(codes, dictionary) => Values::Levels(codes, dictionary.len()),
            },
        });
        Rows {
            columns: columns.collect(),
            groups: if distinct.len() < LEAST_GROUPS { self.numbers.clone() } else { groups },
            numbers: self.numbers,
            labels: self.labels,
            times: self.times,
            moment: None,
            weights: [weight(0), weight(1)],
            read: self.read,
            positives: self.seen[1],
            repeated,
        }
    }
}

fn keep<T>(list: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    list.retain(|_| kept.next().copied().unwrap_or(true));
}

fn is_one_in(number: u64, one_in: u64) -> bool {
    scattered(number) & (one_in - 1) == 0
}

/// Scatters the bits of a word, one to one (the finaliser of splitmix64, Steele and others 2014).
fn scattered(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn has_repeats(hashes: &[u64]) -> bool {
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// The cells of a batch's column.
enum Cells<'a> {
    Numbers(&'a Float64Array),
    Flags(&'a BooleanArray),
    Times(&'a TimestampSecondArray),
    Texts(&'a StringArray),
    /// The batch has no such column, or has it in another type.
    None,
}

impl<'a> Cells<'a> {
    fn of(batch: &'a RecordBatch, field: &Field) -> Self {
        let Some(column) = batch.column_by_name(&field.name) else { return Self::None };
        let numbers = column.as_primitive_opt::<Float64Type>().map(Self::Numbers);
        let flags = || column.as_boolean_opt().map(Self::Flags);
        let times = || column.as_primitive_opt::<TimestampSecondType>().map(Self::Times);
        let texts = || column.as_string_opt::<i32>().map(Self::Texts);
        numbers.or_else(flags).or_else(times).or_else(texts).unwrap_or(Self::None)
    }

    fn number(&self, row: usize) -> f64 {
        match self {
            Self::Numbers(numbers) if !numbers.is_null(row) => numbers.value(row),
            Self::Flags(flags) if !flags.is_null(row) => f64::from(u8::from(flags.value(row))),
            Self::Times(times) if !times.is_null(row) => times.value(row) as f64,
            _ => f64::NAN,
        }
    }

    fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Texts(texts) => (!texts.is_null(row)).then(|| texts.value(row)),
            _ => None,
        }
    }
}

impl ColumnValues {
    fn push(&mut self, cells: &Cells<'_>, row: usize) {
        match self {
            Self::Numbers(numbers) => numbers.push(cells.number(row)),
            Self::Levels(codes, dictionary) => {
                let next = dictionary.len() as u32 + 1;
                codes.push(cells.text(row).map_or(MISSING, |text| {
                    let known = dictionary.get(text).copied();
                    known.unwrap_or_else(|| *dictionary.entry(text.to_owned()).or_insert(next))
                }));
            }
        }
    }
}

/// A hash of each row's values in some columns.
fn row_hashes<'a>(columns: impl Iterator<Item = &'a ArrayRef>, rows: usize) -> Vec<u64> {
    let mut hashers = vec![SipHasher13::new_with_keys(0x5769_6e62_6163_6b04, 1); rows];
    for column in columns {
        let numbers = column.as_primitive_opt::<Float64Type>();
        let flags = column.as_boolean_opt();
        let times = column.as_primitive_opt::<TimestampSecondType>();
        let texts = column.as_string_opt::<i32>();
        for (row, hasher) in hashers.iter_mut().enumerate() {
            hasher.write_u8(u8::from(column.is_null(row)));
            if column.is_null(row) {
                continue;
            }
            if let Some(numbers) = numbers {
                hasher.write_u64(numbers.value(row).to_bits());
            } else if let Some(flags) = flags {
                hasher.write_u8(u8::from(flags.value(row)));
            } else if let Some(times) = times {
                hasher.write_i64(times.value(row));
            } else if let Some(texts) = texts {
                hasher.write(texts.value(row).as_bytes());
                hasher.write_u8(0xff);
            }
        }
    }
    hashers.iter().map(Hasher::finish).collect()
}
