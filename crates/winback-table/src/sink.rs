//! Where parsed rows go, whatever file they come from: into the batch, or aside.

use std::collections::VecDeque;
use std::io;

use arrow::record_batch::RecordBatch;

use crate::cell::Cell;
use crate::keys::{self, KeySet};
use crate::rows::RowBuilder;
use crate::{Error, Reason, Reject, Result, Schema};

/// Rows in a batch.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Bytes of text and of rejected rows in a batch. Rows alone do not bound memory: each may be a megabyte, and the text
/// of an Arrow column must stay below 2 GiB.
pub(crate) const BATCH_BYTES: usize = 32 << 20;

/// What came of some rows: those that can be used, and those that cannot.
#[derive(Debug)]
pub struct Batch {
    /// The usable rows, under the reader's schema.
    pub rows: RecordBatch,
    /// For each usable row its number among the rows read, from 1.
    pub numbers: Vec<u64>,
    /// The others.
    pub rejects: Vec<Reject>,
}

/// A batch to be handed out.
pub(crate) struct Ready {
    pub(crate) batch: Batch,
    /// Rows read for it, the rejected ones too.
    pub(crate) read: u64,
}

impl Ready {
    /// Appends itself to others, in parts of at most [`BATCH_ROWS`] rows; the first has the rejects.
    pub(crate) fn split_into(self, ready: &mut VecDeque<Self>) {
        let Self { batch: Batch { rows, numbers, rejects }, mut read } = self;
        let mut rejects = Some(rejects);
        let mut from = 0;
        while from < rows.num_rows() || rejects.is_some() {
            let length = (rows.num_rows() - from).min(BATCH_ROWS);
            let numbers = numbers[from..from + length].to_vec();
            from += length;
            // All that was read and is no row of a later part belongs to this one.
            let later = (rows.num_rows() - from) as u64;
            let batch = Batch {
                rows: rows.slice(from - length, length),
                numbers,
                rejects: rejects.take().unwrap_or_default(),
            };
            ready.push_back(Self { batch, read: read - later });
            read = later;
        }
    }
}

/// Keys that must not repeat.
#[derive(Debug)]
pub(crate) struct UniqueKeys {
    /// The position of the key.
    pub(crate) key: usize,
    /// The position of a time that belongs to it.
    pub(crate) time: Option<usize>,
    /// The hashes of those that were seen.
    pub(crate) seen: KeySet,
}

impl UniqueKeys {
    /// None seen yet.
    pub(crate) fn new(key: usize, time: Option<usize>) -> Self {
        Self { key, time, seen: KeySet::default() }
    }

    /// Adds a key, with its time; answers whether it is new.
    pub(crate) fn insert(&mut self, key: &str, time: Option<i64>) -> io::Result<bool> {
        self.seen.insert(keys::hash(key, time))
    }
}

/// Where parsed rows go: into the batch, or to the rejects.
pub(crate) struct Sink<'a> {
    builder: RowBuilder,
    rejects: Vec<Reject>,
    /// For each usable row its place among the rows of this batch, from 0.
    places: Vec<u64>,
    read: u64,
    held_bytes: usize,
    keys: Option<&'a mut UniqueKeys>,
    is_bounded: bool,
}

impl<'a> Sink<'a> {
    /// A sink for one batch.
    pub(crate) fn new(schema: &Schema, keys: Option<&'a mut UniqueKeys>) -> Self {
        let builder = RowBuilder::new(schema);
        Self {
            builder,
            rejects: Vec::new(),
            places: Vec::new(),
            read: 0,
            held_bytes: 0,
            keys,
            is_bounded: true,
        }
    }

    /// A sink for rows that are few by themselves, whose keys are looked at later.
    pub(crate) fn unbounded(schema: &Schema) -> Self {
        Self { is_bounded: false, ..Self::new(schema, None) }
    }

    /// What came of the rows: `before` rows were read before this batch.
    pub(crate) fn finish(mut self, before: u64) -> Result<Ready> {
        let numbers = self.places.iter().map(|place| before + place + 1).collect();
        let batch = Batch { rows: self.builder.finish()?, numbers, rejects: self.rejects };
        Ok(Ready { batch, read: self.read })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_bounded
            && (self.builder.len() + self.rejects.len() >= BATCH_ROWS || self.held_bytes >= BATCH_BYTES)
    }

    /// Takes a row whose cells all have the right kind; answers what is wrong with it, if anything.
    pub(crate) fn push(&mut self, cells: &[Cell<'_>], file: &str) -> Result<Option<(usize, Reason)>> {
        self.read += 1;
        if let Some(flaw) = self.builder.flaw(cells) {
            return Ok(Some(flaw));
        }
        if let Some(keys) = &mut self.keys
            && let Cell::Text(text) = cells[keys.key]
        {
            let seconds =
                |time: usize| if let Cell::Time(seconds) = cells[time] { Some(seconds) } else { None };
            let is_new = keys.insert(text, keys.time.and_then(seconds));
            if !is_new.map_err(|error| Error::io("keep the keys of", file, error))? {
                return Ok(Some((keys.key, Reason::RepeatedKey)));
            }
        }
        if self.is_bounded {
            let texts = cells.iter().map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 });
            self.held_bytes += texts.sum::<usize>();
        }
        self.builder.push(cells);
        self.places.push(self.read - 1);
        Ok(None)
    }

    /// Takes a row that could not even be parsed.
    pub(crate) fn reject_unparsed(&mut self, reject: Reject) {
        self.read += 1;
        self.reject(reject);
    }

    /// Takes a row in which [`Self::push`] found a flaw.
    pub(crate) fn reject(&mut self, reject: Reject) {
        self.held_bytes += reject.row.len();
        self.rejects.push(reject);
    }
}
