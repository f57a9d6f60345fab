//! Python as a peer: pyarrow reads what we write and writes what we read, and the fixtures are still what their
//! makers make.

use std::path::Path;
use std::process::{Command, Output};

use crate::bank::{WEEK, trained};
use crate::csv::Csv;

/// Prints a Parquet file as JSON: names, types, and the rows as lists.
const READ: &str = "
import json, sys
import pyarrow.parquet
table = pyarrow.parquet.read_table(sys.argv[1])
types = [str(field.type) for field in table.schema]
rows = [list(row.values()) for row in table.to_pylist()]
json.dump({'names': table.column_names, 'types': types, 'rows': rows}, sys.stdout)
";

/// Writes a weekly file with the types that data frames bring: dictionaries, narrow numbers, moments, booleans, nulls.
const WRITE: &str = "
import sys
import pyarrow, pyarrow.compute, pyarrow.csv, pyarrow.parquet
text = ['customer_id', 'branch', 'occupation', 'region', 'segment', 'channel', 'gender', 'nationality']
types = {name: pyarrow.string() for name in text}
types |= {'as_of': pyarrow.timestamp('ms'), 'opened_on': pyarrow.date32()}
types |= {'age': pyarrow.int32(), 'logins_3m': pyarrow.int16(), 'balance': pyarrow.float32()}
options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=['', 'Unknown'])
table = pyarrow.csv.read_csv(sys.argv[1], convert_options=options)
for index, name in enumerate(table.column_names):
    column = table[name]
    if name in ('occupation', 'segment', 'region'):
        column = column.dictionary_encode()
    if name in ('credit_card', 'marketing_consent'):
        column = pyarrow.compute.equal(column, 'yes')
    table = table.set_column(index, name, column)
assert sum(column.null_count for column in table.columns) > 100
pyarrow.parquet.write_table(table, sys.argv[2], row_group_size=97)
";

/// Unpacks a file, as data frames do when they read one with such an ending.
const UNPACK: &str = "
import gzip, shutil, sys
import pyarrow
source, target = sys.argv[1:]
opened = gzip.open(source) if source.endswith('.gz') else pyarrow.input_stream(source, compression='zstd')
with opened as packed, open(target, 'wb') as unpacked:
    shutil.copyfileobj(packed, unpacked)
";

pub(crate) fn python(arguments: &[&str], folder: &Path) -> Output {
    Command::new("python3").args(arguments).current_dir(folder).output().unwrap()
}

pub(crate) fn checked(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn pyarrow_reads_our_parquet() {
    if !winback_peers::python("pyarrow_reads_our_parquet", &["pyarrow"]) {
        return;
    }
    let bench = trained();
    for name in ["scored.csv", "scored.parquet"] {
        bench.json(&["score", WEEK, "-o", name]);
    }
    let text = checked(&python(&["-c", READ, "scored.parquet"], bench.path()));
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let csv = Csv::parse(&bench.read("scored.csv"));
    assert_eq!(found["names"], serde_json::json!(csv.header));
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), csv.rows.len());
    for (row, expected) in rows.iter().zip(&csv.rows) {
        for (cell, expected) in row.as_array().unwrap().iter().zip(expected) {
            match cell.as_f64() {
                Some(number) => {
                    assert!(number.total_cmp(&expected.parse().unwrap()).is_eq(), "{number}, {expected}");
                }
                None => assert_eq!(cell.as_str().unwrap_or(""), expected),
            }
        }
    }
    let types = found["types"].as_array().unwrap();
    assert_eq!((&types[0], &types[1], &types[4]), (&"string".into(), &"double".into(), &"string".into()));
}

#[test]
fn packed_scores_are_read_by_python_and_by_us() {
    if !winback_peers::python("packed_scores_are_read_by_python_and_by_us", &["gzip", "pyarrow"]) {
        return;
    }
    let bench = trained();
    for name in ["scored.csv", "scored.csv.gz", "scored.csv.zst"] {
        assert_eq!(bench.json(&["score", WEEK, "-o", name])["output"], name);
    }
    for name in ["scored.csv.gz", "scored.csv.zst"] {
        checked(&python(&["-c", UNPACK, name, "unpacked.csv"], bench.path()));
        assert!(bench.read("unpacked.csv") == bench.read("scored.csv"), "{name}");
        let week = bench.json(&["score", WEEK, "-o", "again.csv", "--previous", name]);
        assert_eq!(week["quarantined"], 0, "{name}");
    }
}

#[test]
fn parquet_of_pyarrow_is_scored_as_the_csv_is() {
    if !winback_peers::python("parquet_of_pyarrow_is_scored_as_the_csv_is", &["pyarrow"]) {
        return;
    }
    let bench = trained();
    checked(&python(&["-c", WRITE, WEEK, "week.parquet"], bench.path()));
    let found = bench.json(&["score", "week.parquet", "-o", "parquet.csv"]);
    let expected = bench.json(&["score", WEEK, "-o", "csv.csv"]);
    assert_eq!((&found["scored"], &found["quarantined"]), (&expected["scored"], &0.into()));
    assert_eq!(bench.read("parquet.csv"), bench.read("csv.csv"));
}

#[test]
fn fixtures_are_what_their_makers_make() {
    if !winback_peers::python("fixtures_are_what_their_makers_make", &["numpy", "scipy", "sklearn", "shap"]) {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    for maker in ["metrics/make.py", "shapley/make.py", "logistic/make.py"] {
        checked(&python(&[maker, "--check"], &folder));
    }
}
