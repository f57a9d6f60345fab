//! A history as a source: read again on every pass, its rejected rows kept aside on the first.

use std::fs::File;
use std::io::{BufWriter, Read, Seek};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;
use winback_table::input::Input;
use winback_table::reader::{Options, Repeats, TableReader, Tally};
use winback_table::{BatchIterator, Error, Role, Schema, Source};

use super::quarantine::Quarantine;
use crate::error::{Result, ResultExt as _};

type Spill = Quarantine<BufWriter<File>>;

/// The rows of a history's files under a schema.
pub(crate) struct History {
    inputs: Vec<Arc<dyn Input>>,
    schema: Schema,
    options: Options,
    reject_limit: f64,
    first: Mutex<FirstPass>,
}

/// What the first pass leaves behind.
#[derive(Default)]
struct FirstPass {
    begun: bool,
    tally: Option<Tally>,
    rejected: Option<Spill>,
}

impl History {
    pub(crate) fn new(
        inputs: Vec<Arc<dyn Input>>,
        schema: &Schema,
        options: Options,
        reject_limit: f64,
    ) -> Self {
        let schema = schema.used();
        // A key stands once per moment; without moments, the rows of one key are kept and stay together.
        let repeats =
            if schema.with_role(Role::Time).is_some() { Repeats::RejectedWithinTime } else { Repeats::Kept };
        let options = Options { repeats, ..options };
        Self { inputs, schema, options, reject_limit, first: Mutex::default() }
    }

    /// What the first pass counted.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally.clone().unwrap_or_default()
    }

    /// The quarantine file of the first pass, if a row was rejected.
    pub(crate) fn rejected(&self) -> Result<Option<Vec<u8>>> {
        let mut first = self.lock();
        let Some(spill) =
            first.rejected.take().filter(|_| first.tally.as_ref().is_some_and(|tally| tally.rejected > 0))
        else {
            return Ok(None);
        };
        let file = spill.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error);
        let mut file = file.users("cannot write a temporary file")?;
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).users("cannot read a temporary file")?;
        Ok(Some(bytes))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FirstPass> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the record of the first pass; answers whether this is it.
    fn begin(&self) -> winback_table::Result<bool> {
        let mut first = self.lock();
        if std::mem::replace(&mut first.begun, true) {
            return Ok(false);
        }
        let spill = |source| Error::Io { action: "write", file: "a temporary file".to_owned(), source };
        first.rejected = Some(Quarantine::new(BufWriter::new(tempfile::tempfile().map_err(spill)?))?);
        Ok(true)
    }
}

impl Source for History {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn open(&self) -> winback_table::Result<BatchIterator<'_>> {
        let is_first = self.begin()?;
        let mut reader = TableReader::new(self.inputs.clone(), &self.schema, self.options);
        let mut ended = false;
        let next = move || -> winback_table::Result<Option<RecordBatch>> {
            while !ended {
                let Some(batch) = reader.next_batch()? else {
                    ended = true;
                    let tally = reader.tally().clone();
                    let checked = tally.check(self.reject_limit);
                    if is_first {
                        self.lock().tally = Some(tally);
                    }
                    return checked.map(|()| None);
                };
                if is_first && let Some(spill) = &mut self.lock().rejected {
                    spill.write(&batch.rejects)?;
                }
                if batch.rows.num_rows() > 0 {
                    return Ok(Some(batch.rows));
                }
            }
            Ok(None)
        };
        let mut next = next;
        Ok(Box::new(std::iter::from_fn(move || next().transpose())))
    }
}
