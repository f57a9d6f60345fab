//! `model.onnx` in a real onnxruntime: the probabilities that we say, on every row and on rows made to be difficult.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use winback_learn::encode::{Codes, ColumnEncoder, Encoded, Shape};
use winback_learn::package::Package;
use winback_learn::trees::{Booster, Settings, prepare};
use winback_learn::{Predictor, probability};
use winback_table::input::FileInput;
use winback_table::reader::{Options, TableReader};
use winback_table::{Kind, MemorySource, Schema};

use crate::bank::{HISTORY, PACKAGE, WEEK, trained};
use crate::peers_python::{checked, python};
use crate::run::Bench;

/// Probabilities agree within this on every row. Users are promised 1e-5; a margin and a probability rounded to 32 bits
/// leave less than a tenth of this.
const TOLERANCE: f64 = 1e-6;

/// Rows whose other cells the made rows take over.
const TAKEN: usize = 3;

/// Compares the package in a folder of the bench with its `model.onnx`, on these lines of a file (its header first, no
/// field with a delimiter in it) and on made ones. Where a history is named, trees that are quickly learnt from it are
/// compared too.
pub(crate) fn check(test: &str, bench: &Bench, folder: &str, history: Option<&str>, lines: &[&str]) {
    if !winback_peers::python(test, &["numpy", "onnxruntime"]) {
        return;
    }
    compare(bench, folder, lines);
    let Some(history) = history else { return };
    let mut package = read(&bench.path().join(folder));
    name_missing_number(&mut package, lines);
    package.model.predictor = quick_trees(&package, &bench.path().join(history));
    std::fs::create_dir(bench.path().join("trees")).unwrap();
    for (name, bytes) in package.files() {
        std::fs::write(bench.path().join("trees").join(name), bytes).unwrap();
    }
    compare(bench, "trees", lines);
}

fn compare(bench: &Bench, folder: &str, lines: &[&str]) {
    let package = read(&bench.path().join(folder));
    let mut rows: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    rows.append(&mut difficult(lines, &package.model.encoder.columns));
    bench.write("compared.csv", &(rows.join("\n") + "\n"));
    let ours = scores(&package, &bench.path().join("compared.csv"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/onnx/score.py");
    let theirs = checked(&python(&[&script.to_string_lossy(), folder, "compared.csv"], bench.path()));
    let theirs: Vec<f64> = theirs.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!((ours.len(), theirs.len()), (rows.len() - 1, rows.len() - 1), "a score for every row");
    for ((our, their), row) in ours.iter().zip(&theirs).zip(&rows[1..]) {
        assert!((our - their).abs() < TOLERANCE, "{our} is {their} in onnxruntime: {row}");
    }
    let distinct: BTreeSet<u64> = ours.iter().map(|score| score.to_bits()).collect();
    assert!(distinct.len() > 100, "rows differ");
}

fn read(folder: &Path) -> Package {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let files: Vec<(String, Vec<u8>)> =
        paths.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect();
    Package::from_files(&files).unwrap()
}

/// The rows of a file under a schema, none of which may be rejected.
fn batches(path: &Path, schema: &Schema) -> Vec<arrow::array::RecordBatch> {
    let mut reader = TableReader::new(vec![Arc::new(FileInput::new(path))], schema, Options::default());
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        batches.push(batch.rows);
    }
    assert_eq!(reader.tally().kept, reader.tally().read, "a row was rejected");
    batches
}

/// Our probability of every row of a file.
fn scores(package: &Package, path: &Path) -> Vec<f64> {
    let columns = &package.model.encoder.columns;
    let schema = package.schema.select(|field| columns.iter().any(|column| column.name == field.name));
    let log_odds = batches(path, &schema).into_iter().flat_map(|batch| package.model.score(&batch).unwrap());
    log_odds.map(probability).collect()
}

/// A hundred trees on the package's own bins and levels, which ask about two categories together: what they are like
/// matters here, not how good they are.
fn quick_trees(package: &Package, history: &Path) -> Predictor {
    let schema = package.schema.used();
    let source = MemorySource::new(schema.clone(), batches(history, &schema));
    let mut data = Encoded::read(&source, &package.model.encoder).unwrap();
    let mut categories = data.columns.iter().filter(|codes| matches!(codes, Codes::Levels(_)));
    let (first, second) = (categories.next().unwrap(), categories.next().unwrap());
    for (row, label) in data.labels.iter_mut().enumerate() {
        *label ^= (first.code(row) + second.code(row)) % 2 == 1;
    }
    let mut prepared = prepare(&data, &data.all_rows(), 0);
    prepared.add_pairs(&data, &data.all_rows(), 0, 6);
    assert!(!prepared.lookups.pairs.is_empty(), "there are pairs to ask about");
    let settings = Settings { depth: 6, rate: 0.1, l2: 3.0, sample: 1.0 };
    let mut booster = Booster::new(&prepared, settings);
    let rounds = (0..100).take_while(|_| booster.round().is_some()).count();
    Predictor::trees(booster.finish(rounds))
}

/// The fields of a line under a header, none of which has a delimiter in it.
fn fields<'a>(header: &str, line: &'a str) -> Vec<&'a str> {
    line.split(delimiter(header)).collect()
}

fn delimiter(header: &str) -> char {
    if header.contains(';') { ';' } else { ',' }
}

fn names(header: &str) -> Vec<&str> {
    fields(header, header).into_iter().map(|name| name.trim_matches('"')).collect()
}

/// Has the schema say that the first column's number in the first row means "no value".
fn name_missing_number(package: &mut Package, lines: &[&str]) {
    let columns = &package.model.encoder.columns;
    let name = columns.iter().find(|column| column.kind == Kind::Number).unwrap().name.as_str();
    let at = names(lines[0]).iter().position(|other| *other == name).unwrap();
    let cell = fields(lines[0], lines[1])[at].to_owned();
    assert!(cell.parse::<f64>().is_ok(), "`{cell}` of `{name}`");
    let mut fields = package.schema.fields.iter_mut();
    fields.find(|field| field.name == name).unwrap().missing.push(cell);
}

/// Rows made of a file's first ones, each with one cell that is easily got wrong: values on borders, next to them and
/// beyond 32 bits, no value in several spellings, levels nobody has seen. The last row has no value at all.
fn difficult(lines: &[&str], columns: &[ColumnEncoder]) -> Vec<String> {
    let (header, delimiter) = (lines[0], delimiter(lines[0]).to_string());
    let names = names(header);
    let mut rows = Vec::new();
    let mut nothing = fields(header, lines[1]);
    for column in columns {
        let at = names.iter().position(|name| *name == column.name).unwrap();
        nothing[at] = "";
        let mut cells = vec![String::new(), " ".to_owned(), "Unknown".to_owned(), "UNKNOWN".to_owned()];
        match &column.shape {
            Shape::Bins(borders) if column.kind == Kind::Number => {
                let near = |border: &f32| [border.next_down(), *border, border.next_up()];
                cells.extend(borders.iter().flat_map(near).map(|value| value.to_string()));
                cells.extend(["-1e300", "1e300", "-0", "?"].map(str::to_owned));
            }
            Shape::Bins(_) => {}
            Shape::Levels(levels) => {
                cells.extend(levels.iter().cloned());
                cells.extend(["never seen", "na", "1"].map(str::to_owned));
            }
        }
        for (number, cell) in cells.iter().enumerate() {
            let mut row = fields(header, lines[1 + number % TAKEN]);
            row[at] = cell;
            rows.push(row.join(&delimiter));
        }
    }
    rows.push(nothing.join(&delimiter));
    rows
}

#[test]
fn the_made_bank_by_both_learners() {
    let bench = trained();
    let text = bench.read(WEEK);
    let lines: Vec<&str> = text.lines().collect();
    check("the_made_bank_by_both_learners", &bench, PACKAGE, Some(HISTORY), &lines);
}
