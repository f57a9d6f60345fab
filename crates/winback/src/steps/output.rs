//! The scored file, in the format that its name asks for.

use std::io::BufWriter;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use winback_table::{Packed, csv, parquet};

use super::partial::{Finish as _, Partial};
use crate::error::{Result, ResultExt as _, UserError};

/// A scored file that is being written; it appears under its name when it is finished.
pub(crate) enum Output {
    Csv(Box<csv::Writer<Packed<BufWriter<Partial>>>>),
    Parquet(Box<parquet::Writer<BufWriter<Partial>>>),
}

impl Output {
    /// Begins a file of these columns: by its ending CSV, plain or packed, or Parquet.
    pub(crate) fn create(path: &Path, columns: &SchemaRef) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ends = |ending: &str| name.ends_with(ending);
        if ends(".parquet") {
            return Ok(Self::Parquet(Box::new(parquet::Writer::new(Partial::create(path)?, columns)?)));
        }
        let packed = if ends(".csv") {
            Packed::Plain(Partial::create(path)?)
        } else if ends(".csv.gz") {
            Packed::gzip(Partial::create(path)?)
        } else if ends(".csv.zst") {
            Packed::zstd(Partial::create(path)?)?
        } else {
            let message = format!("`{}` ends neither in `.csv` nor in `.parquet`", path.display());
            let hint = "the ending says in which format to write; `.csv.gz` and `.csv.zst` pack the CSV";
            return Err(UserError::new(message)).hint(hint);
        };
        Ok(Self::Csv(Box::new(csv::Writer::new(packed, columns)?)))
    }

    /// Whether lines are written as text, which can be made of each batch by itself.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Csv(_))
    }

    /// Writes lines; as the text that was made of them where that is what is written.
    pub(crate) fn write(&mut self, lines: &RecordBatch, text: &[u8]) -> Result<()> {
        match self {
            Self::Csv(writer) => writer.write_lines(text)?,
            Self::Parquet(writer) => writer.write(lines)?,
        }
        Ok(())
    }

    /// Gives the file its name.
    pub(crate) fn finish(self) -> Result<()> {
        let file = match self {
            Self::Csv(writer) => writer.finish()?.finish().users("cannot write the results")?,
            Self::Parquet(writer) => writer.finish()?,
        };
        file.finish(true)?;
        Ok(())
    }
}
