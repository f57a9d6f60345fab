//! A training table in memory: codes, labels and what keeps rows together. A byte a number, as few as will do a
//! category.

use std::hash::Hasher;

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampSecondArray,
};
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use rayon::prelude::*;
use siphasher::sip::SipHasher13;
use winback_table::{Role, Source, Trend, keys};

use super::{Codes, ColumnEncoder, Encoder, in_windows};
use crate::{Error, Result};

/// Codes and labels of a history's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// One list of codes a column of the encoder.
    pub columns: Vec<Codes>,
    /// Codes a column can have.
    pub code_counts: Vec<usize>,
    /// What the risk may do as the bins of each column rise, missing apart; `None` for what the data say.
    pub trends: Vec<Option<Trend>>,
    /// Whether each row is positive.
    pub labels: Vec<bool>,
    /// How much each row counts, above 0; empty where all count the same.
    pub weights: Vec<f64>,
    /// What must stay together in folds: a hash of the key where keys repeat, else of the row's features.
    pub groups: Vec<u64>,
    /// A hash of key and time, by which a row is known again in a later history; without a time, of key and features;
    /// without a key, of the features.
    pub identities: Vec<u64>,
    /// The moment of each row, in seconds since 1970; empty without a time column.
    pub times: Vec<i64>,
}

impl Encoded {
    /// Makes the codes in one pass over the source.
    ///
    /// # Errors
    /// When the source cannot be read or has no label.
    pub fn read(source: &dyn Source, encoder: &Encoder) -> Result<Self> {
        let schema = source.schema();
        let label = schema.with_role(Role::Label).ok_or(Error::NoLabel)?;
        let key = schema.with_role(Role::Key);
        let time = schema.with_role(Role::Time);
        let mut columns: Vec<Codes> =
            encoder.columns.iter().map(|column| Codes::empty(&column.shape)).collect();
        let (mut labels, mut by_key, mut by_features) = (Vec::new(), Vec::new(), Vec::new());
        let weight = schema.with_role(Role::Weight);
        let (mut identities, mut times, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        in_windows(source, |batches| {
            encoder.columns.par_iter().zip(&mut columns).try_for_each(|(column, codes)| {
                batches.iter().try_for_each(|batch| column.append(batch, codes))
            })?;
            let hashes: Vec<Vec<u64>> =
                batches.par_iter().map(|batch| feature_hashes(batch, encoder)).collect::<Result<_>>()?;
            for (batch, features) in batches.iter().zip(hashes) {
                let label_column = named(batch, &label.name, &label.data_type())?.as_boolean().clone();
                labels.extend((0..batch.num_rows()).map(|row| label_column.value(row)));
                if let Some(weight) = weight {
                    let column = named(batch, &weight.name, &weight.data_type())?;
                    let values = column.as_primitive::<Float64Type>();
                    if column.null_count() > 0
                        || values.values().iter().any(|value| !(*value > 0.0 && value.is_finite()))
                    {
                        return Err(Error::Weight { column: weight.name.clone() });
                    }
                    weights.extend(values.values());
                }
                if let Some(time) = time {
                    let column =
                        named(batch, &time.name, &time.data_type())?.as_primitive::<TimestampSecondType>();
                    times.extend(column.values());
                }
                if let Some(key) = key {
                    let column = named(batch, &key.name, &DataType::Utf8)?.as_string::<i32>();
                    let first = times.len().saturating_sub(batch.num_rows());
                    for (row, features) in features.iter().enumerate() {
                        // Without a moment, a customer's row in a later history is the same one only if it says the
                        // same.
                        let moment = if time.is_some() { times[first + row] } else { *features as i64 };
                        by_key.push(keys::hash(column.value(row), None) as u64);
                        identities.push(keys::hash(column.value(row), Some(moment)) as u64);
                    }
                } else {
                    identities.extend(&features);
                }
                by_features.extend(features);
            }
            Ok(())
        })?;
        let groups = if has_repeats(&by_key) { by_key } else { by_features };
        let code_counts = encoder.columns.iter().map(|column| column.shape.code_count()).collect();
        let trend = |column: &ColumnEncoder| schema.field(&column.name).and_then(|field| field.monotone);
        let trends = encoder.columns.iter().map(trend).collect();
        Ok(Self { columns, code_counts, trends, labels, weights, groups, identities, times })
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// All rows, in order.
    #[must_use]
    pub fn all_rows(&self) -> Vec<u32> {
        (0..self.len() as u32).collect()
    }

    /// How much each of `rows` counts; nothing where all count the same.
    #[must_use]
    pub fn weights(&self, rows: &[u32]) -> Option<Vec<f64>> {
        let weighed = !self.weights.is_empty();
        weighed.then(|| rows.iter().map(|row| self.weights[*row as usize]).collect())
    }

    /// How many of `rows` are positive.
    #[must_use]
    pub fn positives(&self, rows: &[u32]) -> u64 {
        rows.iter().filter(|row| self.labels[**row as usize]).count() as u64
    }
}

fn named<'a>(batch: &'a RecordBatch, name: &str, data_type: &DataType) -> Result<&'a dyn Array> {
    let column = batch.column_by_name(name).filter(|column| column.data_type() == data_type);
    column
        .map(AsRef::as_ref)
        .ok_or_else(|| Error::ColumnMismatch { column: name.to_owned(), expected: data_type.to_string() })
}

/// A hash of the raw values of each row's features: equal rows meet in one fold, and stay there when history grows.
fn feature_hashes(batch: &RecordBatch, encoder: &Encoder) -> Result<Vec<u64>> {
    let columns = encoder.columns.iter().map(|column| {
        let values = named(batch, &column.name, &column.kind.data_type())?;
        Ok(match values.data_type() {
            DataType::Float64 => Values::Numbers(values.as_primitive()),
            DataType::Boolean => Values::Flags(values.as_boolean()),
            DataType::Utf8 => Values::Texts(values.as_string()),
            _ => Values::Times(values.as_primitive()),
        })
    });
    let columns: Vec<Values<'_>> = columns.collect::<Result<_>>()?;
    let mut bytes = Vec::new();
    let hash = |row: usize| {
        bytes.clear();
        columns.iter().for_each(|column| column.push(row, &mut bytes));
        let mut hasher = SipHasher13::new_with_keys(0x5769_6e62_6163_6b01, 1);
        hasher.write(&bytes);
        hasher.finish()
    };
    Ok((0..batch.num_rows()).map(hash).collect())
}

/// A column's values under their type.
enum Values<'a> {
    Numbers(&'a Float64Array),
    Flags(&'a BooleanArray),
    Texts(&'a StringArray),
    Times(&'a TimestampSecondArray),
}

impl Values<'_> {
    /// Appends whether the row's value is missing, and the value if it is not.
    fn push(&self, row: usize, bytes: &mut Vec<u8>) {
        let is_missing = match self {
            Self::Numbers(column) => column.is_null(row),
            Self::Flags(column) => column.is_null(row),
            Self::Texts(column) => column.is_null(row),
            Self::Times(column) => column.is_null(row),
        };
        bytes.push(u8::from(is_missing));
        match self {
            _ if is_missing => {}
            Self::Numbers(column) => bytes.extend_from_slice(&column.value(row).to_bits().to_le_bytes()),
            Self::Flags(column) => bytes.push(u8::from(column.value(row))),
            Self::Texts(column) => {
                bytes.extend_from_slice(column.value(row).as_bytes());
                bytes.push(0xff);
            }
            Self::Times(column) => bytes.extend_from_slice(&column.value(row).to_le_bytes()),
        }
    }
}

fn has_repeats(hashes: &[u64]) -> bool {
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}
