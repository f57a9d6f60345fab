//! The bank as files: the history, the weekly files, and the truth beside them.
//!
//! Each file is written under a hidden name and given its own only when complete, the truth before the data it belongs
//! to: whoever watches the folder never meets half a file, nor data whose truth is missing. Here blanks get their
//! spellings, because banks spell "no value" in more ways than one. What the rows are is left to `bank`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use winback_table::csv::{Writer, decimal};

use crate::bank::{Bank, Made, parts, week_name};
use crate::columns::{KEY, LABEL};
use crate::error::{Error, Result};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The labelled customers.
    pub history: WrittenFile,
    /// The weekly files, in the order of their dates.
    pub weeks: Vec<WrittenFile>,
    /// The truth about the history, then about each week; row by row the same customers.
    pub truth: Vec<WrittenFile>,
}

/// A complete file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its rows, the header not counted.
    pub rows: u64,
}

impl Bank {
    /// Writes the bank below a folder, which is made if need be: `input_folder/history.csv`,
    /// `weekly_folder/week-<date>.csv`, and in `truth/` a file of the same name for each. Files of those names are
    /// replaced. `progress` is told after each batch how many customers were looked at, and how many will be in all.
    ///
    /// # Errors
    /// When a folder or file cannot be made or written; the files that are complete by then remain.
    pub fn write(self, out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Written> {
        let weeks = 0..self.weeks;
        let total = self.customers + weeks.clone().map(|week| self.customers_by(week)).sum::<u64>();
        let mut done = 0;
        let (input, weekly, truth) = (out.join("input_folder"), out.join("weekly_folder"), out.join("truth"));
        for folder in [&input, &weekly, &truth] {
            fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
        }
        let schema = Self::schema().arrow();
        let mut pair = Pair::create(&input, &truth, "history", &schema, false)?;
        for numbers in parts(self.customers) {
            done += numbers.end - numbers.start;
            pair.write(&self.history_part(numbers))?;
            progress(done, total);
        }
        let (history, history_truth) = pair.finish()?;
        let mut written = Written { history, weeks: Vec::new(), truth: vec![history_truth] };
        let schema = Self::weekly_schema().arrow();
        for week in weeks {
            let mut pair = Pair::create(&weekly, &truth, &week_name(week), &schema, true)?;
            for numbers in parts(self.customers_by(week)) {
                done += numbers.end - numbers.start;
                pair.write(&self.week_part(week, numbers))?;
                progress(done, total);
            }
            let (rows, truth) = pair.finish()?;
            written.weeks.push(rows);
            written.truth.push(truth);
        }
        Ok(written)
    }
}

/// A data file and its truth, written in step.
struct Pair {
    data: PartFile,
    truth: PartFile,
    /// Whether the truth says what became of the customers; the history says so itself.
    tells_outcome: bool,
}

impl Pair {
    fn create(data: &Path, truth: &Path, name: &str, schema: &Schema, tells_outcome: bool) -> Result<Self> {
        let mut columns =
            vec![Field::new(KEY, DataType::Utf8, false), Field::new("probability", DataType::Float64, false)];
        if tells_outcome {
            columns.push(Field::new(LABEL, DataType::Boolean, false));
        }
        let file = format!("{name}.csv");
        Ok(Self {
            data: PartFile::create(data, &file, schema)?,
            truth: PartFile::create(truth, &file, &Schema::new(columns))?,
            tells_outcome,
        })
    }

    fn write(&mut self, made: &Made) -> Result<()> {
        let key = Arc::clone(made.rows.column(0));
        let mut columns: Vec<(&str, ArrayRef)> =
            vec![(KEY, key), ("probability", Arc::new(Float64Array::from(made.truth.clone())))];
        if self.tells_outcome {
            columns.push((LABEL, Arc::new(BooleanArray::from(made.left.clone()))));
        }
        let truth = RecordBatch::try_from_iter(columns).expect("truth and rows have the same length");
        self.truth.write(&truth)?;
        self.data.write(&spelled(&made.rows))
    }

    fn finish(self) -> Result<(WrittenFile, WrittenFile)> {
        let truth = self.truth.finish()?;
        Ok((self.data.finish()?, truth))
    }
}

/// A file under a hidden name, until it is complete.
struct PartFile {
    writer: Writer<BufWriter<File>>,
    part: PathBuf,
    path: PathBuf,
    rows: u64,
}

impl PartFile {
    fn create(folder: &Path, name: &str, schema: &Schema) -> Result<Self> {
        let (path, part) = (folder.join(name), folder.join(format!(".{name}.part")));
        let file = File::create(&part).map_err(|source| Error::io("create", &part, source))?;
        let buffered = BufWriter::with_capacity(1 << 18, file);
        let writer = Writer::new(buffered, schema).map_err(|source| Error::rows(&part, source))?;
        Ok(Self { writer, part, path, rows: 0 })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|source| Error::rows(&self.part, source))
    }

    fn finish(self) -> Result<WrittenFile> {
        let buffered = self.writer.finish().map_err(|source| Error::rows(&self.part, source))?;
        let written = buffered.into_inner().map_err(std::io::IntoInnerError::into_error);
        // Synced before the name is given, so that a power cut cannot leave the name on an empty file.
        let synced = written.and_then(|mut file| file.flush().and_then(|()| file.sync_all()));
        synced.map_err(|source| Error::io("write", &self.part, source))?;
        fs::rename(&self.part, &self.path).map_err(|source| Error::io("rename", &self.part, source))?;
        Ok(WrittenFile { path: self.path, rows: self.rows })
    }
}

/// The rows with some of their blanks spelled out: `Unknown` for an occupation, `NA` for every other income. A reader
/// that knows the usual spellings gets the same batch back.
fn spelled(rows: &RecordBatch) -> RecordBatch {
    let keys = rows.column(0).as_string::<i32>();
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        let spelled: ArrayRef = match field.name().as_str() {
            "occupation" => {
                let values = column.as_string::<i32>().iter();
                Arc::new(StringArray::from_iter_values(values.map(|value| value.unwrap_or("Unknown"))))
            }
            "income" => {
                let values = column.as_primitive::<Float64Type>();
                let spelling = |(row, value): (usize, Option<f64>)| match value {
                    Some(value) => Some(decimal(value)),
                    None => is_odd(keys.value(row)).then(|| "NA".to_owned()),
                };
                Arc::new(values.iter().enumerate().map(spelling).collect::<StringArray>())
            }
            _ => Arc::clone(column),
        };
        let field = Field::new(field.name(), spelled.data_type().clone(), true);
        (field, spelled)
    });
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("spelling changes no length")
}

/// Whether a key ends in an odd digit.
fn is_odd(key: &str) -> bool {
    key.bytes().last().is_some_and(|digit| digit % 2 == 1)
}
