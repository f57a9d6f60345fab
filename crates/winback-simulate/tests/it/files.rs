//! The bank on disk: complete files, the same bytes each time, read back as the batches they were.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use sha2::{Digest, Sha256};
use winback_simulate::{Bank, Made, Written};
use winback_table::Schema;
use winback_table::input::FileInput;
use winback_table::reader::{Options, Repeats, TableReader};

const BANK: Bank = Bank { customers: 2_000, weeks: 3, seed: 23 };

/// Writes a bank without caring for its progress.
fn write(bank: Bank, out: &Path) -> Written {
    bank.write(out, &mut |_, _| {}).unwrap()
}

/// Every file below a folder with the digest of its bytes, sorted by name.
fn digests(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(digests(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((
                path.file_name().unwrap().to_string_lossy().into_owned(),
                Sha256::digest(bytes).to_vec(),
            ));
        }
    }
    found.sort();
    found
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, two, three) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(BANK, one.path());
    write(BANK, two.path());
    write(Bank { seed: 24, ..BANK }, three.path());
    assert_eq!(digests(one.path()), digests(two.path()));
    assert_ne!(digests(one.path()), digests(three.path()));
}

#[test]
fn every_file_is_where_it_belongs_and_complete() {
    let folder = tempfile::tempdir().unwrap();
    let written = write(BANK, folder.path());
    let names: Vec<String> = digests(folder.path()).into_iter().map(|(name, _)| name).collect();
    let weeks = ["week-2026-04-06.csv", "week-2026-04-13.csv", "week-2026-04-20.csv"];
    let twice: Vec<&str> = ["history.csv"].into_iter().chain(weeks).flat_map(|name| [name, name]).collect();
    assert_eq!(names, twice);
    assert_eq!(written.history.path, folder.path().join("input_folder/history.csv"));
    assert_eq!(written.history.rows, 2_000);
    let data = [&written.history].into_iter().chain(&written.weeks);
    for (file, truth) in data.zip(&written.truth) {
        assert_eq!(file.rows, truth.rows);
        let lines = fs::read_to_string(&file.path).unwrap().lines().count() as u64;
        assert_eq!(lines, file.rows + 1, "{}", file.path.display());
    }
}

#[test]
fn the_truth_names_the_same_customers() {
    let folder = tempfile::tempdir().unwrap();
    let written = write(BANK, folder.path());
    let keys = |path: &Path| -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect()
    };
    assert_eq!(keys(&written.weeks[1].path), keys(&written.truth[2].path));
    let header = |path: &Path| fs::read_to_string(path).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(header(&written.truth[0].path), "customer_id,probability");
    assert_eq!(header(&written.truth[1].path), "customer_id,probability,left");
    assert!(header(&written.history.path).ends_with(",left"));
    assert!(!header(&written.weeks[0].path).contains("left"));
}

#[test]
fn blanks_are_spelled_in_several_ways() {
    let folder = tempfile::tempdir().unwrap();
    let history = fs::read_to_string(write(BANK, folder.path()).history.path).unwrap();
    assert!(history.contains(",Unknown,"));
    assert!(history.contains(",NA,"));
    assert!(history.contains(",,"));
}

#[test]
fn progress_ends_at_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    BANK.write(folder.path(), &mut |done, total| seen.push((done, total))).unwrap();
    assert!(seen.is_sorted());
    let (done, total) = *seen.last().unwrap();
    assert_eq!(done, total);
}

/// Reads a file of fewer rows than a batch has, none of which may be rejected.
fn read(path: &Path, schema: &Schema) -> RecordBatch {
    let options = Options { repeats: Repeats::RejectedWithinTime, ..Options::default() };
    let mut reader = TableReader::new(vec![Arc::new(FileInput::new(path))], schema, options);
    let batch = reader.next_batch().unwrap().unwrap();
    assert_eq!(batch.rejects, []);
    assert!(reader.next_batch().unwrap().is_none());
    assert_eq!(reader.tally().unused_columns, Vec::<String>::new());
    batch.rows
}

#[test]
fn what_is_read_back_is_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let written = write(BANK, folder.path());
    let history: Vec<Made> = BANK.history().collect();
    assert_eq!(read(&written.history.path, &Bank::schema()), history[0].rows);
    let week: Vec<Made> = BANK.week(2).collect();
    assert_eq!(read(&written.weeks[2].path, &Bank::weekly_schema()), week[0].rows);
}
