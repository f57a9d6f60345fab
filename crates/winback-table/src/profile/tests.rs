//! Small files in memory, and what is counted in them.

use super::*;
use crate::input::MemoryInput;

#[test]
fn a_column_is_counted_by_what_its_cells_could_be() {
    let text = "n,code,when,flag\n1,007,2026-01-01,yes\n2.5,008,2026-01-02,no\n?,009,,no\nbad\n";
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", text))];
    let missing = ["".to_owned(), "?".to_owned()];
    let table = profile(&inputs, Options::default(), &missing, &mut |_| {}).unwrap();
    assert_eq!((table.rows, table.malformed), (3, 1));
    let [number, code, when, flag] = &table.columns[..] else { panic!("four columns") };
    assert_eq!((number.numbers, number.missing, number.integers), (2, 1, 1));
    assert_eq!((code.leading_zeros, code.is_unique()), (3, true));
    assert_eq!((when.times, when.missing), (2, 1));
    assert_eq!((flag.flags, flag.distinct()), (3, 2));
}

#[test]
fn beyond_the_exact_count_repeats_are_still_seen() {
    let place = Place { file: "m".into(), line: None };
    let profile_of = |value: &dyn Fn(u64) -> u64| {
        let mut column = ColumnProfile::new("c", 1);
        (0..80_000).for_each(|row| column.add(&value(row).to_string(), &[], &place));
        (column.is_unique(), column.never_repeats())
    };
    assert_eq!(profile_of(&|row| row), (true, true));
    // One value in a hundred comes twice: few enough for a key with flaws, too many for a column without repeats.
    assert_eq!(profile_of(&|row| row - u64::from(row % 100 == 99)), (true, false));
    assert_eq!(profile_of(&|row| row / 20 * 20 + row % 19), (false, false));
}

/// A table of one column `c`, one row a cell, the oddities as sentences, and the schema's view of the column.
fn told(cells: &[&str]) -> (String, Vec<String>) {
    let rows: String =
        cells.iter().enumerate().map(|(row, cell)| format!("k{row};{cell};{}\n", row % 2)).collect();
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m.csv", format!("key;c;churn\n{rows}")))];
    let missing = crate::Schema::MISSING.map(str::to_owned);
    let options = Options { delimiter: Some(b';'), ..Options::default() };
    let table = profile(&inputs, options, &missing, &mut |_| {}).unwrap();
    let proposal = crate::infer::infer(&table, &crate::infer::Hints::default(), &missing).unwrap();
    let field = &proposal.schema.fields[1];
    let notation = if field.notation.is_plain() { "plain".to_owned() } else { field.notation.example() };
    let said = table.oddities.iter().map(|oddity| oddity.to_string().replace("`m.csv` line ", "")).collect();
    (format!("{} {notation}", field.kind.name()), said)
}

/// Cells, each as often as said.
fn cells<'a>(parts: &[(&'a str, usize)]) -> Vec<&'a str> {
    parts.iter().flat_map(|(cell, times)| std::iter::repeat_n(*cell, *times)).collect()
}

#[test]
fn a_column_of_one_notation_is_read_in_it() {
    let check = |parts: &[(&str, usize)], expected: &str, said: &[&str]| {
        let (kind, found) = told(&cells(parts));
        assert_eq!(kind, expected, "{parts:?}");
        assert_eq!(found, said, "{parts:?}");
    };
    check(&[("1.5", 5), ("12", 5), ("1.234", 5)], "number plain", &[]);
    check(
        &[("12", 5), ("1,5", 5), ("1.234,56", 5), ("1.234", 1)],
        "number 1.234,5",
        &["7, column `c`: written as `1,5`, 10 rows; read in the notation `1.234,5`"],
    );
    check(
        &[("1.5", 5), ("1,234.5", 5), ("1,234", 1)],
        "number 1,234.5",
        &["7, column `c`: written as `1,234.5`, 5 rows; read in the notation `1,234.5`"],
    );
    check(
        &[("€ 12", 5), ("€ 1.234,50", 5), ("0", 1)],
        "number 1.234,5 €",
        &["2, column `c`: written as `€ 12`, 10 rows; read in the notation `1.234,5 €`"],
    );
    check(
        &[("12 %", 5), ("7.5 %", 5)],
        "number 1234.5 %",
        &["2, column `c`: written as `12 %`, 10 rows; read in the notation `1234.5 %`"],
    );
    check(
        &[("950", 9), ("1,234", 100)],
        "number 1,234.5",
        &["11, column `c`: written as `1,234`, 100 rows; read in the notation `1,234.5`"],
    );
}

#[test]
fn a_column_that_allows_two_readings_is_no_number() {
    let check = |parts: &[(&str, usize)], said: &str| {
        let (kind, found) = told(&cells(parts));
        assert_eq!((kind.as_str(), found.join(" | ").as_str()), ("category plain", said), "{parts:?}");
    };
    check(
        &[("950", 9), ("1,234", 50), ("7,654", 1)],
        "11, column `c`: `1,234` may be over a thousand or have three decimals, 51 rows; not read as numbers: say \
         `numbers = \"point\"` or `numbers = \"comma\"` under `[columns.c]`, by the sign before the decimals, and do not \
         exclude it",
    );
    check(
        &[("1.5", 50), ("1,5", 5)],
        "52, column `c`: decimal commas and decimal points are mixed, such as `1,5`, 5 rows; not read as numbers: write \
         them alike",
    );
    check(
        &[("12 €", 50), ("12 $", 5)],
        "52, column `c`: `12 $` has another sign than other cells, 5 rows; not read as numbers: write all in one unit, \
         with the sign or without",
    );
    check(
        &[("12 %", 50), ("0.12", 5)],
        "52, column `c`: `0.12` has another sign than other cells, 5 rows; not read as numbers: write all in one unit, \
         with the sign or without",
    );
    check(
        &[("01/02/2026", 50), ("03/04/2026", 5)],
        "2, column `c`: `01/02/2026` may have the day first or the month, 55 rows; not read as dates: say \
         `dates = \"day-first\"` or `dates = \"month-first\"` under `[columns.c]`, and do not exclude it",
    );
    check(
        &[("31/12/2026", 50), ("12/31/2026", 5)],
        "52, column `c`: some dates have the day first and some the month, such as `12/31/2026`, 5 rows; not read as \
         dates: write them as 2026-12-31",
    );
}

#[test]
fn points_between_groups_are_not_taken_for_decimals() {
    let way_out = "not read as numbers: say `numbers = \"point\"` or `numbers = \"comma\"` under `[columns.c]`, by the \
                   sign before the decimals, and do not exclude it";
    let check = |parts: &[(&str, usize)], said: &str| {
        let (kind, found) = told(&cells(parts));
        assert_eq!(kind, "category plain", "{parts:?}");
        assert_eq!(found, [format!("{said}; {way_out}")], "{parts:?}");
    };
    check(
        &[("1.250 €", 40), ("7.300 €", 5)],
        "2, column `c`: `1.250 €` may be over a thousand or have three decimals, 45 rows",
    );
    check(
        &[("950 €", 9), ("1.250 €", 5)],
        "11, column `c`: `1.250 €` may be over a thousand or have three decimals, 5 rows",
    );
    check(
        &[("950", 9), ("1.250", 5)],
        "11, column `c`: `1.250` may be over a thousand or have three decimals, 5 rows",
    );
    check(
        &[("1.250 €", 300), ("1,5 €", 3)],
        "2, column `c`: `1.250 €` may be over a thousand or have three decimals, 300 rows",
    );
    let amounts = format!("c;d\n{}", "1.250 €;x\n950 €;y\n".repeat(20));
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m.csv", amounts))];
    let table = profile(&inputs, Options::default(), &[], &mut |_| {}).unwrap();
    let notation = table.columns[0].notation(crate::Kind::Number);
    assert_eq!(notation.unit.as_deref(), Some("€"), "whoever says how to read it need not name the unit");
    for ordinary in [&[("1.234", 40), ("7.300", 5)][..], &[("1.234", 40), ("1500", 1), ("12", 5)]] {
        assert_eq!(told(&cells(ordinary)), ("number plain".to_owned(), Vec::new()), "{ordinary:?}");
    }
    assert_eq!(told(&cells(&[("1.250 €", 9), ("12.5 €", 1)])).0, "number 1234.5 €");
    assert_eq!(told(&cells(&[("1.250 €", 9), ("12,5 €", 1)])).0, "number 1.234,5 €");
}

#[test]
fn few_cells_of_another_spelling_are_named_and_change_nothing() {
    let check = |parts: &[(&str, usize)], expected: &str, said: &str| {
        let (kind, found) = told(&cells(parts));
        assert_eq!((kind.as_str(), found.join(" | ").as_str()), (expected, said), "{parts:?}");
    };
    check(
        &[("1.5", 300), ("12", 100), ("1,5", 3)],
        "number plain",
        "402, column `c`: `1,5` is not written as the others are (`1234.5`), 3 rows; rejected, write them alike",
    );
    check(
        &[("1.5", 300), ("12", 100), ("oops", 3)],
        "number plain",
        "402, column `c`: `oops` is not a number, 3 rows; rejected, mend them, or say `missing = [\"oops\"]` under \
         `[columns.c]` if it means no value",
    );
    check(
        &[("1.5", 30), ("12", 10), ("n.a.", 20)],
        "category plain",
        "42, column `c`: most cells are numbers, but `n.a.` is not, 20 rows; not read as numbers: mend them, or say \
         `missing = [\"n.a.\"]` under `[columns.c]` if it means no value",
    );
    check(
        &[("1.5", 30), ("  ", 3)],
        "number plain",
        "32, column `c`: only blanks in 3 rows; read as no value",
    );
    check(&[("low", 30), ("high", 3), ("12", 1)], "category plain", "");
}

#[test]
fn dates_are_read_in_the_order_that_one_of_them_tells() {
    let (kind, said) = told(&cells(&[("01/02/2026", 5), ("31/12/2025", 1), ("2026-01-31", 2)]));
    assert_eq!(kind, "time 31/12/2026");
    assert_eq!(
        said,
        [
            "7, column `c`: written as `31/12/2025`, 1 row; read in the notation `31/12/2026`",
            "7, column `c`: dates in several notations, such as `31/12/2025`; each can be read in one way only, and is",
        ]
    );
    assert_eq!(told(&cells(&[("1/2/2026 12:30 PM", 5), ("12/31/2025 01:00 AM", 1)])).0, "time 12/31/2026");
}

#[test]
fn a_sentinel_is_named_and_kept() {
    let mut found = cells(&[("999", 40)]);
    let days: Vec<String> = (0..28).map(|day| day.to_string()).collect();
    found.extend(days.iter().map(String::as_str));
    let (kind, said) = told(&found);
    assert_eq!(kind, "number plain");
    assert_eq!(
        said,
        [
            "2, column `c`: 999 in 40 rows, far from all others (0 to 27); if it means no value, say `missing = [\"999\"]` \
          under `[columns.c]`"
        ]
    );
}

/// The range and the sketch of a column of these cells.
fn shape(cells: &[&str]) -> (Option<(f64, f64)>, Vec<u64>) {
    let inputs: [Arc<dyn Input>; 1] =
        [Arc::new(MemoryInput::new("m.csv", format!("c;d\n{};x\n", cells.join(";x\n"))))];
    let options = Options { delimiter: Some(b';'), ..Options::default() };
    let table = profile(&inputs, options, &[], &mut |_| {}).unwrap();
    (table.columns[0].range, table.columns[0].sketch())
}

#[test]
fn the_range_is_that_of_the_notation_in_which_a_column_is_read() {
    let (range, sketch) =
        shape(&["2.000,5", "3.000", "5.000", "9.000", "4.000", "6.000", "7.000", "8.000", "2.500"]);
    assert_eq!(range, Some((2000.5, 9000.0)), "a comma column");
    assert_eq!(sketch.iter().sum::<u64>(), 9);
    assert_eq!(shape(&["2,000.5", "3,000", "5,000"]).0, Some((2000.5, 5000.0)), "a point column");
    assert_eq!(shape(&["1.5", "3.125", "12"]).0, Some((1.5, 12.0)), "a plain column");
    assert_eq!(shape(&["3,125", "5,125", "12"]).0, None, "a column that is not read as numbers");
}

#[test]
fn a_sentinel_is_sought_in_the_notation_of_the_column() {
    let mut found = cells(&[("9.999", 40), ("1,5", 5)]);
    let days: Vec<String> = (0..28).map(|day| day.to_string()).collect();
    found.extend(days.iter().map(String::as_str));
    let said = told(&found).1;
    assert!(
        said.iter().any(|said| said.starts_with("2, column `c`: 9999 in 40 rows, far from all others")),
        "{said:?}"
    );
}

#[test]
fn rows_that_are_no_rows_are_named() {
    let text = "id,n\na,1\nid,n\na,1\n<<<<<<< HEAD\nb,2\n=======\nb,3\n>>>>>>> other\nc,1,2\nd,\0\n";
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m.csv", text))];
    let table = profile(&inputs, Options::default(), &[], &mut |_| {}).unwrap();
    let said: Vec<String> = table.oddities.iter().map(|oddity| oddity.to_string()).collect();
    let starts = [
        "`m.csv` line 3: the header again, 1 row; ",
        "`m.csv` line 4: the rows from the beginning come again, 1 row; ",
        "`m.csv` line 5: `<<<<<<< HEAD` marks an unresolved merge, 3 rows; ",
        "`m.csv` line 10: 1 row with another number of fields than the header; ",
        "`m.csv` line 11: 1 row with zero bytes; ",
    ];
    assert_eq!(said.len(), starts.len(), "{said:?}");
    assert!(said.iter().zip(starts).all(|(said, start)| said.starts_with(start)), "{said:#?}");
    assert_eq!((table.rows, table.malformed), (4, 6));
}

#[test]
fn columns_of_later_files_are_found_alike_or_not_at_all() {
    let input =
        |name: &str, text: &str| -> Arc<dyn Input> { Arc::new(MemoryInput::new(name, text.to_owned())) };
    let read = |second: &str| {
        let inputs = [input("1.csv", "id,Call  Failure\na,1\n"), input("2.csv", second)];
        profile(&inputs, Options::default(), &[], &mut |_| {})
    };
    let table = read("call failure,id\n2,b\n").unwrap();
    assert_eq!(table.rows, 2);
    let said: Vec<String> = table.oddities.iter().map(|oddity| oddity.to_string()).collect();
    assert_eq!(
        said,
        [
            "`2.csv` line 1, column `Call  Failure`: it stands there as `call failure`, which differs only in case or \
          blanks, and is taken for it"
        ]
    );
    assert_eq!(read("id\nb\n").unwrap_err().to_string(), "`2.csv` has no column `Call  Failure`");
    let twice = [input("1.csv", "id,n,n\na,1,2\n")];
    let error = profile(&twice, Options::default(), &[], &mut |_| {}).unwrap_err().to_string();
    assert_eq!(error, "`1.csv` has the column `n` twice, as column 2 and column 3; rename one of them");
}

#[test]
fn a_wide_table_shares_its_memory() {
    let mut column = ColumnProfile::new("c", 20_000);
    let place = Place { file: "m".into(), line: None };
    (0..5000).for_each(|row| column.add(&format!("v{row}"), &[], &place));
    assert!(column.levels.is_none());
    assert!((4000..6000).contains(&column.distinct()), "{}", column.distinct());
    let mut long = ColumnProfile::new("c", 1);
    long.add(&"x".repeat(2000), &[], &place);
    assert!(long.levels.is_none(), "a text is no level");
}

#[test]
fn a_column_of_a_later_file_is_found_for_one_name_alone() {
    let inputs: [Arc<dyn Input>; 2] = [
        Arc::new(MemoryInput::new("first.csv", "age,Age\n1,2\n")),
        Arc::new(MemoryInput::new("second.csv", "age,n\n1,2\n")),
    ];
    let told = profile(&inputs, Options::default(), &[], &mut |_| {}).unwrap_err().to_string();
    assert_eq!(told, "`second.csv` has no column `Age`");
}
