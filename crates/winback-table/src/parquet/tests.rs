//! What Parquet files say by value or count themselves, and how far they may swell.

use arrow::array::{
    ArrayRef, AsArray as _, DictionaryArray, Float64Array, Int32Array, ListArray, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field as ArrowField, Int32Type, TimestampSecondType};
use parquet::basic::Encoding;

use super::*;
use crate::input::{Limits, MemoryInput};
use crate::reader::{Options, TableReader};
use crate::sink::BATCH_BYTES;
use crate::{Field, Kind, Role};

fn schema() -> Schema {
    let fields = [("n", Kind::Number), ("i", Kind::Number), ("t", Kind::Time)];
    let fields = fields.map(|(name, kind)| Field::new(name, kind, Role::Feature));
    let mut schema = Schema::new(fields.to_vec(), None).unwrap();
    schema.missing = ["", "-999", "1900-01-01"].map(str::to_owned).to_vec();
    schema
}

fn input() -> Arc<dyn Input> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Float64Array::from(vec![Some(-999.0), Some(0.5), None, Some(f64::NAN)]))),
        ("i", Arc::new(Int32Array::from(vec![1, -999, -99, 0]))),
        ("t", Arc::new(TimestampMillisecondArray::from(vec![-2_208_988_800_000, 0, 86_400_000, 0]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = Writer::new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    Arc::new(MemoryInput::new("week.parquet", writer.finish().unwrap()))
}

#[test]
fn spellings_of_no_value_count_by_value() {
    let mut reader = TableReader::new(vec![input()], &schema(), Options::default());
    let batch = reader.next_batch().unwrap().unwrap();
    let nulls = |column: usize| (0..4).map(|row| batch.rows.column(column).is_null(row)).collect::<Vec<_>>();
    assert_eq!(nulls(0), [true, false, true, true]);
    assert_eq!(nulls(1), [false, true, false, false]);
    assert_eq!(nulls(2), [true, false, false, false]);
    assert!(batch.rejects.is_empty());
}

#[test]
fn rows_are_held_against_the_count_of_the_file() {
    let schema = schema();
    let (mut rows, _) = ParquetRows::open(&input(), &schema, &mut Oddities::default()).unwrap();
    rows.counted += 1;
    let error = rows.read(&schema, &mut Sink::new(&schema, None)).unwrap_err();
    assert_eq!(error.to_string(), "`week.parquet` has 5 rows but 4 were accounted for");
    assert!(!error.is_users());
}

#[test]
fn a_page_that_claims_to_swell_is_refused_before_it_is_read() {
    let bytes = {
        let columns: Vec<(&str, ArrayRef)> =
            vec![("n", Arc::new(Float64Array::from_iter_values((0..4000).map(f64::from))))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = Writer::new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap()
    };
    let told = |bytes: Vec<u8>, limits| {
        let input: Arc<dyn Input> = Arc::new(MemoryInput::new("week.parquet", bytes).with_limits(limits));
        open(&input).map(|_| ()).map_err(|error| error.to_string())
    };
    let usual = Limits::default();
    assert_eq!(told(bytes.clone(), usual), Ok(()));
    let small = Limits { unpacked_bytes: 20, ..usual };
    assert_eq!(
        told(bytes.clone(), small),
        Err("`week.parquet` unpacks to more than 20 bytes; if it is meant to be so large, raise `unpacked_limit` under \
             `[data]`"
            .to_owned())
    );
    // The first page begins after `PAR1`: its kind, then the size it claims to unpack to, in a few bytes.
    let mut swollen = bytes.clone();
    assert_eq!(swollen[4..7], [0x15, 0x04, 0x15], "a dictionary page with its size next");
    let size = swollen[7..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    swollen.splice(7..7 + size, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
    let told = told(swollen, usual).unwrap_err();
    assert!(told.starts_with("`week.parquet` holds damaged Parquet data; copy it again"), "{told}");
    let cut: Arc<dyn Input> = Arc::new(MemoryInput::new("week.parquet", bytes[..bytes.len() / 2].to_vec()));
    assert_eq!(
        open(&cut).map(|_| ()).unwrap_err().to_string(),
        "`week.parquet` ends before its Parquet data do: it was cut off or is still being written; copy it again"
    );
}

#[test]
fn a_large_value_that_every_row_shares_does_not_fill_a_batch() {
    let long = "x".repeat(200_000);
    let values = StringArray::from_iter_values((0..3000).map(|_| long.as_str()));
    let batch = RecordBatch::try_from_iter([("n", Arc::new(values) as ArrayRef)]).unwrap();
    let mut writer = Writer::new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.finish().unwrap();
    assert!(bytes.len() < 1_000_000, "the value is there once");
    let wide = Limits { ratio: u64::MAX, ..Limits::default() };
    let input: Arc<dyn Input> = Arc::new(MemoryInput::new("week.parquet", bytes).with_limits(wide));
    let mut batches = Batches::new(&input, open(&input).unwrap()).unwrap();
    let (mut rows, mut largest) = (0, 0);
    while let Some(batch) = batches.next().unwrap() {
        rows += batch.num_rows();
        largest = largest.max(batch.get_array_memory_size());
    }
    assert_eq!(rows, 3000);
    assert!((1 << 20..=2 * BATCH_BYTES).contains(&largest), "{largest}");
}

/// A Parquet file under the library's usual settings, changed by `set`.
fn written(
    batches: &[RecordBatch],
    set: impl FnOnce(
        parquet::file::properties::WriterPropertiesBuilder,
    ) -> parquet::file::properties::WriterPropertiesBuilder,
) -> Vec<u8> {
    let properties = set(WriterProperties::builder().set_compression(Compression::SNAPPY)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batches[0].schema(), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

fn column(values: impl arrow::array::Array + 'static) -> RecordBatch {
    RecordBatch::try_from_iter([("n", Arc::new(values) as ArrayRef)]).unwrap()
}

/// What reading a file says, its rows and the bytes of its largest batch.
fn outcome(bytes: Vec<u8>, limits: Limits) -> Result<(usize, usize), String> {
    let input: Arc<dyn Input> = Arc::new(MemoryInput::new("week.parquet", bytes).with_limits(limits));
    let read = || {
        let mut batches = Batches::new(&input, open(&input)?)?;
        let (mut rows, mut largest) = (0, 0);
        while let Some(batch) = batches.next()? {
            rows += batch.num_rows();
            largest = largest.max(batch.get_array_memory_size());
        }
        Ok((rows, largest))
    };
    read().map_err(|error: Error| error.to_string())
}

#[test]
fn a_large_value_that_is_written_as_its_predecessor_does_not_fill_a_batch() {
    let long = "x".repeat(200_000);
    let few = column(StringArray::from_iter_values((0..50).map(|_| long.as_str())));
    let bytes = written(&vec![few; 16], |properties| {
        properties.set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BYTE_ARRAY)
    });
    assert!(bytes.len() < 1_000_000, "the value is there once a page");
    let (rows, largest) = outcome(bytes, Limits::default()).unwrap();
    assert_eq!(rows, 800);
    assert!((1 << 20..=2 * BATCH_BYTES).contains(&largest), "{largest}");
}

#[test]
fn what_rows_share_counts_as_unpacked() {
    let same = || written(&[column(Float64Array::from(vec![0.5; 200_000]))], |properties| properties);
    assert!(same().len() < 10_000);
    assert!(outcome(same(), Limits::default()).is_ok());
    let told = outcome(same(), Limits { unpacked_bytes: 1_000_000, ..Limits::default() }).unwrap_err();
    assert!(told.starts_with("`week.parquet` unpacks to more than 1 MB"), "{told}");
    let long = "x".repeat(200_000);
    let keys = Int32Array::from(vec![0; 1000]);
    let values = Arc::new(StringArray::from(vec![long.as_str()]));
    let shared = column(DictionaryArray::<Int32Type>::new(keys, values));
    let told = outcome(written(&[shared], |properties| properties), Limits::default()).unwrap_err();
    assert!(told.starts_with("`week.parquet` unpacks to more than 1000 times its size"), "{told}");
}

/// One list of all the values and some rows of one value each.
fn lists(values: ArrayRef, rows: usize) -> RecordBatch {
    let lengths = std::iter::once(values.len() - rows).chain(std::iter::repeat_n(1, rows));
    let field = Arc::new(ArrowField::new("item", values.data_type().clone(), true));
    column(ListArray::new(field, OffsetBuffer::from_lengths(lengths), values, None))
}

#[test]
fn lists_are_read_as_long_as_one_row_cannot_fill_the_memory() {
    let numbers = lists(Arc::new(Float64Array::from(vec![0.5; 20_000])), 3);
    assert_eq!(outcome(written(&[numbers], |properties| properties), Limits::default()).unwrap().0, 4);
    let wide = Limits { ratio: u64::MAX, ..Limits::default() };
    let long = "x".repeat(1_000_000);
    // Many short values beside the long one, so that a value of the dictionary is short by its mean.
    for short in [0, 20_000] {
        let words: Vec<String> = (0..short).map(|word| word.to_string()).chain([long.clone()]).collect();
        let keys = Int32Array::from_iter_values((0..short).chain(std::iter::repeat_n(short, 200)));
        let words = DictionaryArray::<Int32Type>::new(keys, Arc::new(StringArray::from(words)));
        let told = outcome(written(&[lists(Arc::new(words), 1)], |properties| properties), wide).unwrap_err();
        assert!(told.starts_with("`week.parquet` nests its columns deeper than any table"), "{told}");
    }
}

#[test]
fn a_file_without_columns_has_nothing_to_read() {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(1_000_000));
    let none = Arc::new(arrow::datatypes::Schema::empty());
    let batch = RecordBatch::try_new_with_options(none, Vec::new(), &options).unwrap();
    let bytes = written(&[batch], |properties| properties);
    let input: Arc<dyn Input> = Arc::new(MemoryInput::new("week.parquet", bytes));
    let opened = open(&input).unwrap();
    let told = header("week.parquet", opened.columns(), &mut Oddities::default()).unwrap_err();
    assert!(matches!(told, Error::Empty { .. }), "{told}");
}

#[test]
fn two_columns_of_a_model_are_not_found_in_one_of_the_file() {
    let fields = ["n", "N"].map(|name| Field::new(name, Kind::Number, Role::Feature));
    let schema = Schema::new(fields.to_vec(), None).unwrap();
    let bytes = written(&[column(Float64Array::from(vec![0.5]))], |properties| properties);
    for input in [MemoryInput::new("week.parquet", bytes), MemoryInput::new("week.csv", "n,m\n1,2\n")] {
        let mut reader = TableReader::new(vec![Arc::new(input)], &schema, Options::default());
        let told = reader.next_batch().unwrap_err();
        assert!(matches!(&told, Error::MissingColumn { column, .. } if column == "N"), "{told}");
    }
}

#[test]
fn moments_of_a_zone_are_read_in_utc() {
    let second = 1_700_000_000;
    let moments = TimestampMicrosecondArray::from(vec![Some(second * 1_000_000), None]);
    let moments = column(moments.with_timezone("Europe/Berlin"));
    let input: Arc<dyn Input> =
        Arc::new(MemoryInput::new("week.parquet", written(&[moments], |properties| properties)));
    let table = crate::profile::profile(
        std::slice::from_ref(&input),
        Options::default(),
        &["".to_owned()],
        &mut |_| {},
    )
    .unwrap();
    assert_eq!((table.columns[0].times, table.columns[0].missing), (1, 1));
    // A moment is read by its value, and where it is a key by its text.
    let read = |role| {
        let schema = Schema::new(vec![Field::new("n", Kind::Time, role)], None).unwrap();
        let mut reader = TableReader::new(vec![input.clone()], &schema, Options::default());
        reader.next_batch().unwrap().unwrap().rows.column(0).clone()
    };
    assert_eq!(read(Role::Feature).as_primitive::<TimestampSecondType>().value(0), second);
    assert_eq!(read(Role::Key).as_string::<i32>().value(0), "2023-11-14T22:13:20");
}

#[test]
fn rows_that_come_again_are_told_with_their_number() {
    let once = RecordBatch::try_from_iter([
        ("n", Arc::new(Float64Array::from_iter_values((0..30).map(f64::from))) as ArrayRef),
        ("t", Arc::new(StringArray::from_iter((0..30).map(|row| (row % 2 > 0).then_some("x"))))),
    ])
    .unwrap();
    let file = |name: &str, times| -> Arc<dyn Input> {
        Arc::new(MemoryInput::new(name, written(&vec![once.clone(); times], |properties| properties)))
    };
    let told = |inputs: &[Arc<dyn Input>]| {
        let table = crate::profile::profile(inputs, Options::default(), &[], &mut |_| {}).unwrap();
        let again = table.oddities.iter().find(|oddity| oddity.kind == crate::OddityKind::RepeatedTable);
        again.map(|oddity| format!("{} {:?} {}", oddity.file, oddity.line, oddity.rows))
    };
    assert_eq!(told(&[file("a", 1)]), None);
    assert_eq!(told(&[file("a", 2)]).as_deref(), Some("a Some(31) 30"));
    assert_eq!(told(&[file("a", 1), file("b", 1)]).as_deref(), Some("b Some(1) 30"));
}
