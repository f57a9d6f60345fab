//! Writes the hostile files of `testdata/hostile`: `cargo run -p winback-table --example hostile`.
//!
//! Every file is a made bank of 160 customers with one thing wrong. What is expected of each stands in
//! `expected.toml` beside them; the files are made here so that nobody has to trust bytes that nobody can read.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};

const HEADER: &str = "id,age,balance,city,since,left";
const ROWS: usize = 160;

fn main() -> std::io::Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/hostile"));
    let mut files = encodings();
    files.extend(packed());
    files.extend(tables());
    files.extend(headers());
    files.extend(rows());
    files.extend(numbers());
    files.extend(dates());
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

type File = (&'static str, Vec<u8>);

/// The cells of a customer: no chance in it, yet no column that tells another.
fn customer(row: usize) -> [String; 6] {
    let left = if row.is_multiple_of(4) { "yes" } else { "no" };
    let age = 20 + row * 7 % 53 + usize::from(row.is_multiple_of(4)) * 5;
    [
        format!("C{:04}", row + 1),
        age.to_string(),
        format!("{}.{}", 150 + row * 37 % 800, row % 9 + 1),
        ["Berlin", "Paris", "Rome"][row % 3].to_owned(),
        format!("20{:02}-{:02}-{:02}", 10 + row % 12, row % 12 + 1, row % 28 + 1),
        left.to_owned(),
    ]
}

fn lines() -> Vec<String> {
    (0..ROWS).map(|row| customer(row).join(",")).collect()
}

fn text(header: &str, lines: &[String]) -> Vec<u8> {
    let mut text = format!("{header}\n");
    lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text.into_bytes()
}

fn clean() -> Vec<u8> {
    text(HEADER, &lines())
}

/// The table with another spelling in one column, under the delimiter `;` so that commas need no quotes.
fn with_column(column: usize, spell: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let lines: Vec<String> = (0..ROWS)
        .map(|row| {
            let mut cells = customer(row);
            cells[column] = spell(row, &cells[column]);
            cells.join(";")
        })
        .collect();
    text(&HEADER.replace(',', ";"), &lines)
}

/// The table with its cities spelled anew, quotes and all.
fn with_cities(spell: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let lines: Vec<String> = (0..ROWS)
        .map(|row| {
            let mut cells = customer(row);
            cells[3] = spell(row, &cells[3]);
            cells.join(",")
        })
        .collect();
    text(HEADER, &lines)
}

/// The table with a line put in before row `at`.
fn with_lines(at: usize, put: &[&str]) -> Vec<u8> {
    let mut lines = lines();
    lines.splice(at..at, put.iter().map(|line| (*line).to_owned()));
    text(HEADER, &lines)
}

fn utf16(text: &str, swapped: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| if swapped { unit.to_be_bytes() } else { unit.to_le_bytes() })
        .collect()
}

fn encodings() -> Vec<File> {
    let umlauts = String::from_utf8_lossy(&clean()).replace("Berlin", "Köln").replace("Rome", "“Roma”");
    let marked = format!("\u{feff}{umlauts}");
    let windows: Vec<u8> = encoding_rs::WINDOWS_1252.encode(&umlauts).0.into_owned();
    let mut stray = umlauts.replace(['“', '”'], "").into_bytes();
    let line = stray.split(|byte| *byte == b'\n').take(10).map(|line| line.len() + 1).sum::<usize>();
    stray.splice(line..line, b"C9001,44,200.1,K\xf6ln,2020-01-01,no\n".iter().copied());
    let latin = String::from_utf8_lossy(&clean()).replace("Berlin", "Köln");
    let mut mixed: Vec<u8> = encoding_rs::WINDOWS_1252.encode(&latin).0.into_owned();
    mixed.extend("C9001,44,200.1,Köln,2020-01-01,no\n".bytes());
    vec![
        ("clean.csv", clean()),
        ("utf8_marked.csv", marked.clone().into_bytes()),
        ("utf16le_marked.csv", utf16(&marked, false)),
        ("utf16be_marked.csv", utf16(&marked, true)),
        ("utf16le.csv", utf16(&umlauts, false)),
        ("utf16be.csv", utf16(&umlauts, true)),
        ("utf16_cut.csv", utf16(&umlauts, false)[..4001].to_vec()),
        ("windows1252.csv", windows),
        ("latin1.csv", encoding_rs::WINDOWS_1252.encode(&latin).0.into_owned()),
        ("stray_latin1.csv", stray),
        ("stray_utf8.csv", mixed),
        (
            "lone_returns.csv",
            clean().into_iter().map(|byte| if byte == b'\n' { b'\r' } else { byte }).collect(),
        ),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("memory takes all");
    packed.finish().expect("memory takes all")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 19).expect("the level exists");
    packed.include_checksum(true).expect("it can");
    packed.write_all(bytes).expect("memory takes all");
    packed.finish().expect("memory takes all")
}

fn packed() -> Vec<File> {
    let (gzip, zstd) = (gzip(&clean()), zstd(&clean()));
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let mut damaged = gzip.clone();
    damaged[gzip.len() / 2..gzip.len() / 2 + 40].iter_mut().for_each(|byte| *byte ^= 0x5a);
    vec![
        ("packed.csv.gz", gzip.clone()),
        ("packed.csv.zst", zstd.clone()),
        ("cut.csv.gz", half(&gzip)),
        ("cut.csv.zst", half(&zstd)),
        ("damaged.csv.gz", damaged),
        ("archive.zip", b"PK\x03\x04\x14\0\0\0\0\0not a table".to_vec()),
    ]
}

fn tables() -> Vec<File> {
    let column = |index: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| customer(row)[index].clone())))
    };
    let number = |index: usize| -> ArrayRef {
        let cells = (0..ROWS).map(|row| customer(row)[index].parse().unwrap_or(0.0));
        Arc::new(Float64Array::from_iter_values(cells))
    };
    let names = HEADER.split(',').zip([column(0), number(1), number(2), column(3), column(4), column(5)]);
    let batch = RecordBatch::try_from_iter(names).expect("the columns are of one length");
    let mut writer =
        winback_table::parquet::Writer::new(Vec::new(), &batch.schema()).expect("memory takes all");
    writer.write(&batch).expect("memory takes all");
    let whole = writer.finish().expect("memory takes all");
    let mut damaged = whole.clone();
    damaged[60..120].iter_mut().for_each(|byte| *byte ^= 0x5a);
    vec![
        ("table.parquet", whole.clone()),
        ("cut.parquet", whole[..whole.len() / 2].to_vec()),
        ("damaged.parquet", damaged),
    ]
}

fn headers() -> Vec<File> {
    let indexed: Vec<String> =
        lines().iter().enumerate().map(|(row, line)| format!("{row},{line}")).collect();
    let widened: Vec<String> =
        lines().iter().enumerate().map(|(row, line)| format!("{line},{}", row % 5)).collect();
    let named = |header: &str| text(header, &lines());
    vec![
        ("empty.csv", Vec::new()),
        ("blank_lines.csv", b"\n\n\r\n".to_vec()),
        ("header_alone.csv", format!("{HEADER}\n").into_bytes()),
        ("padded_names.csv", named(" id , age,balance ,city,since,left")),
        ("other_case.csv", named("ID,Age,BALANCE,City,since,Left")),
        ("alike_names.csv", text("id,age,balance,city,since,left,Age", &widened)),
        ("doubled_names.csv", text("id,age,balance,city,since,left,age", &widened)),
        ("unnamed_index.csv", text(&format!(",{HEADER}"), &indexed)),
        ("wide.csv", vec![b','; 30_000]),
        ("endless_quote.csv", text("\"id,age,balance,city,since,left", &lines())),
    ]
}

fn rows() -> Vec<File> {
    let lines = lines();
    let again: Vec<String> = lines.iter().chain([&HEADER.to_owned()]).chain(&lines).cloned().collect();
    let pasted: Vec<String> = lines.iter().chain(&lines).cloned().collect();
    let merge = [
        "<<<<<<< HEAD",
        "C9001,44,200.1,Rome,2020-01-01,no",
        "=======",
        "C9001,45,200.1,Rome,2020-01-01,no",
        ">>>>>>> other",
    ];
    let base = ["||||||| 1a2b3c", "C9001,43,200.1,Rome,2020-01-01,no"];
    let with_base = [&merge[..2], &base, &merge[2..]].concat();
    vec![
        ("second_header.csv", with_lines(80, &[HEADER])),
        ("merge_marker.csv", with_lines(50, &merge)),
        ("merge_marker_base.csv", with_lines(50, &with_base)),
        ("merge_marker_first.csv", [b"<<<<<<< HEAD\n".to_vec(), clean()].concat()),
        ("table_twice.csv", text(HEADER, &again)),
        ("rows_twice.csv", text(HEADER, &pasted)),
        ("doubled_key.csv", with_lines(80, &["C0001,44,200.1,Rome,2020-01-01,no"])),
        ("ragged.csv", with_lines(80, &["C9001,44,200.1,Rome"])),
        ("very_ragged.csv", with_lines(80, &["C9001,44", "C9002,44,1,2,3,4,5,6", ",", "x"])),
        ("stray_quote.csv", with_lines(80, &["C9001,44,200.1,\"Rome,2020-01-01,no"])),
        (
            "missing_quote.csv",
            with_cities(|row, city| format!("\"{city}{}", ["\"", ""][usize::from(row == 80)])),
        ),
        (
            "two_stray_quotes.csv",
            with_cities(|row, city| format!("{}{city}", ["", "\""][usize::from(row == 80 || row == 90)])),
        ),
        ("zero_bytes.csv", with_lines(80, &["C9001,44,200.1,Ro\0me,2020-01-01,no"])),
        ("zero_tail.csv", [clean(), vec![0; 4096]].concat()),
    ]
}

fn numbers() -> Vec<File> {
    let comma = |cell: &str| cell.replace('.', ",");
    let is_few = |row: usize| row == 100;
    vec![
        ("decimal_comma.csv", with_column(2, |_, cell| format!("1.{}", comma(cell)))),
        (
            "few_decimal_commas.csv",
            with_column(2, |row, cell| if is_few(row) { comma(cell) } else { cell.to_owned() }),
        ),
        (
            "mixed_decimals.csv",
            with_column(2, |row, cell| if row % 5 == 3 { comma(cell) } else { cell.to_owned() }),
        ),
        ("thousands.csv", with_column(2, |_, cell| format!("1,{cell}"))),
        ("ambiguous_thousands.csv", with_column(2, |_, cell| format!("1,{}", &cell[..3]))),
        ("euros.csv", with_column(2, |_, cell| format!("{} €", comma(cell)))),
        ("dollars.csv", with_column(2, |_, cell| format!("${cell}"))),
        (
            "mixed_currencies.csv",
            with_column(2, |row, cell| format!("{}{cell}", ["$", "€"][usize::from(row % 5 == 3)])),
        ),
        ("percents.csv", with_column(2, |_, cell| format!("{cell} %"))),
        (
            "blank_numbers.csv",
            with_column(2, |row, cell| if row % 15 == 7 { " ".to_owned() } else { cell.to_owned() }),
        ),
        (
            "other_no_value.csv",
            with_column(2, |row, cell| if row % 5 == 3 { "n.a.".to_owned() } else { cell.to_owned() }),
        ),
        (
            "sentinel.csv",
            with_column(1, |row, cell| if row % 3 == 1 { "999".to_owned() } else { cell.to_owned() }),
        ),
        (
            "codes.csv",
            with_column(1, |row, _| {
                ["96", "98"].get(row % 16).map_or((row % 9).to_string(), |code| (*code).to_owned())
            }),
        ),
    ]
}

fn dates() -> Vec<File> {
    let spelled = |cell: &str, order: [usize; 3]| {
        let parts: Vec<&str> = cell.split('-').collect();
        order.map(|part| parts[part]).join("/")
    };
    let (day_first, month_first) = ([2, 1, 0], [1, 2, 0]);
    vec![
        ("day_first.csv", with_column(4, |_, cell| spelled(cell, day_first))),
        ("month_first.csv", with_column(4, |_, cell| spelled(cell, month_first))),
        (
            "ambiguous_dates.csv",
            with_column(4, |row, _| {
                format!("{:02}/{:02}/20{:02}", row % 12 + 1, row % 11 + 1, 10 + row % 12)
            }),
        ),
        ("mixed_dates.csv", with_column(4, |row, cell| spelled(cell, [day_first, month_first][row % 2]))),
        (
            "several_dates.csv",
            with_column(
                4,
                |row, cell| if row.is_multiple_of(2) { cell.to_owned() } else { spelled(cell, day_first) },
            ),
        ),
    ]
}
