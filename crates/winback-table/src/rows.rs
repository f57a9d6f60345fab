//! From cells to an Arrow batch: one builder per column, and rows that do not fit put aside.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, RecordBatch, StringBuilder, TimestampSecondBuilder,
};
use arrow::datatypes::{DataType, SchemaRef};

use crate::cell::Cell;
use crate::{Reason, Result, Role, Schema};

/// A column under construction.
enum Builder {
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Time(TimestampSecondBuilder),
    Text(StringBuilder),
}

impl Builder {
    fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Float64 => Self::Number(Float64Builder::new()),
            DataType::Boolean => Self::Flag(BooleanBuilder::new()),
            DataType::Timestamp(..) => Self::Time(TimestampSecondBuilder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// A cell of another type than the column's cannot come here: [`crate::cell::parse`] goes by the same field.
    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Number(column), Cell::Number(value)) => column.append_value(value),
            (Self::Flag(column), Cell::Flag(value)) => column.append_value(value),
            (Self::Time(column), Cell::Time(value)) => column.append_value(value),
            (Self::Text(column), Cell::Text(value)) => column.append_value(value),
            (Self::Number(column), _) => column.append_null(),
            (Self::Flag(column), _) => column.append_null(),
            (Self::Time(column), _) => column.append_null(),
            (Self::Text(column), _) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Number(column) => Arc::new(column.finish()),
            Self::Flag(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
        }
    }
}

/// Builds batches under a schema, row by row.
pub(crate) struct RowBuilder {
    arrow: SchemaRef,
    /// The columns that no row may lack, and what is said of a row that does.
    required: Vec<(usize, Reason)>,
    columns: Vec<Builder>,
    rows: usize,
}

impl RowBuilder {
    pub(crate) fn new(schema: &Schema) -> Self {
        let arrow = Arc::new(schema.arrow());
        let columns = arrow.fields().iter().map(|field| Builder::new(field.data_type())).collect();
        let reason = |role| match role {
            Role::Key => Some(Reason::NoKey),
            Role::Label => Some(Reason::NoLabel),
            Role::Time => Some(Reason::NoTime),
            Role::Weight => Some(Reason::NoWeight),
            _ => None,
        };
        let fields = schema.fields.iter().enumerate();
        let required = fields.filter_map(|(index, field)| Some((index, reason(field.role)?))).collect();
        Self { arrow, required, columns, rows: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Why a row of parsed cells cannot be used: the column and the reason.
    pub(crate) fn flaw(&self, cells: &[Cell<'_>]) -> Option<(usize, Reason)> {
        // A weight must be above 0, too.
        let is_flaw = |cell: &Cell<'_>, reason: Reason| match cell {
            Cell::Missing => true,
            Cell::Number(weight) => reason == Reason::NoWeight && *weight <= 0.0,
            _ => false,
        };
        self.required.iter().find(|(index, reason)| is_flaw(&cells[*index], *reason)).copied()
    }

    /// Appends a row without flaw; `cells` are in the order of the schema.
    pub(crate) fn push(&mut self, cells: &[Cell<'_>]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(*cell);
        }
        self.rows += 1;
    }

    /// The rows so far as a batch; the builder is empty afterwards.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch> {
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        Ok(RecordBatch::try_new_with_options(self.arrow.clone(), columns, &options)?)
    }
}
