//! Many lines at once: chunks of a file are read side by side, and their rows come out in the order of the file.
//!
//! A chunk begins where a record does and ends with a line. It is read by itself, with the same code as any file, and
//! counts only if its quotes are in order to the end: where one runs away, or a record goes on into the next chunk, that
//! chunk and those after it are put back, and the lines are read one after the other for a while. So the rows are the
//! same, whatever the number of threads, as if there were no chunks.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Read};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampSecondType;
use rayon::prelude::*;

use super::records::Records;
use super::sniff::Dialect;
use super::table::{Layout, reject};
use crate::sink::{Batch, Ready, Sink, UniqueKeys};
use crate::{Error, Reason, Reject, Result, keys};

/// Bytes of a chunk, where lines allow it.
const CHUNK: usize = 1 << 20;
/// Chunks taken at once, whatever the number of threads.
const MOST_CHUNKS: usize = 32;

/// How chunks of one file are read.
pub(super) struct Window {
    /// Bytes of a chunk.
    size: usize,
    /// Chunks taken at once; fewer after one had to be put back, so that little is read in vain.
    chunks: usize,
    /// What went wrong with reading, once the chunks before it are used.
    failed: Option<io::Error>,
}

impl Default for Window {
    fn default() -> Self {
        Self { size: CHUNK, chunks: 1, failed: None }
    }
}

/// Lines of a file, and where they begin.
struct Chunk {
    lines: Vec<u8>,
    /// Lines before it.
    before: u64,
}

/// What all chunks of a file have in common.
#[derive(Clone, Copy)]
struct Reading<'a> {
    file: &'a Arc<str>,
    dialect: Dialect,
    /// Fields of the header.
    fields: Option<usize>,
    layout: Layout<'a>,
}

/// What came of a chunk.
struct Parsed {
    ready: Ready,
    lines: u64,
    /// Nothing where keys may repeat.
    keys: Keys,
    /// Whether it holds whole records, with quotes in order.
    is_whole: bool,
}

impl Window {
    /// Reads some chunks and appends their batches to `ready`; answers whether there were any that could be used.
    pub(super) fn read<R: Read>(
        &mut self,
        records: &mut Records<R>,
        file: &Arc<str>,
        layout: Layout<'_>,
        mut keys: Option<&mut UniqueKeys>,
        before: u64,
        ready: &mut VecDeque<Ready>,
    ) -> Result<bool> {
        let chunks = self.take(records).map_err(|error| Error::io("read", file, error))?;
        let reading = Reading { file, dialect: records.dialect(), fields: records.position().1, layout };
        let unique = keys.as_deref().map(|keys| (keys.key, keys.time));
        let parsed: Vec<Parsed> =
            chunks.par_iter().map(|chunk| reading.parse(chunk, unique)).collect::<Result<_>>()?;
        let mut read = before;
        let whole = parsed.iter().take_while(|parsed| parsed.is_whole).count();
        for (mut parsed, chunk) in parsed.into_iter().zip(&chunks).take(whole) {
            records.account(parsed.lines);
            if let Some(keys) = keys.as_deref_mut() {
                let batch = &mut parsed.ready.batch;
                let repeated = parsed.keys.repeated(keys);
                let repeated = repeated.map_err(|error| Error::io("keep the keys of", file, error))?;
                if repeated.iter().any(|row| *row) {
                    let marked = batch.numbers.iter().zip(&repeated).filter(|(_, row)| **row);
                    let places: BTreeSet<u64> = marked.map(|(number, _)| number - 1).collect();
                    let rejects = reading.rejects(chunk, keys.key, &places)?;
                    put_aside(batch, &repeated, rejects)?;
                }
            }
            parsed.ready.batch.numbers.iter_mut().for_each(|number| *number += read);
            read += parsed.ready.read;
            parsed.ready.split_into(ready);
        }
        let rest: Vec<Vec<u8>> = chunks.into_iter().skip(whole).map(|chunk| chunk.lines).collect();
        if !rest.is_empty() {
            records.give_back(&rest);
        }
        let most = (2 * rayon::current_num_threads()).min(MOST_CHUNKS);
        self.chunks = if rest.is_empty() { (self.chunks * 2).min(most) } else { 1 };
        Ok(whole > 0)
    }

    /// Takes the next chunks, as many as there are and the window holds.
    fn take<R: Read>(&mut self, records: &mut Records<R>) -> io::Result<Vec<Chunk>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut chunks = Vec::with_capacity(self.chunks);
        let (mut before, _) = records.position();
        while chunks.len() < self.chunks {
            match records.next_chunk(self.size) {
                Ok(Some(lines)) => {
                    let count = memchr::memchr_iter(b'\n', &lines).count() as u64;
                    chunks.push(Chunk { lines, before });
                    before += count;
                }
                Ok(None) => break,
                Err(error) if chunks.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(chunks)
    }
}

impl Reading<'_> {
    fn records(self, chunk: &Chunk) -> Records<&[u8]> {
        Records::within(chunk.lines.as_slice(), self.dialect, chunk.before, self.fields)
    }

    /// Reads a chunk by itself. Of the keys, with their times if these belong to them, it takes the hashes; whether one
    /// repeats depends on what came before.
    fn parse(self, chunk: &Chunk, unique: Option<(usize, Option<usize>)>) -> Result<Parsed> {
        let mut records = self.records(chunk);
        let mut sink = Sink::unbounded(self.layout.schema);
        self.layout.read(&mut records, self.file, &mut sink)?;
        let ready = sink.finish(0)?;
        let lines = records.position().0 - chunk.before;
        let rows = &ready.batch.rows;
        let keys = unique.map(|(key, time)| Keys::of(rows, key, time)).unwrap_or_default();
        Ok(Parsed { ready, lines, keys, is_whole: records.are_whole() })
    }

    /// Rejects for the records at some places of a chunk, whose keys repeat. They are read again: this is rare.
    fn rejects(self, chunk: &Chunk, key: usize, places: &BTreeSet<u64>) -> Result<Vec<Reject>> {
        let Layout { schema, positions, .. } = self.layout;
        let mut records = self.records(chunk);
        let mut found = Vec::with_capacity(places.len());
        for place in 0.. {
            let record = records.next().map_err(|error| Error::io("read", self.file, error))?;
            let Some(record) = record else { break };
            if places.contains(&place) {
                let value = record.fields.map_or("", |fields| fields.get(positions[key]));
                let cell = Some((&schema.fields[key], value));
                found.push(reject(self.file, &record, cell, Reason::RepeatedKey));
            }
        }
        Ok(found)
    }
}

/// The keys of a chunk's rows.
#[derive(Default)]
struct Keys {
    /// Hashes of key and time, ascending.
    hashes: Vec<u128>,
    /// The row of each; equal ones are in the order of rows.
    rows: Vec<u32>,
}

impl Keys {
    /// Those of a batch.
    fn of(rows: &RecordBatch, key: usize, time: Option<usize>) -> Self {
        let texts = rows.column(key).as_string::<i32>();
        let times = time.map(|time| rows.column(time).as_primitive::<TimestampSecondType>());
        let hash = |row: usize| keys::hash(texts.value(row), times.map(|times| times.value(row)));
        let mut hashed: Vec<(u128, u32)> = (0..rows.num_rows()).map(|row| (hash(row), row as u32)).collect();
        hashed.sort_unstable();
        let (hashes, rows) = hashed.into_iter().unzip();
        Self { hashes, rows }
    }

    /// For each row whether its key was there before; new ones are remembered.
    fn repeated(&self, keys: &mut UniqueKeys) -> io::Result<Vec<bool>> {
        let mut repeated = vec![false; self.rows.len()];
        for (row, is_new) in self.rows.iter().zip(keys.seen.insert_all(&self.hashes)?) {
            repeated[*row as usize] = !is_new;
        }
        Ok(repeated)
    }
}

/// Takes rows with repeated keys out of a batch and puts their rejects among the others, in the order of the file.
fn put_aside(batch: &mut Batch, repeated: &[bool], rejects: Vec<Reject>) -> Result<()> {
    let kept: BooleanArray = repeated.iter().map(|row| Some(!row)).collect();
    batch.rows = filter_record_batch(&batch.rows, &kept)?;
    let mut marks = repeated.iter();
    batch.numbers.retain(|_| marks.next().is_some_and(|row| !row));
    batch.rejects.extend(rejects);
    batch.rejects.sort_by_key(|reject| reject.line);
    Ok(())
}

#[cfg(test)]
mod tests;
