//! A history as a source: read again on every pass, its rejected rows kept aside on the first.

use std::fs::File;
use std::io::{BufWriter, Read, Seek};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;
use winback_table::input::Input;
use winback_table::reader::{Options, Repeats, TableReader, Tally};
use winback_table::{BatchIterator, Error, Oddity, Reject, Role, Schema, Source};

use super::quarantine::Quarantine;
use crate::error::{Result, ResultExt as _};

type Spill = Quarantine<BufWriter<File>>;

/// Bytes of rejected rows that are listed. A store takes a file as a whole, so it stands in memory once; a history with
/// more than these is refused or as good as none, and the first rows say why.
const MOST_LISTED: usize = 64 << 20;

/// The rows of a history's files under a schema.
pub(crate) struct History {
    inputs: Vec<Arc<dyn Input>>,
    schema: Schema,
    options: Options,
    reject_limit: f64,
    /// What a look at the files found odd.
    oddities: Vec<Oddity>,
    most_listed: usize,
    first: Mutex<FirstPass>,
}

/// What the first pass leaves behind.
#[derive(Default)]
struct FirstPass {
    begun: bool,
    tally: Option<Tally>,
    rejected: Option<Spill>,
    /// Rejected rows in the list, and their bytes.
    listed: (u64, usize),
}

impl FirstPass {
    /// Lists rejected rows, as long as there is room.
    fn list(&mut self, rejects: &[Reject], room: usize) -> winback_table::Result<()> {
        let Some(spill) = &mut self.rejected else { return Ok(()) };
        let (rows, bytes) = &mut self.listed;
        let mut count = 0;
        for reject in rejects {
            let value = reject.value.as_ref().map_or(0, String::len);
            // What else stands in a line of the list is hardly longer.
            let length = reject.row.len() + value + reject.file.len() + 200;
            if *bytes + length > room {
                // What comes later would only fit by chance.
                *bytes = room;
                break;
            }
            *bytes += length;
            count += 1;
        }
        *rows += count as u64;
        spill.write(&rejects[..count])
    }
}

/// The rejected rows of a history as a quarantine file.
pub(crate) struct Rejected {
    pub(crate) bytes: Vec<u8>,
    /// Rows in the file: all that were rejected, or the first of very many.
    pub(crate) listed: u64,
}

impl History {
    pub(crate) fn new(
        inputs: Vec<Arc<dyn Input>>,
        schema: &Schema,
        options: Options,
        reject_limit: f64,
        oddities: Vec<Oddity>,
    ) -> Self {
        let schema = schema.used();
        // A key stands once per moment; without moments, the rows of one key are kept and stay together.
        let repeats =
            if schema.with_role(Role::Time).is_some() { Repeats::RejectedWithinTime } else { Repeats::Kept };
        let options = Options { repeats, ..options };
        let (most_listed, first) = (MOST_LISTED, Mutex::default());
        Self { inputs, schema, options, reject_limit, oddities, most_listed, first }
    }

    /// What the first pass counted.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally.clone().unwrap_or_default()
    }

    /// What is odd about the files: what a look at them found, and what reading them added.
    pub(crate) fn oddities(&self) -> Vec<Oddity> {
        let mut oddities = self.oddities.clone();
        for oddity in self.tally().oddities() {
            let is_known = |other: &Oddity| other.kind == oddity.kind && other.column == oddity.column;
            if !oddities.iter().any(is_known) {
                oddities.push(oddity.clone());
            }
        }
        oddities
    }

    /// The quarantine file of the first pass, if a row was rejected.
    pub(crate) fn rejected(&self) -> Result<Option<Rejected>> {
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
        Ok(Some(Rejected { bytes, listed: first.listed.0 }))
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
                if is_first {
                    self.lock().list(&batch.rejects, self.most_listed)?;
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

#[cfg(test)]
mod tests {
    use winback_table::input::MemoryInput;
    use winback_table::{Field, Kind};

    use super::*;

    #[test]
    fn the_first_of_very_many_rejected_rows_are_listed() {
        let rows: String = (0..100).map(|row| format!("{row}\n")).collect();
        let input: Arc<dyn Input> = Arc::new(MemoryInput::new("m", format!("id,n\n{rows}")));
        let fields = ["id", "n"].map(|name| Field::new(name, Kind::Number, Role::Feature));
        let schema = Schema::new(fields.to_vec(), None).unwrap();
        let listed = |most_listed| {
            let history = History::new(vec![input.clone()], &schema, Options::default(), 1.0, Vec::new());
            let history = History { most_listed, ..history };
            history.open().unwrap().for_each(drop);
            let rejected = history.rejected().unwrap().unwrap();
            assert_eq!(history.tally().rejected, 100);
            assert_eq!(rejected.bytes.split(|byte| *byte == b'\n').count() as u64, rejected.listed + 2);
            rejected.listed
        };
        assert_eq!(listed(MOST_LISTED), 100);
        assert_eq!(listed(4100), 20);
    }
}
