//! From a model's effects to what a customer's row says: the reasons, in words, of every row of a batch.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use serde::Serialize;
use winback_learn::Model;
use winback_learn::profile::{ColumnProfile, Profile};
use winback_table::{Field, Kind, Role, Schema};

use crate::reasons::{Chosen, Speaker, Typical, Value, choose};

const SECONDS_A_DAY: f64 = 86_400.0;

/// Knows the columns of a model, what is typical of them, and which of them may be a reason.
#[derive(Debug, Clone)]
pub struct Teller {
    speakers: Vec<Speaker>,
    /// Protected columns are never a reason.
    allowed: Vec<bool>,
}

/// One reason of one customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// The column's name.
    pub column: String,
    /// Its effect, in calibrated log-odds; negative when it protects.
    pub effect: f64,
    /// The reason in words.
    pub words: String,
}

/// The reasons of one customer, and what they leave out.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The reasons, the one to tell first in front.
    pub reasons: Vec<Reason>,
    /// The sum of all other effects, in calibrated log-odds.
    pub other_effect: f64,
}

impl Teller {
    /// A teller for a model's columns under its schema, with the profile of its training data. `schema` must have the
    /// model's columns; a package is checked for that when it is loaded.
    #[must_use]
    pub fn new(model: &Model, schema: &Schema, profile: &Profile) -> Self {
        let columns = &model.encoder.columns;
        let field = |name: &str, kind: Kind| {
            schema.field(name).cloned().unwrap_or_else(|| Field::new(name, kind, Role::Feature))
        };
        let fields: Vec<Field> = columns.iter().map(|column| field(&column.name, column.kind)).collect();
        let allowed = fields.iter().map(|field| field.role == Role::Feature).collect();
        let speakers = fields.into_iter().zip(&profile.columns);
        Self {
            speakers: speakers.map(|(field, column)| Speaker::new(field, typical(column))).collect(),
            allowed,
        }
    }

    /// Prepares to tell of the rows of a batch.
    #[must_use]
    pub fn of<'a>(&'a self, batch: &'a RecordBatch) -> Telling<'a> {
        let column = |speaker: &Speaker| batch.column_by_name(&speaker.field.name).map(AsRef::as_ref);
        Telling { teller: self, columns: self.speakers.iter().map(column).collect() }
    }
}

/// Tells of the rows of one batch.
#[derive(Debug)]
pub struct Telling<'a> {
    teller: &'a Teller,
    /// The batch's columns in the order of the model's, those that it has.
    columns: Vec<Option<&'a dyn Array>>,
}

impl Telling<'_> {
    /// The at most `count` reasons of a row, by the row's effects (one a column of the model).
    #[must_use]
    pub fn tell(&self, row: usize, effects: &[f64], count: usize) -> Told {
        let chosen = self.choose(effects, count);
        let reasons = chosen.reasons.iter().map(|&(column, effect)| {
            let mut words = String::new();
            self.push_words(row, column, effect, &mut words);
            Reason { column: self.name(column).to_owned(), effect, words }
        });
        Told { reasons: reasons.collect(), other_effect: chosen.other_effect }
    }

    /// The at most `count` effects of a row that are its reasons.
    pub(crate) fn choose(&self, effects: &[f64], count: usize) -> Chosen {
        choose(effects, &self.teller.allowed, count)
    }

    /// The name of a column of the model.
    pub(crate) fn name(&self, column: usize) -> &str {
        &self.teller.speakers[column].field.name
    }

    /// Appends one reason of a row, in words.
    pub(crate) fn push_words(&self, row: usize, column: usize, effect: f64, words: &mut String) {
        let value = self.columns[column].map_or(Value::Missing, |values| value(values, row));
        self.teller.speakers[column].tell(&value, effect, words);
    }
}

/// What is typical of a column: the median, or the most frequent level.
fn typical(column: &ColumnProfile) -> Typical {
    match (column.kind, column.median()) {
        (Kind::Flag, Some(median)) => Typical::Flag(median >= 0.5),
        (Kind::Time, Some(median)) => Typical::Time((median * SECONDS_A_DAY).round() as i64),
        (_, Some(median)) => Typical::Number(median),
        (_, None) => column.most_frequent().map_or(Typical::None, |level| Typical::Level(level.to_owned())),
    }
}

/// The value of a row in a column.
fn value(column: &dyn Array, row: usize) -> Value<'_> {
    if column.is_null(row) {
        return Value::Missing;
    }
    match column.data_type() {
        DataType::Float64 => Value::Number(column.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => Value::Flag(column.as_boolean().value(row)),
        DataType::Timestamp(..) => Value::Time(column.as_primitive::<TimestampSecondType>().value(row)),
        DataType::Utf8 => Value::Level(column.as_string::<i32>().value(row)),
        _ => Value::Missing,
    }
}
