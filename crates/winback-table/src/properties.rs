//! What must hold of any bytes at all: nothing panics, no row and no line is lost, what is written reads back.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::csv::{Dialect, Encoding, Records};
use crate::input::{Input, MemoryInput};
use crate::profile::profile;
use crate::reader::{Options, Repeats, TableReader, Tally};
use crate::{Field, Kind, Reject, Result, Role, Schema, csv, parquet};

/// Text in which all that matters to a CSV reader is frequent.
fn text(most: usize) -> impl Strategy<Value = String> {
    let alphabet =
        ["a", "b", "1", ",", ";", "\"", "\"\"", "\n", "\r\n", "\r", " ", "\t", "é", "\u{a0}", "🦀"];
    vec(select(alphabet.to_vec()), 0..most).prop_map(|parts| parts.concat())
}

fn schema(fields: &[(&str, Kind, Role)]) -> Schema {
    let fields = fields.iter().map(|(name, kind, role)| Field::new(*name, *kind, *role));
    let mut schema = Schema::new(fields.collect(), None).unwrap();
    schema.missing = vec![String::new()];
    schema
}

fn customers() -> Schema {
    schema(&[
        ("id", Kind::Identifier, Role::Key),
        ("n", Kind::Number, Role::Feature),
        ("c", Kind::Category, Role::Feature),
    ])
}

/// Customers with two columns whose names differ only in case, of which a file may have one or both.
fn alike() -> Schema {
    schema(&[
        ("id", Kind::Identifier, Role::Key),
        ("n", Kind::Number, Role::Feature),
        ("N", Kind::Category, Role::Feature),
    ])
}

fn read(bytes: Vec<u8>, schema: &Schema, options: Options) -> Result<(Vec<RecordBatch>, Vec<Reject>, Tally)> {
    let input: Arc<dyn Input> = Arc::new(MemoryInput::new("m", bytes));
    let mut reader = TableReader::new(vec![input], schema, options);
    let (mut batches, mut rejects) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch.rows);
        rejects.extend(batch.rejects);
    }
    Ok((batches, rejects, reader.tally().clone()))
}

/// Reads bytes that may be anything; if they can be read, every row must be accounted for.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    let options = Options { repeats: Repeats::Rejected, ..Options::default() };
    for schema in [customers(), alike()] {
        let Ok((batches, rejects, tally)) = read(bytes.to_vec(), &schema, options) else { continue };
        let kept: usize = batches.iter().map(RecordBatch::num_rows).sum();
        prop_assert_eq!(tally.read, (kept + rejects.len()) as u64);
        prop_assert_eq!((tally.kept, tally.rejected), (kept as u64, rejects.len() as u64));
    }
    Ok(())
}

fn parquet_file(last: &str) -> Vec<u8> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(StringArray::from_iter_values((0..50).map(|row| format!("k{row}"))))),
        ("n", Arc::new(Float64Array::from_iter_values((0..50).map(f64::from)))),
        (last, Arc::new(StringArray::from_iter((0..50).map(|row| (row % 3 > 0).then_some("x"))))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = parquet::Writer::new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap()
}

#[test]
fn a_byte_gone_bad_in_parquet_is_no_panic() {
    let file = parquet_file("c");
    for position in 0..file.len() {
        let mut bytes = file.clone();
        // Numbers are written so that their lowest bit is their sign.
        bytes[position] ^= 1;
        let input: Arc<dyn Input> = Arc::new(MemoryInput::new("m", bytes.clone()));
        let _ = profile(&[input], Options::default(), &[], &mut |_| {});
        survives(&bytes).unwrap();
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(rows in vec((text(8), text(8)), 0..20), alone in any::<bool>()) {
        // No row is the header again: the names have letters that no value has.
        let fields = [("left", Kind::Text, Role::Feature), ("right", Kind::Text, Role::Feature)];
        let schema = schema(if alone { &fields[..1] } else { &fields });
        // Cells are read without outer blanks, and an empty one is missing.
        let columns: [Vec<Option<&str>>; 2] = [
            rows.iter().map(|(left, _)| Some(left.trim()).filter(|text| !text.is_empty())).collect(),
            rows.iter().map(|(_, right)| Some(right.trim()).filter(|text| !text.is_empty())).collect(),
        ];
        let written: [ArrayRef; 2] = [
            Arc::new(StringArray::from_iter_values(rows.iter().map(|(left, _)| left))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, right)| right))),
        ];
        let arrow = Arc::new(schema.arrow());
        let used = arrow.fields().len();
        let batch = RecordBatch::try_new(arrow.clone(), written[..used].to_vec()).unwrap();
        let mut writer = csv::Writer::new(Vec::new(), &arrow).unwrap();
        writer.write(&batch).unwrap();
        let options = Options { delimiter: Some(b','), encoding: Some(Encoding::Utf8), ..Options::default() };
        let (batches, rejects, _) = read(writer.finish().unwrap(), &schema, options).unwrap();
        prop_assert!(rejects.is_empty(), "{:?}", rejects);
        for (index, expected) in columns[..used].iter().enumerate() {
            let columns = batches.iter().map(|batch| batch.column(index).as_string::<i32>());
            let found: Vec<Option<&str>> = columns.flat_map(|column| column.iter()).collect();
            prop_assert_eq!(&found, expected);
        }
    }

    #[test]
    fn any_text_as_csv_is_accounted_for(
        names in vec(select(vec!["id", "Id", "n", "N", " n", "c", "C"]), 1..5).prop_map(|names| names.join(",")),
        body in text(200),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        survives(format!("id,n,c\n{body}").as_bytes())?;
        survives(format!("{names}\n{body}").as_bytes())?;
        survives(&[b"c;id;n\r\n".as_slice(), &bytes].concat())?;
        survives(&bytes)?;
    }

    #[test]
    fn damaged_parquet_is_an_error_or_accounted_for(
        last in select(vec!["c", "N", "n ", "Id"]),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
        is_cut in prop::bool::weighted(0.2),
    ) {
        let mut bytes = parquet_file(last);
        for (position, byte) in damage {
            let position = position.index(bytes.len());
            bytes[position] = byte;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        survives(&bytes)?;
    }

    #[test]
    fn every_line_belongs_to_something(text in text(300)) {
        let dialect = Dialect { delimiter: b',', encoding: Encoding::Utf8 };
        let mut records = Records::new(text.as_bytes(), dialect);
        let mut last = 0;
        while let Some(record) = records.next().unwrap() {
            prop_assert!(last < record.line, "records come in the order of their lines");
            last = record.line;
        }
        let lines = text.split_inclusive('\n').count() as u64;
        prop_assert_eq!(records.line_counts(), (lines, lines));
    }
}
