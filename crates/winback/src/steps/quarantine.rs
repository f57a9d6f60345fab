//! The quarantine file: rejected rows with file, line, column, value and reason, and the row as it stood.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use winback_table::{Reject, Result, csv};

/// Writes rejected rows as CSV; the header comes with the first of them.
pub(crate) struct Quarantine<W: Write> {
    writer: csv::Writer<W>,
    columns: SchemaRef,
}

impl<W: Write> Quarantine<W> {
    pub(crate) fn new(output: W) -> Result<Self> {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let columns = Arc::new(Schema::new(vec![
            text("file"),
            Field::new("line", DataType::UInt64, false),
            text("column"),
            text("value"),
            text("reason"),
            text("row"),
        ]));
        Ok(Self { writer: csv::Writer::new(output, &columns)?, columns })
    }

    pub(crate) fn write(&mut self, rejects: &[Reject]) -> Result<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let texts = |of: &dyn Fn(&Reject) -> Option<String>| -> ArrayRef {
            Arc::new(rejects.iter().map(of).collect::<StringArray>())
        };
        let columns = vec![
            texts(&|reject| Some(reject.file.to_string())),
            Arc::new(rejects.iter().map(|reject| reject.line).collect::<UInt64Array>()) as ArrayRef,
            texts(&|reject| reject.column.clone()),
            texts(&|reject| reject.value.clone()),
            texts(&|reject| Some(reject.reason.to_string())),
            texts(&|reject| Some(reject.row.clone())),
        ];
        self.writer.write(&RecordBatch::try_new(self.columns.clone(), columns)?)
    }

    pub(crate) fn finish(self) -> Result<W> {
        self.writer.finish()
    }
}
