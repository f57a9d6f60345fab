//! A stream of records, each created once under the next number and never changed: `state/<stream>/<20 digits>.json`.
//!
//! Record n + 1 is written only after n was read, so the highest number that exists is the truth, and two writers that
//! race for a number are decided by the store. It is a log that needs nothing but create-only puts, and the audit trail
//! as well. What the records mean is for others; none may hold a customer's key or value.

mod format;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::check_name;
use crate::{Clock, Error, ErrorKind, Result, Store};

/// After so many records a checkpoint holds them together, so that a long stream is read in few objects.
const CHECKPOINT_EVERY: u64 = 256;
/// Reads under way at one time; a cloud answers each in some tens of milliseconds.
const READS_AT_ONCE: usize = 32;
/// Enough that two writers never draw the same one.
const NONCE_BYTES: usize = 16;

/// One record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// Its place in the stream, from 1.
    pub number: u64,
    /// Drawn by its writer, who knows the record by it.
    pub nonce: String,
    /// When it was written: RFC 3339, UTC.
    pub at: String,
    /// What it says.
    pub content: T,
}

/// The records of a stream so far, in order. Each is shared: a longer history costs a pointer a record.
pub type History<T> = Arc<Vec<Arc<Record<T>>>>;

/// A handle on one stream. It remembers what it has read, for records never change.
pub struct Ledger<T> {
    store: Store,
    clock: Clock,
    folder: String,
    known: Mutex<History<T>>,
}

impl<T> fmt::Debug for Ledger<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl<T: Serialize + DeserializeOwned> Ledger<T> {
    /// The stream of that name; nothing is read or written yet.
    pub fn new(store: Store, clock: Clock, stream: &str) -> Result<Self> {
        check_name("stream", stream)?;
        Ok(Self { store, clock, folder: format!("state/{stream}"), known: Mutex::default() })
    }

    /// One of many streams of a kind, `state/<kind>/<stream>`.
    pub(crate) fn of_kind(store: Store, clock: Clock, kind: &str, stream: &str) -> Result<Self> {
        check_name("stream", kind)?;
        check_name("stream", stream)?;
        Ok(Self { store, clock, folder: format!("state/{kind}/{stream}"), known: Mutex::default() })
    }

    /// All records so far, in order.
    pub async fn read(&self) -> Result<History<T>> {
        let known = self.known();
        let fresh =
            if known.is_empty() { self.read_all().await? } else { self.read_on(known.len() as u64).await? };
        Ok(self.remember(known, fresh))
    }

    /// Appends what `decide` makes of the history, or nothing if it answers `None`.
    ///
    /// It is asked first about what this handle knows: where that is not all, the create fails, or the answer is `None`,
    /// and it is asked again with the longer history. So it may check that what it is about to say is still right, and
    /// a caller who repeats a call may find it done.
    pub async fn append_with(
        &self,
        mut decide: impl FnMut(&[Arc<Record<T>>]) -> Option<T>,
    ) -> Result<Option<Arc<Record<T>>>> {
        let mut history = self.known();
        let mut is_fresh = history.is_empty();
        if is_fresh {
            history = self.read().await?;
        }
        loop {
            let Some(content) = decide(&history) else {
                if is_fresh {
                    return Ok(None);
                }
                let known = history.len();
                history = self.read().await?;
                is_fresh = true;
                if history.len() == known {
                    return Ok(None);
                }
                continue;
            };
            let number = history.len() as u64 + 1;
            let nonce = draw_nonce()?;
            let ours = Record { number, nonce: nonce.clone(), at: self.clock.now().to_string(), content };
            let winner = Arc::new(self.create(ours).await?);
            history = self.remember(history, vec![Arc::clone(&winner)]);
            if winner.nonce == nonce {
                self.checkpoint(number, &history).await;
                return Ok(Some(winner));
            }
            history = self.read().await?;
            is_fresh = true;
        }
    }

    /// Tries to create the record, and gives the one that now holds its number: `ours` or a rival's.
    async fn create(&self, ours: Record<T>) -> Result<Record<T>> {
        let path = self.path(ours.number);
        let bytes = format::write_record(&path, &ours)?;
        match self.store.put_new(&path, bytes.into()).await {
            Ok(()) => Ok(ours),
            // The first try of a repeated request may have won, its answer lost: only reading tells whose record it is.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.record(ours.number).await,
            Err(error) => Err(error),
        }
    }

    /// What came after the first `last` records. Mostly nothing did, and one question tells; a listing would cost more.
    async fn read_on(&self, last: u64) -> Result<Vec<Arc<Record<T>>>> {
        let mut fresh = Vec::new();
        for ahead in (0..).map(|round| READS_AT_ONCE.min(1 << round.min(16))) {
            let next = last + fresh.len() as u64 + 1;
            let numbers = next..next + ahead as u64;
            let found = stream::iter(numbers).map(|number| self.find(number)).buffered(ahead);
            let found: Vec<Option<Record<T>>> = found.try_collect().await?;
            let whole = found.iter().all(Option::is_some);
            fresh.extend(found.into_iter().map_while(|record| record.map(Arc::new)));
            if !whole {
                break;
            }
        }
        Ok(fresh)
    }

    /// The whole stream: what checkpoints hold, and all other records by their numbers. A listing made while others
    /// write may skip one that does exist, so it tells only how far the numbers go.
    async fn read_all(&self) -> Result<Vec<Arc<Record<T>>>> {
        let checkpoints = self.read_checkpoints().await?;
        let held = checkpoints.iter().flatten().map(|record| record.number).max().unwrap_or(0);
        let highest = self.highest_after(held).await?;
        let length = usize::try_from(highest).expect("a listing named each, so they fit into memory");
        let mut records: Vec<Option<Record<T>>> = Vec::new();
        records.resize_with(length, || None);
        for record in checkpoints.into_iter().flatten() {
            let place = record.number as usize - 1;
            records[place] = Some(record);
        }
        let missing: Vec<u64> = (1..=highest)
            .zip(&records)
            .filter(|(_, record)| record.is_none())
            .map(|(number, _)| number)
            .collect();
        let mut read = stream::iter(missing).map(|number| self.record(number)).buffered(READS_AT_ONCE);
        while let Some(record) = read.try_next().await? {
            let place = record.number as usize - 1;
            records[place] = Some(record);
        }
        Ok(records.into_iter().flatten().map(Arc::new).collect())
    }

    async fn record(&self, number: u64) -> Result<Record<T>> {
        let path = self.path(number);
        let bytes = self.store.get(&path).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::Gap { path: path.clone(), source: Box::new(error) },
            ErrorKind::AlreadyExists | ErrorKind::Changed | ErrorKind::Other => error,
        })?;
        format::read_record(&path, number, &bytes)
    }

    async fn find(&self, number: u64) -> Result<Option<Record<T>>> {
        let path = self.path(number);
        match self.store.get(&path).await {
            Ok(bytes) => format::read_record(&path, number, &bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The highest number in use, or `last` if there is none above it.
    async fn highest_after(&self, last: u64) -> Result<u64> {
        let names = self.store.names_after(&self.folder, &self.path(last)).await?;
        let numbers = names.iter().filter_map(|name| number_in(&self.folder, name));
        Ok(numbers.max().unwrap_or(last))
    }

    /// The records of all checkpoints that can be read; none is as good, only slower.
    async fn read_checkpoints(&self) -> Result<Vec<Vec<Record<T>>>> {
        let folder = self.checkpoints();
        let entries = self.store.list(&folder).await?;
        let numbers: Vec<u64> = entries.iter().filter_map(|entry| number_in(&folder, &entry.path)).collect();
        let read = stream::iter(numbers).map(|number| self.read_checkpoint(number)).buffered(READS_AT_ONCE);
        read.try_collect().await
    }

    async fn read_checkpoint(&self, number: u64) -> Result<Vec<Record<T>>> {
        let path = format!("{}/{}", self.checkpoints(), file_name(number));
        match self.store.get(&path).await {
            // Cut, or of a later program: the records themselves are the truth, and will tell.
            Ok(bytes) => Ok(format::read_checkpoint(&path, number, &bytes).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Writes a checkpoint if one is due. The record before it stands already, and readers can do without: so a
    /// failure here is nobody's.
    async fn checkpoint(&self, number: u64, history: &[Arc<Record<T>>]) {
        if !number.is_multiple_of(CHECKPOINT_EVERY) {
            return;
        }
        let path = format!("{}/{}", self.checkpoints(), file_name(number));
        let latest = &history[history.len() - CHECKPOINT_EVERY as usize..];
        if let Ok(bytes) = format::write_checkpoint(&path, latest) {
            self.store.put_new(&path, bytes.into()).await.ok();
        }
    }

    fn known(&self) -> History<T> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Joins `fresh` to `history` and keeps the result, unless another task has come further meanwhile.
    fn remember(&self, mut history: History<T>, fresh: Vec<Arc<Record<T>>>) -> History<T> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !fresh.is_empty() {
            // Shared by two it would have to be copied to grow, whole, for each record.
            if Arc::ptr_eq(&known, &history) {
                *known = History::default();
            }
            Arc::make_mut(&mut history).extend(fresh);
        }
        if known.len() < history.len() {
            *known = Arc::clone(&history);
        }
        history
    }

    fn path(&self, number: u64) -> String {
        format!("{}/{}", self.folder, file_name(number))
    }

    fn checkpoints(&self) -> String {
        format!("{}/checkpoints", self.folder)
    }
}

/// Twenty digits hold any number, and make the order of names that of numbers.
fn file_name(number: u64) -> String {
    format!("{number:020}.json")
}

/// The number in the path of a record or checkpoint of `folder`; `None` for whatever else lies about.
fn number_in(folder: &str, path: &str) -> Option<u64> {
    let name = path.strip_prefix(folder)?.strip_prefix('/')?;
    let number = name.strip_suffix(".json")?.parse().ok()?;
    (name == file_name(number)).then_some(number)
}

/// Text that nobody else draws: 32 hexadecimal digits.
pub fn draw_nonce() -> Result<String> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(Error::Random)?;
    Ok(hex::encode(nonce))
}

#[cfg(test)]
mod tests;
