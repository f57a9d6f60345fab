//! Arrow batches to CSV text: comma, quotes where needed, `\n` line ends.

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, TimestampSecondType, UInt64Type};

use crate::cell::show_seconds;
use crate::{Error, Result};

/// Writes batches as CSV. Missing values are empty cells, booleans `yes` and `no`, dates ISO.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn new(output: W, schema: &Schema) -> Result<Self> {
        let mut writer = Self { output, line: Vec::new() };
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 {
                writer.line.push(b',');
            }
            push_text(&mut writer.line, field.name());
        }
        writer.line.push(b'\n');
        writer.flush_line()?;
        Ok(writer)
    }

    /// Writes the rows of a batch with the columns of the header.
    ///
    /// # Errors
    /// When the output cannot be written, or a column has a type this writer does not know.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for row in 0..batch.num_rows() {
            for (index, column) in batch.columns().iter().enumerate() {
                if index > 0 {
                    self.line.push(b',');
                }
                push_cell(&mut self.line, column.as_ref(), row)?;
            }
            if self.line.trim_ascii().is_empty() {
                // A missing value alone in its row: a blank line would be no row at all.
                self.line.extend_from_slice(b"\"\"");
            }
            self.line.push(b'\n');
            self.flush_line()?;
        }
        Ok(())
    }

    /// Flushes and hands the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> Result<W> {
        self.output.flush().map_err(|source| Error::io("write", "the output", source))?;
        Ok(self.output)
    }

    fn flush_line(&mut self) -> Result<()> {
        self.output.write_all(&self.line).map_err(|source| Error::io("write", "the output", source))?;
        self.line.clear();
        Ok(())
    }
}

fn push_cell(line: &mut Vec<u8>, column: &dyn Array, row: usize) -> Result<()> {
    if column.is_null(row) {
        return Ok(());
    }
    match column.data_type() {
        DataType::Utf8 => push_text(line, column.as_string::<i32>().value(row)),
        DataType::Float64 => push_number(line, column.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => {
            line.extend_from_slice(if column.as_boolean().value(row) { b"yes" } else { b"no" });
        }
        DataType::Int64 => push_display(line, column.as_primitive::<Int64Type>().value(row)),
        DataType::UInt64 => push_display(line, column.as_primitive::<UInt64Type>().value(row)),
        DataType::Timestamp(..) => {
            push_text(line, &show_seconds(column.as_primitive::<TimestampSecondType>().value(row)));
        }
        other => {
            return Err(Error::Schema(format!("a column of Arrow type {other} cannot be written as CSV")));
        }
    }
    Ok(())
}

/// The shortest decimal digits that read back as the same number; very small and very large ones with an exponent.
fn push_number(line: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) {
        line.extend_from_slice(format!("{value:e}").as_bytes());
    } else {
        push_display(line, value);
    }
}

/// A number as the CSV writer spells it.
#[must_use]
pub fn decimal(value: f64) -> String {
    let mut text = Vec::new();
    push_number(&mut text, value);
    String::from_utf8_lossy(&text).into_owned()
}

fn push_display(line: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(line, "{value}").expect("writing into memory cannot fail");
}

fn push_text(line: &mut Vec<u8>, text: &str) {
    let outer_blank = text.trim().len() < text.len();
    if outer_blank || text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        line.push(b'"');
        line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray};

    use super::*;

    #[test]
    fn cells_are_quoted_only_where_needed() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("a,b", Arc::new(StringArray::from(vec![Some("x"), Some("say \"hi\""), None]))),
            ("n", Arc::new(Float64Array::from(vec![0.1, 1e-9, 12.0]))),
            ("f", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = Writer::new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert_eq!(text, "\"a,b\",n,f\nx,0.1,yes\n\"say \"\"hi\"\"\",1e-9,\n,12,no\n");
    }
}
