//! Where parsed rows go, whatever file they come from: into the batch, or aside.

use arrow::record_batch::RecordBatch;

use crate::cell::Cell;
use crate::keys::{self, KeySet};
use crate::rows::RowBuilder;
use crate::{Error, Reason, Reject, Result, Schema, nearest_name};

/// Rows in a batch.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Where parsed rows go: into the batch, or to the rejects.
pub(crate) struct Sink<'a> {
    builder: RowBuilder,
    rejects: Vec<Reject>,
    read: u64,
    keys: &'a mut KeySet,
    key_columns: Option<(usize, Option<usize>)>,
}

impl<'a> Sink<'a> {
    /// A sink for one batch; `key_columns` are the positions of the key and of a time that belongs to it, when keys
    /// must not repeat.
    pub(crate) fn new(
        schema: &Schema,
        keys: &'a mut KeySet,
        key_columns: Option<(usize, Option<usize>)>,
    ) -> Self {
        Self { builder: RowBuilder::new(schema), rejects: Vec::new(), read: 0, keys, key_columns }
    }

    /// The batch, the rejected rows, and how many rows there were.
    pub(crate) fn finish(mut self) -> Result<(RecordBatch, Vec<Reject>, u64)> {
        Ok((self.builder.finish()?, self.rejects, self.read))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.builder.len() + self.rejects.len() >= BATCH_ROWS
    }

    /// Takes a row whose cells all have the right kind; answers what is wrong with it, if anything.
    pub(crate) fn push(&mut self, cells: &[Cell<'_>], file: &str) -> Result<Option<(usize, Reason)>> {
        self.read += 1;
        if let Some(flaw) = self.builder.flaw(cells) {
            return Ok(Some(flaw));
        }
        if let Some((key, time)) = self.key_columns
            && let Cell::Text(text) = cells[key]
        {
            let time = time
                .and_then(|time| if let Cell::Time(seconds) = cells[time] { Some(seconds) } else { None });
            let is_new = self.keys.insert(keys::hash(text, time));
            if !is_new.map_err(|error| Error::io("keep the keys of", file, error))? {
                return Ok(Some((key, Reason::RepeatedKey)));
            }
        }
        self.builder.push(cells);
        Ok(None)
    }

    /// Takes a row that could not even be parsed.
    pub(crate) fn reject_unparsed(&mut self, reject: Reject) {
        self.read += 1;
        self.rejects.push(reject);
    }

    pub(crate) fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

/// Finds each field of the schema among a file's column names; answers their positions and the names left over.
pub(crate) fn match_columns(
    file: &str,
    schema: &Schema,
    names: &[String],
) -> Result<(Vec<usize>, Vec<String>)> {
    let mut positions = Vec::with_capacity(schema.fields.len());
    for field in &schema.fields {
        let mut found =
            names.iter().enumerate().filter(|(_, name)| **name == field.name).map(|(index, _)| index);
        let Some(first) = found.next() else {
            return Err(Error::MissingColumn {
                file: file.to_owned(),
                column: field.name.clone(),
                nearest: nearest_name(&field.name, names.iter().map(String::as_str)).map(str::to_owned),
            });
        };
        if let Some(second) = found.next() {
            let (first, second) = (first + 1, second + 1);
            return Err(Error::RepeatedColumn {
                file: file.to_owned(),
                column: field.name.clone(),
                first,
                second,
            });
        }
        positions.push(first);
    }
    let unused = names.iter().filter(|name| schema.field(name).is_none()).cloned().collect();
    Ok((positions, unused))
}
