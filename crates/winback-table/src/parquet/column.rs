//! A column of a Parquet batch as cells: by value where its type fits the field's kind, else by text.

use arrow::array::{Array, AsArray, BooleanArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::errors::ParquetError;

use crate::cell::{self, Cell};
use crate::{Error, Field, Kind, Result, Role, Schema};

/// A column of a Parquet batch, ready to give cells of its field's kind.
pub(super) enum Column {
    /// Numbers, and those that mean "no value".
    Number(PrimitiveArray<Float64Type>, Vec<f64>),
    Flag(BooleanArray),
    /// Moments, and those that mean "no value".
    Time(PrimitiveArray<TimestampSecondType>, Vec<i64>),
    Text(Vec<Option<String>>),
}

impl Column {
    /// The column under `field`; spellings of "no value" that are numbers or moments count by value.
    pub(super) fn new(column: &dyn Array, field: &Field, schema: &Schema, file: &str) -> Result<Self> {
        let cast = |to: &DataType| cast(column, to).map_err(|error| unreadable(file, error));
        let plain = !matches!(field.role, Role::Key | Role::Label);
        let data_type = column.data_type();
        let missing = schema.missing.iter().chain(&field.missing).map(|spelling| spelling.trim());
        Ok(match field.kind {
            Kind::Number if plain && data_type.is_numeric() => {
                let missing = missing.filter_map(cell::number).collect();
                Self::Number(cast(&DataType::Float64)?.as_primitive().clone(), missing)
            }
            Kind::Flag if plain && *data_type == DataType::Boolean => Self::Flag(column.as_boolean().clone()),
            Kind::Time
                if plain
                    && matches!(data_type, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) =>
            {
                let missing = missing.filter_map(cell::seconds).collect();
                Self::Time(cast(&field.kind.data_type())?.as_primitive().clone(), missing)
            }
            _ => Self::Text(texts(column, file)?),
        })
    }

    /// The cell of a row; `None` when it is not of the field's kind.
    pub(super) fn cell<'a>(&'a self, row: usize, field: &Field, schema: &Schema) -> Option<Cell<'a>> {
        match self {
            Self::Number(column, _) if column.is_null(row) => Some(Cell::Missing),
            Self::Number(column, missing) => match column.value(row) {
                value if value.is_nan() => Some(Cell::Missing),
                value if missing.iter().any(|other| cell::same_number(*other, value)) => Some(Cell::Missing),
                value => value.is_finite().then_some(Cell::Number(value)),
            },
            Self::Flag(column) if column.is_null(row) => Some(Cell::Missing),
            Self::Flag(column) => Some(Cell::Flag(column.value(row))),
            Self::Time(column, _) if column.is_null(row) => Some(Cell::Missing),
            Self::Time(column, missing) if missing.contains(&column.value(row)) => Some(Cell::Missing),
            Self::Time(column, _) => Some(Cell::Time(column.value(row))),
            Self::Text(column) => match &column[row] {
                Some(text) => cell::parse(text, field, schema),
                None => Some(Cell::Missing),
            },
        }
    }

    /// The cell as text, for a message.
    pub(super) fn text(&self, row: usize) -> String {
        match self {
            Self::Number(column, _) => column.value(row).to_string(),
            Self::Flag(column) => column.value(row).to_string(),
            Self::Time(column, _) => cell::show_seconds(column.value(row)),
            Self::Text(column) => column[row].clone().unwrap_or_default(),
        }
    }
}

/// The cells of a column of any type as text.
pub(crate) fn texts(column: &dyn Array, file: &str) -> Result<Vec<Option<String>>> {
    let failed = |error| unreadable(file, error);
    let in_utc;
    // Moments are kept as they are in UTC, whatever the zone in which they should be shown, of which nothing is known.
    let column = match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            in_utc = cast(column, &DataType::Timestamp(*unit, None)).map_err(failed)?;
            in_utc.as_ref()
        }
        _ => column,
    };
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).map_err(failed)?;
    let texts = (0..column.len()).map(|row| (!column.is_null(row)).then(|| formatter.value(row).to_string()));
    Ok(texts.collect())
}

/// A column of a type that is not read here, which is no fault of ours.
fn unreadable(file: &str, error: ArrowError) -> Error {
    Error::Parquet { file: file.to_owned(), source: ParquetError::External(Box::new(error)) }
}
