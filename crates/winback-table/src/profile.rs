//! What a file's columns look like before anybody has said what they mean: one pass over the text of every cell.
//!
//! Memory is bounded whatever the number of rows: distinct values are counted exactly up to 65,536 and estimated
//! beyond, numbers are sampled, and levels are counted up to a thousand a column.

mod column;
mod distinct;
mod rows;
mod sample;

use std::sync::Arc;

pub use self::column::ColumnProfile;
pub use self::distinct::Distinct;
pub use self::rows::RowSample;
pub use self::sample::Sample;
use crate::csv::{self, Record};
use crate::input::{Format, Input, format};
use crate::reader::Options;
use crate::{Error, Result, parquet};

/// What the columns of some files look like.
#[derive(Debug, Clone, Default)]
pub struct TableProfile {
    /// Rows read, malformed ones left out.
    pub rows: u64,
    /// Rows that could not be split into the header's fields.
    pub malformed: u64,
    /// One profile a column, in the order of the first file.
    pub columns: Vec<ColumnProfile>,
    /// Some rows as they stand, evenly chosen.
    pub sample: RowSample,
}

impl TableProfile {
    /// The profile of the column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Reads every cell of the files once.
///
/// # Errors
/// When a file cannot be read, or has other columns than the first.
pub fn profile(
    inputs: &[Arc<dyn Input>],
    options: Options,
    missing: &[String],
    watch: &mut dyn FnMut(u64),
) -> Result<TableProfile> {
    let missing: Vec<String> = missing.iter().map(|spelling| spelling.trim().to_owned()).collect();
    let mut table = TableProfile::default();
    for input in inputs {
        let name = input.name();
        match format(input.as_ref()).map_err(|error| Error::io("open", name, error))? {
            Format::Csv => profile_csv(input.as_ref(), options, &missing, &mut table, watch)?,
            Format::Parquet => profile_parquet(input, &missing, &mut table, watch)?,
        }
    }
    Ok(table)
}

fn begin_file(table: &mut TableProfile, file: &str, names: &[String]) -> Result<Vec<usize>> {
    if table.columns.is_empty() {
        table.columns = names.iter().map(|name| ColumnProfile::new(name)).collect();
    }
    let position = |column: &ColumnProfile| {
        let found = names.iter().position(|name| *name == column.name);
        found.ok_or_else(|| Error::MissingColumn {
            file: file.to_owned(),
            column: column.name.clone(),
            nearest: None,
        })
    };
    table.columns.iter().map(position).collect()
}

fn profile_csv(
    input: &dyn Input,
    options: Options,
    missing: &[String],
    table: &mut TableProfile,
    watch: &mut dyn FnMut(u64),
) -> Result<()> {
    let (mut records, names) = csv::open(input, options.said())?;
    let positions = begin_file(table, input.name(), &names)?;
    while let Some(record) = records.next().map_err(|error| Error::io("read", input.name(), error))? {
        let Record { fields: Ok(fields), .. } = record else {
            table.malformed += 1;
            continue;
        };
        if fields.len() != names.len() {
            table.malformed += 1;
            continue;
        }
        for (column, position) in table.columns.iter_mut().zip(&positions) {
            column.add(fields.get(*position), missing);
        }
        table.sample.add(positions.iter().map(|position| fields.get(*position)));
        table.rows += 1;
        if table.rows.is_multiple_of(1024) {
            watch(table.rows);
        }
    }
    Ok(())
}

fn profile_parquet(
    input: &Arc<dyn Input>,
    missing: &[String],
    table: &mut TableProfile,
    watch: &mut dyn FnMut(u64),
) -> Result<()> {
    let builder = parquet::open(input)?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let positions = begin_file(table, input.name(), &names)?;
    let mut batches = parquet::Batches::new(input.name(), builder)?;
    while let Some(batch) = batches.next()? {
        let mut columns = Vec::with_capacity(positions.len());
        for (column, position) in table.columns.iter_mut().zip(&positions) {
            let texts = parquet::texts(batch.column(*position).as_ref())?;
            texts.iter().for_each(|text| column.add(text.as_deref().unwrap_or(""), missing));
            columns.push(texts);
        }
        for row in 0..batch.num_rows() {
            table.sample.add(columns.iter().map(|texts| texts[row].as_deref().unwrap_or("")));
        }
        table.rows += batch.num_rows() as u64;
        watch(table.rows);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
