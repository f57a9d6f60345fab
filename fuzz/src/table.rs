//! Any bytes as a table: they are refused with a message, or every row of them is accounted for.

use std::io::Read as _;
use std::sync::Arc;

use winback_table::infer::{Hints, infer};
use winback_table::input::{Input, Limits, MemoryInput, unpacked};
use winback_table::profile::profile;
use winback_table::reader::{Options, Repeats, TableReader};
use winback_table::{Error, Field, Kind, Role, Schema};

/// Bytes that a fuzzed file may unpack to.
const UNPACKED: u64 = 4 << 20;

fn input(bytes: &[u8]) -> Arc<dyn Input> {
    let limits = Limits { unpacked_bytes: UNPACKED, ..Limits::default() };
    Arc::new(MemoryInput::new("fuzzed", bytes.to_vec()).with_limits(limits))
}

/// Bytes as a file that nobody has described, then as one under the schema that was told from it, then as a week of
/// customers whose columns are known.
pub fn csv(bytes: &[u8]) {
    let missing = Schema::MISSING.map(str::to_owned);
    match profile(&[input(bytes)], Options::default(), &missing, &mut |_| {}) {
        Ok(table) => {
            for oddity in &table.oddities {
                assert!(oddity.rows > 0 && !oddity.message().is_empty());
            }
            for column in &table.columns {
                assert!(column.missing <= column.rows && column.rows == table.rows);
            }
            if let Ok(proposal) = infer(&table, &Hints::default(), &missing) {
                read(bytes, &proposal.schema, Repeats::Kept, Some(table.rows + table.malformed));
            }
        }
        Err(error) => refused(&error),
    }
    let fields = [
        Field::new("id", Kind::Identifier, Role::Key),
        Field::new("n", Kind::Number, Role::Feature),
        Field::new("t", Kind::Time, Role::Time),
    ];
    let schema = Schema::new(fields.to_vec(), None).expect("the names differ");
    read(bytes, &schema, Repeats::RejectedWithinTime, None);
}

/// Bytes as packed ones: what can be unpacked stays within the limits.
pub fn packed(bytes: &[u8]) {
    let magics: [&[u8]; 3] = [b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"];
    for magic in magics {
        let input = input(&[magic, bytes].concat());
        let Ok(reader) = unpacked(input.as_ref()) else { continue };
        let mut found = Vec::new();
        let read = reader.take(UNPACKED + (1 << 20)).read_to_end(&mut found);
        assert!(read.is_err() || found.len() as u64 <= UNPACKED + bytes.len() as u64 + 8);
    }
    csv(bytes);
}

/// Bytes as the inside of a Parquet file.
pub fn parquet(bytes: &[u8]) {
    let is_framed = bytes.starts_with(b"PAR1");
    csv(&if is_framed { bytes.to_vec() } else { [b"PAR1", bytes, b"PAR1"].concat() });
}

fn read(bytes: &[u8], schema: &Schema, repeats: Repeats, rows: Option<u64>) {
    let options = Options { repeats, ..Options::default() };
    let mut reader = TableReader::new(vec![input(bytes)], schema, options);
    let (mut kept, mut rejected) = (0, 0);
    loop {
        match reader.next_batch() {
            Ok(Some(batch)) => {
                assert_eq!(batch.numbers.len(), batch.rows.num_rows());
                kept += batch.rows.num_rows() as u64;
                rejected += batch.rejects.len() as u64;
            }
            Ok(None) => break,
            Err(error) => return refused(&error),
        }
    }
    let tally = reader.tally();
    assert_eq!((tally.read, tally.kept, tally.rejected), (kept + rejected, kept, rejected));
    if let Some(rows) = rows {
        assert_eq!(tally.read, rows, "a profile sees the rows that a reader sees");
    }
}

/// A refusal names the file; that lines do not add up would be a fault of ours.
fn refused(error: &Error) {
    let message = error.to_string();
    assert!(message.contains("fuzzed") || message.contains("schema"), "{message}");
    assert!(!matches!(error, Error::LinesDoNotAddUp { .. } | Error::Arrow(_)), "{message}");
}
