//! Records are compared as text: fields joined by `¦`, malformed ones marked `!`.

use proptest::prelude::*;

use super::*;

fn all(text: &[u8], encoding: Encoding) -> Vec<(u64, String)> {
    let mut records = Records::new(text, Dialect { delimiter: b',', encoding });
    let mut found = Vec::new();
    while let Some(record) = records.next().unwrap() {
        let shown = match record.fields {
            Ok(fields) => fields.iter().map(str::trim).collect::<Vec<_>>().join("¦"),
            Err(why) => format!("!{why:?} {}", record.text()),
        };
        found.push((record.line, shown));
    }
    let (counted, accounted) = records.line_counts();
    assert_eq!(counted, accounted, "every line is accounted for");
    found
}

fn check(text: &str, expected: &[(u64, &str)]) {
    let found = all(text.as_bytes(), Encoding::Utf8);
    let expected: Vec<(u64, String)> =
        expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn plain_quoted_and_blank_lines() {
    check("a,b\n1,2\n", &[(1, "a¦b"), (2, "1¦2")]);
    check("a,b\r\n\r\n\"x,\"\"y\",2\r\n", &[(1, "a¦b"), (3, "x,\"y¦2")]);
    check("\u{feff}a,b\n1,", &[(1, "a¦b"), (2, "1¦")]);
    check("", &[]);
    check("\n\n", &[]);
}

#[test]
fn a_quoted_field_may_run_over_lines() {
    check("a,b\n\"x\ny\",2\n3,4\n", &[(1, "a¦b"), (2, "x\ny¦2"), (4, "3¦4")]);
}

#[test]
fn a_last_line_needs_no_line_end() {
    check("a,b\n1,\"2\"", &[(1, "a¦b"), (2, "1¦2")]);
    check("a,b\n1,2", &[(1, "a¦b"), (2, "1¦2")]);
    check("a", &[(1, "a")]);
}

#[test]
fn a_quote_that_never_ends_costs_one_line() {
    check("a,b\n\"x,1\n2,3\n4,5", &[(1, "a¦b"), (2, "!Runaway \"x,1"), (3, "2¦3"), (4, "4¦5")]);
    let many = format!("a,b\n\"x,1\n{}", "2,3\n".repeat(500));
    let found = all(many.as_bytes(), Encoding::Utf8);
    assert_eq!(found.len(), 502);
    assert_eq!(found[501], (502, "2¦3".to_owned()));
}

#[test]
fn after_a_runaway_only_a_regular_line_is_trusted() {
    check(
        "a,b\n\"x,1\nrest of it\n2,3\n4,5,6\n",
        &[(1, "a¦b"), (2, "!Runaway \"x,1"), (3, "!Runaway rest of it"), (4, "2¦3"), (5, "4¦5¦6")],
    );
}

#[test]
fn lines_after_a_runaway_are_not_gathered_again_and_again() {
    let text = format!("a,b\n{}2,3\n", "\"x,1\n".repeat(300));
    let mut records = Records::new(text.as_bytes(), Dialect { delimiter: b',', encoding: Encoding::Utf8 });
    let mut given_back = usize::MAX;
    for line in 1..=301 {
        assert_eq!(records.next().unwrap().map(|record| record.line), Some(line));
        if line > 1 {
            assert!(records.returned.len() < given_back.max(1), "line {line} was given back again");
            given_back = records.returned.len();
        }
    }
    assert!(records.next().unwrap().unwrap().fields.is_ok());
}

#[test]
fn the_end_of_a_broken_field_is_no_row() {
    check(
        "a,b\n\"x,1\n\"y\nz\",4\n2,3\n",
        &[(1, "a¦b"), (2, "!Runaway \"x,1"), (3, "!Runaway \"y"), (4, "!Runaway z\",4"), (5, "2¦3")],
    );
}

#[test]
fn a_stray_quote_that_meets_another_costs_one_line() {
    check(
        "a,b\n\"x,1\n2,3\n4,5\n6,\"y\"\n7,8\n",
        &[(1, "a¦b"), (2, "!Runaway \"x,1"), (3, "2¦3"), (4, "4¦5"), (5, "6¦y"), (6, "7¦8")],
    );
    let many = format!("a,b\n1,\"x\n{}\"9\",z\n", "2,3\n".repeat(60));
    let found = all(many.as_bytes(), Encoding::Utf8);
    assert_eq!(found.iter().filter(|(_, shown)| shown == "2¦3").count(), 60);
}

#[test]
fn a_missing_closing_quote_costs_its_own_row_alone() {
    check(
        "id,note\n1,\"hello\n2,\"world\"\n3,\"x\"",
        &[(1, "id¦note"), (2, "!Runaway 1,\"hello"), (3, "2¦world"), (4, "3¦x")],
    );
    let between = "2,b\n".repeat(10);
    for closing in ["3,\"stray", "3,mo\"re", "3,5\" pipe"] {
        let found = all(format!("id,note\n1,\"stray\n{between}{closing}\n4,d\n").as_bytes(), Encoding::Utf8);
        assert_eq!(found.iter().filter(|(_, shown)| shown == "2¦b").count(), 10, "{closing}");
        assert_eq!(found.last().unwrap(), &(14, "4¦d".to_owned()), "{closing}");
    }
    check(
        "a,b\n1,\"two \"\"lines\"\"\n,of one\"\n2,\"\n\"\n",
        &[(1, "a¦b"), (2, "1¦two \"lines\"\n,of one"), (4, "2¦")],
    );
}

#[test]
fn a_record_of_several_lines_is_no_longer_than_a_line() {
    let half = "x".repeat(LONGEST_LINE * 9 / 10);
    let found = all(format!("a,b\n1,\"{half}\n{half}\"\n2,3\n").as_bytes(), Encoding::Utf8);
    assert_eq!(found.len(), 4);
    assert!(found[1].1.starts_with("!Runaway 1,") && found[2].1.starts_with("!Runaway xx"));
    assert_eq!(found[3], (4, "2¦3".to_owned()));
}

#[test]
fn a_long_line_after_an_open_quote_is_accounted_for() {
    let blanks = " ".repeat(3 * LONGEST_LINE);
    let found = all(format!("a,b\n1,\"x\n{blanks}2,y\n3,z\n").as_bytes(), Encoding::Utf8);
    let shown: Vec<(u64, &str)> = found.iter().map(|(line, shown)| (*line, shown.as_str())).collect();
    assert_eq!(shown, [(1, "a¦b"), (2, "!Runaway 1,\"x"), (3, "!Runaway "), (4, "3¦z")]);
}

#[test]
fn bars_mark_a_merge_where_they_are_no_row() {
    let is_marker = |line: &str, delimiter, columns| {
        let dialect = Dialect { delimiter, encoding: Encoding::Utf8 };
        let mut records = Records::new(line.as_bytes(), dialect);
        records.next().unwrap().unwrap().is_merge_marker(columns)
    };
    for (line, expected) in
        [("||||||| 1a2b3c", true), ("|||||||", true), ("||||||||", false), ("|||||||x", false)]
    {
        assert_eq!(is_marker(line, b',', 1), expected, "{line}");
    }
    assert!(is_marker("||||||| base", b'|', 3));
    assert!(!is_marker("||||||| base", b'|', 8), "a row of eight fields");
}

#[test]
fn a_very_long_record_is_kept_in_part() {
    let record = Record {
        line: 1,
        fields: Err(Malformed::Runaway),
        raw: &b"\xfc".repeat(1 << 17),
        dialect: Dialect { delimiter: b',', encoding: Encoding::Latin1 },
    };
    let text = record.text();
    assert_eq!(text.chars().count(), (1 << 16) + 1);
    assert!(text.starts_with("üü") && text.ends_with("ü…"));
}

#[test]
fn latin1_is_decoded_field_by_field() {
    let found = all(b"n,m\nM\xfcller,\xe9t\xe9\n", Encoding::Latin1);
    assert_eq!(found[1].1, "Müller¦été");
    let found = all(b"n,m\nM\xfcller,1\n", Encoding::Utf8);
    assert!(found[1].1.starts_with("!NotText"));
}

proptest! {
    /// What the splitter makes of a line without quotes is what the general parser makes of it; a quoted field at the
    /// end of a line leaves that to the parser, and adds one field.
    #[test]
    fn a_line_without_quotes_has_the_fields_that_the_parser_finds(line in "[a-c,é ]{0,12}") {
        let plain = all(format!("{line}\n").as_bytes(), Encoding::Utf8);
        let quoted = all(format!("{line},\"q\"\n").as_bytes(), Encoding::Utf8);
        if line.trim().is_empty() {
            prop_assert!(plain.is_empty());
        } else {
            prop_assert_eq!(format!("{}¦q", plain[0].1), quoted[0].1.clone());
        }
    }
}
