//! The rows that the leak guard looks at: evenly chosen, in their order, values as they stand.

use std::collections::HashMap;
use std::hash::Hasher;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, TimestampSecondType};
use siphasher::sip::SipHasher13;
use winback_table::profile::Distinct;
use winback_table::{Field, Kind, Role, Source, keys};

use crate::{Error, Result};

/// Rows that are looked at; of a longer history every n-th, and at least half as many.
pub const MOST_ROWS: usize = 1 << 15;

/// The code of a missing level.
pub(super) const MISSING: u32 = 0;

/// Some rows of a history.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The columns under examination.
    pub(super) columns: Vec<Column>,
    /// Whether each row is positive.
    pub(super) labels: Vec<bool>,
    /// What belongs together in folds: a hash of the key where keys repeat, else of the row's values.
    pub(super) groups: Vec<u64>,
    /// The moment of each row, in seconds since 1970; empty without a time column.
    pub(super) times: Vec<i64>,
    /// All rows read.
    pub(super) read: u64,
    /// The positive ones among them.
    pub(super) positives: u64,
    /// Of all rows read, the share that equals an earlier one in everything but the key.
    pub(super) repeated: f64,
}

/// One column of these rows.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) values: Values,
}

/// The values of a column.
#[derive(Debug)]
pub(super) enum Values {
    /// Numbers, flags (0 and 1) and times (seconds); NaN where there is none.
    Numbers(Vec<f64>),
    /// Levels by their number from 1, 0 where there is none; how many levels there are.
    Levels(Vec<u32>, usize),
}

impl Column {
    /// Whether a row has no value.
    pub(super) fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers[row].is_nan(),
            Values::Levels(codes, _) => codes[row] == MISSING,
        }
    }
}

/// A column while rows are gathered.
struct Gathered {
    name: String,
    kind: Kind,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    dictionary: HashMap<String, u32>,
}

impl Rows {
    /// Chooses rows in one pass: every n-th, n doubling whenever there are too many.
    pub(super) fn gather(source: &dyn Source, learnt: &dyn Fn(&Field) -> bool) -> Result<Self> {
        let schema = source.schema();
        let label = schema.with_role(Role::Label).ok_or(Error::NoLabel)?;
        let key = schema.with_role(Role::Key);
        let time = schema.with_role(Role::Time);
        let mut columns: Vec<Gathered> =
            schema.fields.iter().filter(|field| learnt(field)).map(Gathered::new).collect();
        let mut rows = Self::default();
        let mut by_key: Vec<u64> = Vec::new();
        let mut stride = 1;
        let mut whole = Distinct::default();
        for batch in source.open().map_err(winback_learn::Error::from)? {
            let batch = batch.map_err(winback_learn::Error::from)?;
            let labels = batch.column_by_name(&label.name).and_then(|column| column.as_boolean_opt());
            let labels = labels.ok_or(Error::NoLabel)?;
            let moments = time
                .and_then(|time| batch.column_by_name(&time.name))
                .and_then(|column| column.as_primitive_opt::<TimestampSecondType>());
            let keys = key
                .and_then(|key| batch.column_by_name(&key.name))
                .and_then(|column| column.as_string_opt::<i32>());
            let hashed = columns.iter().map(|column| column.name.as_str());
            let hashed = hashed.chain([label, time.unwrap_or(label)].map(|field| field.name.as_str()));
            for (row, hash) in row_hashes(&batch, hashed).into_iter().enumerate() {
                whole.add(hash);
                rows.positives += u64::from(labels.value(row));
                rows.read += 1;
                if (rows.read - 1) % stride == 0 && MOST_ROWS <= rows.labels.len() {
                    rows.thin(&mut columns, &mut by_key);
                    stride *= 2;
                }
                if (rows.read - 1) % stride != 0 {
                    continue;
                }
                rows.labels.push(labels.value(row));
                rows.groups.push(hash);
                by_key.extend(keys.map(|keys| keys::hash(keys.value(row), None) as u64));
                rows.times.extend(moments.map(|moments| moments.value(row)));
                for column in &mut columns {
                    column.push(&batch, row);
                }
            }
        }
        if has_repeats(&by_key) {
            rows.groups = by_key;
        }
        rows.repeated = 1.0 - whole.once();
        rows.columns = columns.into_iter().map(Gathered::finish).collect();
        Ok(rows)
    }

    /// Keeps every second row.
    fn thin(&mut self, columns: &mut [Gathered], by_key: &mut Vec<u64>) {
        every_second(&mut self.labels);
        every_second(&mut self.groups);
        every_second(&mut self.times);
        every_second(by_key);
        for column in columns {
            every_second(&mut column.numbers);
            every_second(&mut column.codes);
        }
    }

    /// Rows that are looked at.
    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The share of positive rows among those that are looked at.
    pub(super) fn rate(&self) -> f64 {
        self.labels.iter().filter(|label| **label).count() as f64 / self.len().max(1) as f64
    }
}

fn every_second<T>(list: &mut Vec<T>) {
    let mut index = 0_usize;
    list.retain(|_| {
        index += 1;
        index % 2 == 1
    });
}

fn has_repeats(hashes: &[u64]) -> bool {
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

impl Gathered {
    fn new(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            kind: field.kind,
            numbers: Vec::new(),
            codes: Vec::new(),
            dictionary: HashMap::new(),
        }
    }

    fn push(&mut self, batch: &RecordBatch, row: usize) {
        let column = batch.column_by_name(&self.name).filter(|column| !column.is_null(row));
        match self.kind {
            Kind::Number => {
                let numbers = column.and_then(|column| column.as_primitive_opt::<Float64Type>());
                self.numbers.push(numbers.map_or(f64::NAN, |numbers| numbers.value(row)));
            }
            Kind::Flag => {
                let flags = column.and_then(|column| column.as_boolean_opt());
                self.numbers.push(flags.map_or(f64::NAN, |flags| f64::from(u8::from(flags.value(row)))));
            }
            Kind::Time => {
                let times = column.and_then(|column| column.as_primitive_opt::<TimestampSecondType>());
                self.numbers.push(times.map_or(f64::NAN, |times| times.value(row) as f64));
            }
            Kind::Category | Kind::Text | Kind::Identifier => {
                let texts = column.and_then(|column| column.as_string_opt::<i32>());
                let next = self.dictionary.len() as u32 + 1;
                let code = texts.map_or(MISSING, |texts| {
                    let text = texts.value(row);
                    let known = self.dictionary.get(text).copied();
                    known.unwrap_or_else(|| *self.dictionary.entry(text.to_owned()).or_insert(next))
                });
                self.codes.push(code);
            }
        }
    }

    fn finish(self) -> Column {
        let values = match self.kind {
            Kind::Number | Kind::Flag | Kind::Time => Values::Numbers(self.numbers),
            Kind::Category | Kind::Text | Kind::Identifier => {
                Values::Levels(self.codes, self.dictionary.len())
            }
        };
        Column { name: self.name, kind: self.kind, values }
    }
}

/// A hash of each row's values in some columns.
fn row_hashes<'a>(batch: &RecordBatch, names: impl Iterator<Item = &'a str>) -> Vec<u64> {
    let mut hashers = vec![SipHasher13::new_with_keys(0x5769_6e62_6163_6b04, 1); batch.num_rows()];
    for column in names.filter_map(|name| batch.column_by_name(name)) {
        for (row, hasher) in hashers.iter_mut().enumerate() {
            hasher.write_u8(u8::from(column.is_null(row)));
            if column.is_null(row) {
                continue;
            }
            if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
                hasher.write_u64(numbers.value(row).to_bits());
            } else if let Some(flags) = column.as_boolean_opt() {
                hasher.write_u8(u8::from(flags.value(row)));
            } else if let Some(times) = column.as_primitive_opt::<TimestampSecondType>() {
                hasher.write_i64(times.value(row));
            } else if let Some(texts) = column.as_string_opt::<i32>() {
                hasher.write(texts.value(row).as_bytes());
                hasher.write_u8(0xff);
            }
        }
    }
    hashers.iter().map(Hasher::finish).collect()
}
