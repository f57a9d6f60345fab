//! How records and checkpoints are written: JSON with a format number. A stored record is never rewritten, so every
//! format that ever was must go on to be read; the tests keep one record of each.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::CHECKPOINT_EVERY;
use crate::{Error, Record, Result};

/// The format that is written, and the highest that is read.
const FORMAT: u32 = 1;

/// The format alone, readable whatever else a later program may have put beside it.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct RecordFile<T> {
    format: u32,
    #[serde(flatten)]
    line: Line<T>,
}

#[derive(Serialize, Deserialize)]
struct CheckpointFile<T> {
    format: u32,
    records: Vec<Line<T>>,
}

/// A record without its number, which its place tells.
#[derive(Serialize, Deserialize)]
struct Line<T> {
    nonce: String,
    at: String,
    record: T,
}

impl<'a, T> From<&'a Record<T>> for Line<&'a T> {
    fn from(record: &'a Record<T>) -> Self {
        Self { nonce: record.nonce.clone(), at: record.at.clone(), record: &record.content }
    }
}

impl<T> Line<T> {
    fn numbered(self, number: u64) -> Record<T> {
        Record { number, nonce: self.nonce, at: self.at, content: self.record }
    }
}

pub(super) fn write_record<T: Serialize>(path: &str, record: &Record<T>) -> Result<Vec<u8>> {
    to_json(path, &RecordFile { format: FORMAT, line: Line::from(record) })
}

pub(super) fn read_record<T: DeserializeOwned>(path: &str, number: u64, bytes: &[u8]) -> Result<Record<T>> {
    let file: RecordFile<T> = from_json(path, bytes)?;
    Ok(file.line.numbered(number))
}

/// `records` end with the one that gives the checkpoint its number.
pub(super) fn write_checkpoint<T: Serialize>(path: &str, records: &[Arc<Record<T>>]) -> Result<Vec<u8>> {
    let records = records.iter().map(|record| Line::from(record.as_ref())).collect();
    to_json(path, &CheckpointFile { format: FORMAT, records })
}

/// The records of the checkpoint `number`: the last of them bears that number. Early programs wrote all records from the
/// first; now each checkpoint holds what came after the one before.
pub(super) fn read_checkpoint<T: DeserializeOwned>(
    path: &str,
    number: u64,
    bytes: &[u8],
) -> Result<Vec<Record<T>>> {
    let file: CheckpointFile<T> = from_json(path, bytes)?;
    let length = file.records.len() as u64;
    if length != number && length != CHECKPOINT_EVERY {
        return Ok(Vec::new());
    }
    Ok(file
        .records
        .into_iter()
        .zip(number + 1 - length..)
        .map(|(line, number)| line.numbered(number))
        .collect())
}

fn to_json(path: &str, file: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(file).map_err(|source| Error::Encode { path: path.to_owned(), source })
}

fn from_json<F: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<F> {
    let broken = |source| Error::Record { path: path.to_owned(), source };
    let FormatOnly { format } = serde_json::from_slice(bytes).map_err(broken)?;
    if FORMAT < format {
        return Err(Error::Format { path: path.to_owned(), format, known: FORMAT });
    }
    serde_json::from_slice(bytes).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of format 1, as it lies in buckets: it must be read as long as there are buckets.
    const RECORD_1: &str =
        r#"{"format":1,"nonce":"00ff","at":"2026-11-22T06:00:00.000Z","record":{"kind":"note","text":"x"}}"#;
    const CHECKPOINT_1: &str =
        r#"{"format":1,"records":[{"nonce":"00ff","at":"2026-11-22T06:00:00.000Z","record":7}]}"#;

    #[test]
    fn format_1_is_read_and_written_to_the_byte() {
        let record: Record<serde_json::Value> = read_record("p", 5, RECORD_1.as_bytes()).unwrap();
        assert_eq!((record.number, record.at.as_str()), (5, "2026-11-22T06:00:00.000Z"));
        assert_eq!(write_record("p", &record).unwrap(), RECORD_1.as_bytes());

        let records: Vec<Record<u32>> = read_checkpoint("p", 1, CHECKPOINT_1.as_bytes()).unwrap();
        assert_eq!((records[0].number, records[0].content), (1, 7));
        let records: Vec<_> = records.into_iter().map(Arc::new).collect();
        assert_eq!(write_checkpoint("p", &records).unwrap(), CHECKPOINT_1.as_bytes());
        assert_eq!(read_checkpoint::<u32>("p", 2, CHECKPOINT_1.as_bytes()).unwrap(), []);
    }

    #[test]
    fn a_record_cut_anywhere_is_refused_by_name() {
        for length in 0..RECORD_1.len() {
            let cut = &RECORD_1.as_bytes()[..length];
            let error = read_record::<serde_json::Value>("state/a/1.json", 1, cut).unwrap_err();
            assert!(error.to_string().starts_with("`state/a/1.json` is not a whole record"), "{error}");
        }
    }

    #[test]
    fn content_that_is_no_json_is_refused_before_it_is_written() {
        let content = std::collections::BTreeMap::from([((1, 2), 3)]);
        let record = Record { number: 1, nonce: String::new(), at: String::new(), content };
        let error = write_record("state/a/1.json", &record).unwrap_err();
        assert!(error.to_string().starts_with("cannot write `state/a/1.json`"), "{error}");
    }

    #[test]
    fn a_later_format_asks_for_a_newer_program() {
        let later = br#"{"format":2,"anything":"else"}"#;
        let error = read_record::<u32>("state/a/1.json", 1, later).unwrap_err();
        assert!(error.to_string().contains("format 2"), "{error}");
    }
}
