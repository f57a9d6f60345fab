//! Arrow batches to CSV text: comma, quotes where needed, `\n` line ends.

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, TimestampSecondType, UInt64Type};

use crate::cell::{show_seconds, trimmed};
use crate::{Error, Result};

/// Appends the rows of a batch as CSV lines: missing values are empty cells, booleans `yes` and `no`, dates ISO.
///
/// # Errors
/// When a column has a type that is not known here.
pub fn push_rows(lines: &mut Vec<u8>, batch: &RecordBatch) -> Result<()> {
    for row in 0..batch.num_rows() {
        let from = lines.len();
        for (index, column) in batch.columns().iter().enumerate() {
            if index > 0 {
                lines.push(b',');
            }
            push_cell(lines, column.as_ref(), row)?;
        }
        if lines[from..].trim_ascii().is_empty() {
            // A missing value alone in its row: a blank line would be no row at all.
            lines.extend_from_slice(b"\"\"");
        }
        lines.push(b'\n');
    }
    Ok(())
}

/// Writes batches as CSV. Missing values are empty cells, booleans `yes` and `no`, dates ISO.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    lines: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn new(output: W, schema: &Schema) -> Result<Self> {
        let mut writer = Self { output, lines: Vec::new() };
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 {
                writer.lines.push(b',');
            }
            push_text(&mut writer.lines, field.name());
        }
        writer.lines.push(b'\n');
        writer.flush_lines()?;
        Ok(writer)
    }

    /// Writes the rows of a batch with the columns of the header.
    ///
    /// # Errors
    /// When the output cannot be written, or a column has a type this writer does not know.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        push_rows(&mut self.lines, batch)?;
        self.flush_lines()
    }

    /// Writes lines that [`push_rows`] made.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_lines(&mut self, lines: &[u8]) -> Result<()> {
        self.output.write_all(lines).map_err(|source| Error::io("write", "the output", source))
    }

    /// Flushes and hands the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> Result<W> {
        self.output.flush().map_err(|source| Error::io("write", "the output", source))?;
        Ok(self.output)
    }

    fn flush_lines(&mut self) -> Result<()> {
        self.output.write_all(&self.lines).map_err(|source| Error::io("write", "the output", source))?;
        self.lines.clear();
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
        push_display(line, format_args!("{value:e}"));
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    // Between those bounds the library writes an exponent only where it has fewer digits than the number has places.
    if text.contains('e') {
        push_display(line, value);
    } else {
        line.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    }
}

/// A number as the CSV writer spells it.
#[must_use]
pub fn decimal(value: f64) -> String {
    let mut text = Vec::new();
    push_number(&mut text, value);
    String::from_utf8(text).expect("a number is spelled in ASCII")
}

fn push_display(line: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(line, "{value}").expect("writing into memory cannot fail");
}

fn push_text(line: &mut Vec<u8>, text: &str) {
    let has_outer_blank = trimmed(text).len() < text.len();
    // All bytes are looked at, since a search that stops early takes them one by one.
    let is_special = |byte| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let has_special = text.bytes().fold(false, |found, byte| found | is_special(byte));
    if !has_outer_blank && !has_special {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(part.as_bytes());
    }
    line.push(b'"');
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
