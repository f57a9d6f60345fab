//! What turns each column of a table into codes, the same in training and in scoring.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, TimestampSecondType};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;
use winback_kernels::{Borders, Cpu, MOST_BORDERS};
use winback_table::profile::Sample;
use winback_table::{Field, Kind, Schema, Source};

use super::bins::borders;
use super::{Codes, FIRST_LEVEL, Levels, ROWS_PER_LEVEL, in_windows};
use crate::profile::quantiles;
use crate::{Error, Result};

const SECONDS_A_DAY: f64 = 86_400.0;
/// Numbers a column from which borders are chosen.
const SAMPLE: usize = 100_000;
/// Different values a category may have before it is taken for an identifier.
const MOST_LEVELS: usize = 1_000_000;
const MOST_COLUMNS: usize = 1 << 12;

/// How one column becomes codes.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnEncoder {
    /// The column's name in the table.
    pub name: String,
    /// How its cells are to be understood.
    pub kind: Kind,
    /// Bins or levels.
    pub shape: Shape,
}

/// What the codes of a column are.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Numbers, flags (0 and 1) and times (days since 1970): bins between ascending borders.
    Bins(Vec<f32>),
    /// Categories: positions in an ascending dictionary, after missing and other.
    Levels(Levels),
}

impl Shape {
    /// How many codes there are: one more than the largest.
    #[must_use]
    pub fn code_count(&self) -> usize {
        match self {
            Self::Bins(borders) => borders.len() + 2,
            Self::Levels(levels) => levels.len() + FIRST_LEVEL as usize,
        }
    }
}

impl ColumnEncoder {
    /// Appends the codes of a batch's column.
    ///
    /// # Errors
    /// When the batch lacks the column, or has it in another type.
    pub fn append(&self, batch: &RecordBatch, codes: &mut Codes) -> Result<()> {
        let column = column(batch, &self.name, self.kind)?;
        match (&self.shape, codes) {
            (Shape::Bins(borders), Codes::Bins(codes)) => {
                let values = numbers(column, self.kind, |value| value as f32);
                let before = codes.len();
                codes.resize(before + values.len(), 0);
                Cpu::chosen().bins(&Borders::new(borders), &values, &mut codes[before..]);
            }
            (Shape::Levels(levels), Codes::Levels(codes)) => {
                codes.extend(levels.codes(column.as_string::<i32>()));
            }
            // Codes are made from the same shapes, by `Codes::empty`.
            _ => return Err(mismatch(&self.name, self.kind)),
        }
        Ok(())
    }
}

fn mismatch(name: &str, kind: Kind) -> Error {
    Error::ColumnMismatch { column: name.to_owned(), expected: kind.data_type().to_string() }
}

fn column<'a>(batch: &'a RecordBatch, name: &str, kind: Kind) -> Result<&'a dyn Array> {
    let column = batch.column_by_name(name).filter(|column| *column.data_type() == kind.data_type());
    column.map(AsRef::as_ref).ok_or_else(|| mismatch(name, kind))
}

/// What `convert` makes of each cell as a number, missing as NaN.
fn numbers<N>(column: &dyn Array, kind: Kind, convert: impl Fn(f64) -> N) -> Vec<N> {
    match kind {
        Kind::Flag => {
            let number = |cell: Option<bool>| cell.map_or(f64::NAN, |flag| f64::from(u8::from(flag)));
            column.as_boolean().iter().map(number).map(convert).collect()
        }
        Kind::Time => {
            let days = |cell: Option<i64>| cell.map_or(f64::NAN, |seconds| seconds as f64 / SECONDS_A_DAY);
            column.as_primitive::<TimestampSecondType>().iter().map(days).map(convert).collect()
        }
        _ => {
            let column = column.as_primitive::<Float64Type>();
            let mut numbers: Vec<N> = column.values().iter().map(|value| convert(*value)).collect();
            if let Some(nulls) = column.nulls() {
                for row in (!nulls.inner()).set_indices() {
                    numbers[row] = convert(f64::NAN);
                }
            }
            numbers
        }
    }
}

/// What turns a table into codes: one encoder a column that is learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    /// The columns, in the order of the schema.
    pub columns: Vec<ColumnEncoder>,
}

/// What the first pass gathers of a column.
enum Sketch {
    Numbers(Sample),
    Levels(HashMap<String, u64, FixedState>),
}

impl Encoder {
    /// Makes sketches and dictionaries in one pass over the source, from the fields that `learnt` admits. Answers the
    /// quantiles of each column of numbers too (see [`crate::profile::QUANTILES`]).
    ///
    /// # Errors
    /// When the source cannot be read, or has nothing to learn from.
    pub fn learn(source: &dyn Source, learnt: &dyn Fn(&Field) -> bool) -> Result<(Self, Vec<Vec<f64>>)> {
        let fields: Vec<&Field> = source.schema().fields.iter().filter(|field| learnt(field)).collect();
        if fields.is_empty() {
            return Err(Error::NoFeatures);
        }
        if fields.len() > MOST_COLUMNS {
            return Err(Error::TooManyColumns { columns: fields.len(), most: MOST_COLUMNS });
        }
        let mut sketches: Vec<Sketch> = fields.iter().map(|field| Sketch::new(field.kind)).collect();
        in_windows(source, |batches| {
            fields.par_iter().zip(&mut sketches).try_for_each(|(field, sketch)| {
                batches
                    .iter()
                    .try_for_each(|batch| sketch.add(column(batch, &field.name, field.kind)?, field))
            })
        })?;
        let (columns, quantiles) = fields
            .iter()
            .zip(sketches)
            .map(|(field, sketch)| {
                let (shape, quantiles) = sketch.finish();
                (ColumnEncoder { name: field.name.clone(), kind: field.kind, shape }, quantiles)
            })
            .unzip();
        Ok((Self { columns }, quantiles))
    }

    /// The codes of a batch, one list a column.
    ///
    /// # Errors
    /// When the batch lacks a column, or has it in another type.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Vec<Codes>> {
        let encode = |column: &ColumnEncoder| {
            let mut codes = Codes::empty(&column.shape);
            column.append(batch, &mut codes)?;
            Ok(codes)
        };
        self.columns.iter().map(encode).collect()
    }

    /// The part of a schema that scoring needs: the key and the columns learnt from.
    #[must_use]
    pub fn scoring_schema(&self, schema: &Schema) -> Schema {
        schema.select(|field| {
            field.role == winback_table::Role::Key
                || self.columns.iter().any(|column| column.name == field.name)
        })
    }
}

impl Sketch {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number | Kind::Flag | Kind::Time => Self::Numbers(Sample::new(SAMPLE)),
            Kind::Category | Kind::Text | Kind::Identifier => Self::Levels(HashMap::default()),
        }
    }

    fn add(&mut self, column: &dyn Array, field: &Field) -> Result<()> {
        match self {
            Self::Numbers(sample) => {
                let numbers = numbers(column, field.kind, |value| value);
                numbers.into_iter().filter(|value| !value.is_nan()).for_each(|value| sample.add(value));
            }
            Self::Levels(counts) => {
                for level in column.as_string::<i32>().iter().flatten() {
                    match counts.get_mut(level) {
                        Some(count) => *count += 1,
                        None => {
                            counts.insert(level.to_owned(), 1);
                        }
                    }
                }
                if counts.len() > MOST_LEVELS {
                    return Err(Error::TooManyLevels { column: field.name.clone(), most: MOST_LEVELS });
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> (Shape, Vec<f64>) {
        match self {
            Self::Numbers(sample) => {
                let sorted = sample.sorted();
                (Shape::Bins(borders(&sorted, MOST_BORDERS)), quantiles(&sorted))
            }
            Self::Levels(counts) => {
                let frequent = counts.into_iter().filter(|(_, count)| *count >= ROWS_PER_LEVEL);
                let levels = frequent.collect::<BTreeMap<_, _>>().into_keys().collect();
                (Shape::Levels(Levels::new(levels)), Vec::new())
            }
        }
    }
}
