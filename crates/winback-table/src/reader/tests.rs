//! Files in memory, read under a small schema.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float64Type;

use super::*;
use crate::input::MemoryInput;
use crate::sink::BATCH_ROWS;
use crate::{Field, Kind, Reject};

fn schema() -> Schema {
    Schema::new(
        vec![
            Field::new("id", Kind::Identifier, Role::Key),
            Field::new("n", Kind::Number, Role::Feature),
            Field::new("c", Kind::Category, Role::Feature),
            Field::new("skip", Kind::Text, Role::Excluded),
        ],
        None,
    )
    .unwrap()
}

fn read(inputs: Vec<Arc<dyn Input>>, repeats: Repeats) -> Result<(Vec<RecordBatch>, Vec<Reject>, Tally)> {
    let mut reader = TableReader::new(inputs, &schema(), Options { repeats, ..Options::default() });
    let (mut batches, mut rejects) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch.rows);
        rejects.extend(batch.rejects);
    }
    assert_eq!(reader.tally().read, reader.tally().kept + reader.tally().rejected);
    Ok((batches, rejects, reader.tally().clone()))
}

fn memory(text: impl Into<bytes::Bytes>) -> Vec<Arc<dyn Input>> {
    vec![Arc::new(MemoryInput::new("week.csv", text))]
}

#[test]
fn columns_come_in_any_order_and_bad_rows_go_aside() {
    let text = "c,extra,id,n\nx,1,a,1.5\ny,2,b,oops\nz,3,,3\nw,4,a,4\nv,5,c\nu,6,d,?\n";
    let (batches, rejects, tally) = read(memory(text), Repeats::Rejected).unwrap();
    assert_eq!(batches[0].column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["a", "d"]);
    assert!(batches[0].column(1).is_null(1));
    let told: Vec<String> = rejects
        .iter()
        .map(|reject| {
            let (column, value) =
                (reject.column.as_deref().unwrap_or("-"), reject.value.as_deref().unwrap_or("-"));
            format!("{}:{} {column} {value:?} {}", reject.file, reject.line, reject.reason)
        })
        .collect();
    assert_eq!(
        told,
        [
            "week.csv:3 n \"oops\" not a number",
            "week.csv:4 id \"\" the key is missing",
            "week.csv:5 id \"a\" an earlier row has the same key",
            "week.csv:6 - \"-\" 3 fields where the header has 4",
        ]
    );
    assert_eq!(rejects[0].row, "y,2,b,oops");
    assert_eq!((tally.read, tally.kept, tally.rejected), (6, 2, 4));
    assert_eq!(tally.unused_columns, ["extra"]);
    assert!(tally.check(0.7).is_ok());
    let refusal = tally.check(0.01).unwrap_err().to_string();
    assert_eq!(
        refusal,
        "4 of 6 rows were rejected, more than the limit of 1 %; the first is `week.csv` line 3, column `n`: not a number"
    );
}

#[test]
fn usable_rows_know_their_number_among_all_rows() {
    let text = "id,n,c\na,1,x\nb,oops,x\nc,3,x\nc,4,x\nd,5,x\n";
    let mut reader = TableReader::new(
        memory(text),
        &schema(),
        Options { repeats: Repeats::Rejected, ..Options::default() },
    );
    assert_eq!(reader.next_batch().unwrap().unwrap().numbers, [1, 3, 5]);
}

#[test]
fn a_missing_column_names_the_nearest() {
    let error = read(memory("idx,n,c\n"), Repeats::Kept).unwrap_err().to_string();
    assert_eq!(error, "`week.csv` has no column `id`; the nearest is `idx`");
    let error = read(memory("id,n,c,n\n"), Repeats::Kept).unwrap_err().to_string();
    assert_eq!(error, "`week.csv` has the column `n` twice, as column 2 and column 4; rename one of them");
    let error = read(memory(""), Repeats::Kept).unwrap_err().to_string();
    assert_eq!(
        error,
        "`week.csv` is empty: it has no header line; the first line must hold the column names"
    );
}

#[test]
fn a_header_that_cannot_be_read_is_said_to_be_so() {
    let told = |bytes: &[u8], encoding| {
        let inputs = memory(bytes.to_vec());
        let mut reader = TableReader::new(inputs, &schema(), Options { encoding, ..Options::default() });
        let error = reader.next_batch().unwrap_err();
        assert!(error.is_users());
        error.to_string()
    };
    assert_eq!(
        told(b"id,n\xe9\na,1\n", Some(Encoding::Utf8)),
        "the header of `week.csv` is not UTF-8 text; if it is another encoding, name it with the setting `encoding`: \
         `utf-8`, `windows-1252`, `latin-1`, `utf-16le` and `utf-16be`"
    );
    assert_eq!(
        told(b"\"id,n,c\na,1,x\n", None),
        "the header of `week.csv` has a quote that never closes, or is longer than 1 MiB; the first line must hold \
         the column names"
    );
    assert_eq!(
        told(b"id,n,c\ra,1,x\r", None),
        "the header of `week.csv` ends with a carriage return alone; save the file with LF or CRLF line ends"
    );
    assert_eq!(
        told(b"id,\0\0\0,c\na,1,x\n", None),
        "the header of `week.csv` holds zero bytes, which no text does; save the file as UTF-8"
    );
}

#[test]
fn gzip_latin1_and_several_files_read_alike() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"id;n;c\r\na;1;M\xfcller\r\n").unwrap();
    let mut inputs = memory(packed.finish().unwrap());
    inputs.extend(memory("c,n,id\nx,2,b\ny,3,a\n"));
    let (batches, rejects, tally) = read(inputs, Repeats::Rejected).unwrap();
    assert_eq!(batches[0].column(2).as_string::<i32>().value(0), "Müller");
    assert!((batches[1].column(1).as_primitive::<Float64Type>().value(0) - 2.0).abs() < 1e-12);
    assert_eq!(rejects.len(), 1, "the key `a` stands in both files");
    assert_eq!(tally.read, 3);
}

#[test]
fn utf_16_and_windows_1252_read_alike() {
    let text = "id;n;c\r\na;1;Müller\r\nb;2;12 €\r\n";
    let utf16 = |mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let swapped =
        |bytes: Vec<u8>| -> Vec<u8> { bytes.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect() };
    let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let (expected, ..) = read(memory(text.as_bytes().to_vec()), Repeats::Rejected).unwrap();
    for bytes in [utf16("\u{feff}"), utf16(""), swapped(utf16("\u{feff}")), swapped(utf16("")), windows] {
        let (batches, rejects, tally) = read(memory(bytes), Repeats::Rejected).unwrap();
        assert_eq!((&batches, rejects.len(), tally.kept), (&expected, 0, 2));
    }
    let options = Options { encoding: Encoding::named("utf-16"), ..Options::default() };
    let mut reader = TableReader::new(memory(swapped(utf16("\u{feff}"))), &schema(), options);
    assert_eq!(reader.next_batch().unwrap().unwrap().rows, expected[0], "the mark knows better");
}

#[test]
fn many_rows_come_in_bounded_batches() {
    let rows: String = (0..20_000).map(|row| format!("k{row},{row},x\n")).collect();
    let (batches, _, tally) = read(memory(format!("id,n,c\n{rows}")), Repeats::Rejected).unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= BATCH_ROWS));
    assert_eq!(tally.kept, 20_000);
}

#[test]
fn long_rows_make_small_batches() {
    let long = "x".repeat(1 << 19);
    let kept: String = (0..150).map(|row| format!("k{row},1,{long}\n")).collect();
    let broken: String = (0..1000).map(|_| format!("{long}\n")).collect();
    let (batches, rejects, tally) = read(memory(format!("id,n,c\n{kept}")), Repeats::Kept).unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 64), "32 MiB of text at most");
    assert_eq!((rejects.len(), tally.kept), (0, 150));
    let mut reader = TableReader::new(memory(format!("id,n,c\n{broken}")), &schema(), Options::default());
    let first = reader.next_batch().unwrap().unwrap();
    let held: usize = first.rejects.iter().map(|reject| reject.row.len()).sum();
    assert!((1..(33 << 20)).contains(&held), "{held} bytes of rejected rows");
}

#[test]
fn parquet_reads_as_csv_does() {
    let text = "c,id,n\nx,a,1.5\ny,b,\nz,c,2\n";
    let (batches, ..) = read(memory(text), Repeats::Rejected).unwrap();
    let mut writer = crate::parquet::Writer::new(Vec::new(), &batches[0].schema()).unwrap();
    writer.write(&batches[0]).unwrap();
    let (again, rejects, tally) = read(memory(writer.finish().unwrap()), Repeats::Rejected).unwrap();
    assert_eq!(again, batches);
    assert!(rejects.is_empty());
    assert_eq!(tally.kept, 3);
}

#[test]
fn a_bad_cell_in_parquet_costs_one_row() {
    use arrow::array::{ArrayRef, Int32Array, StringArray};
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(StringArray::from(vec!["1", "x", "3"]))),
        ("id", Arc::new(Int32Array::from(vec![7, 8, 9]))),
        ("c", Arc::new(StringArray::from(vec!["p", "q", "r"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = crate::parquet::Writer::new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let (batches, rejects, _) = read(memory(writer.finish().unwrap()), Repeats::Rejected).unwrap();
    assert_eq!(batches[0].column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["7", "9"]);
    assert_eq!((rejects[0].line, rejects[0].value.as_deref()), (2, Some("x")));
}

#[test]
fn a_cut_gzip_or_parquet_is_an_error_and_no_panic() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all("id,n,c\na,1,x\n".repeat(1000).as_bytes()).unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() / 2);
    assert!(read(memory(packed), Repeats::Kept).is_err());
    assert!(read(memory("PAR1 and then nonsense"), Repeats::Kept).is_err());
}
