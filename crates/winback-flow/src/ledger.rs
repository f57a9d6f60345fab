//! A stream of records, each created once under the next number and never changed: `state/<stream>/<20 digits>.json`.
//!
//! Record n + 1 is written only after n was read, so the highest number that exists is the truth, and two writers that
//! race for a number are decided by the store. It is a log that needs nothing but create-only puts, and the audit trail
//! as well. What the records mean is for others; none may hold a customer's key or value.

mod format;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::check_name;
use crate::{Clock, Error, ErrorKind, Result, Store};

/// A checkpoint is written after every so many records, so no reader opens many more objects than this.
const CHECKPOINT_EVERY: u64 = 256;
/// Reads under way at one time; a cloud answers each in some tens of milliseconds.
const READS_AT_ONCE: usize = 16;
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

/// A handle on one stream. It remembers what it has read, for records never change.
pub struct Ledger<T> {
    store: Store,
    clock: Clock,
    folder: String,
    known: Mutex<Arc<Vec<Record<T>>>>,
}

impl<T> fmt::Debug for Ledger<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Ledger<T> {
    /// The stream of that name; nothing is read or written yet.
    pub fn new(store: Store, clock: Clock, stream: &str) -> Result<Self> {
        check_name("stream", stream)?;
        Ok(Self { store, clock, folder: format!("state/{stream}"), known: Mutex::default() })
    }

    /// All records so far, in order.
    pub async fn read(&self) -> Result<Arc<Vec<Record<T>>>> {
        let mut history = self.known();
        if history.is_empty() {
            history = Arc::new(self.latest_checkpoint().await?);
        }
        let last = history.len() as u64;
        let highest = self.highest_after(last).await?;
        // Every number is asked for by name: a listing made while others write may skip one that does exist.
        let fresh =
            stream::iter(last + 1..=highest).map(|number| self.record(number)).buffered(READS_AT_ONCE);
        let fresh: Vec<_> = fresh.try_collect().await?;
        Ok(self.remember(history, fresh))
    }

    /// Appends what `decide` makes of the history, or nothing if it answers `None`.
    ///
    /// When another writer takes the number first, `decide` is asked again with the longer history: so it may check
    /// that what it is about to say is still right, and a caller who repeats a call may find it done.
    pub async fn append_with(
        &self,
        mut decide: impl FnMut(&[Record<T>]) -> Option<T>,
    ) -> Result<Option<Record<T>>> {
        loop {
            let history = self.read().await?;
            let Some(content) = decide(&history) else { return Ok(None) };
            let number = history.len() as u64 + 1;
            let ours = Record { number, nonce: draw_nonce()?, at: self.clock.now(), content };
            let winner = self.create(&ours).await?;
            let won = winner.nonce == ours.nonce;
            let history = self.remember(history, vec![winner]);
            if won {
                self.checkpoint(number, &history).await;
                return Ok(Some(ours));
            }
        }
    }

    /// Tries to create the record, and gives the one that now holds its number: `ours` or a rival's.
    async fn create(&self, ours: &Record<T>) -> Result<Record<T>> {
        let path = self.path(ours.number);
        let bytes = format::write_record(&path, ours)?;
        match self.store.put_new(&path, bytes.into()).await {
            Ok(()) => Ok(ours.clone()),
            // The first try of a repeated request may have won, its answer lost: only reading tells whose record it is.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.record(ours.number).await,
            Err(error) => Err(error),
        }
    }

    async fn record(&self, number: u64) -> Result<Record<T>> {
        let path = self.path(number);
        let bytes = self.store.get(&path).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::Gap { path: path.clone(), source: Box::new(error) },
            ErrorKind::AlreadyExists | ErrorKind::Changed | ErrorKind::Other => error,
        })?;
        format::read_record(&path, number, &bytes)
    }

    /// The highest number in use, or `last` if there is none above it.
    async fn highest_after(&self, last: u64) -> Result<u64> {
        let entries = self.store.list_after(&self.folder, &self.path(last)).await?;
        let numbers = entries.iter().filter_map(|entry| number_in(&self.folder, &entry.path));
        Ok(numbers.max().unwrap_or(last))
    }

    /// The records of the newest checkpoint that can be read; none is as good, only slower.
    async fn latest_checkpoint(&self) -> Result<Vec<Record<T>>> {
        let folder = self.checkpoints();
        for entry in self.store.list(&folder).await?.iter().rev() {
            let Some(number) = number_in(&folder, &entry.path) else { continue };
            let bytes: Bytes = match self.store.get(&entry.path).await {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match format::read_checkpoint(&entry.path, &bytes) {
                Ok(records) if records.len() as u64 == number => return Ok(records),
                // Cut, or of a later program: the records themselves are the truth, and will tell.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(Vec::new())
    }

    /// Writes a checkpoint if one is due. The record before it stands already, and readers can do without: so a
    /// failure here is nobody's.
    async fn checkpoint(&self, number: u64, history: &[Record<T>]) {
        if !number.is_multiple_of(CHECKPOINT_EVERY) {
            return;
        }
        let path = format!("{}/{}", self.checkpoints(), file_name(number));
        if let Ok(bytes) = format::write_checkpoint(&path, history) {
            self.store.put_new(&path, bytes.into()).await.ok();
        }
    }

    fn known(&self) -> Arc<Vec<Record<T>>> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Joins `fresh` to `history` and keeps the result, unless another task has come further meanwhile.
    fn remember(&self, mut history: Arc<Vec<Record<T>>>, fresh: Vec<Record<T>>) -> Arc<Vec<Record<T>>> {
        if !fresh.is_empty() {
            Arc::make_mut(&mut history).extend(fresh);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
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

fn draw_nonce() -> Result<String> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(Error::Random)?;
    Ok(hex::encode(nonce))
}

#[cfg(test)]
mod tests;
