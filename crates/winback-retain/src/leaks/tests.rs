//! Each thing the guard looks for, planted in a small history and found; and not found where it is not.

use std::fmt::Write as _;
use std::sync::Arc;

use winback_simulate::small::{Leak, Plain, SmallHistory};
use winback_table::infer::{Hints, infer};
use winback_table::input::{Input, MemoryInput};
use winback_table::profile::profile;
use winback_table::reader::{Options, TableReader};
use winback_table::{MemorySource, Role, Schema};

use super::*;
use crate::findings::Severity;

mod scale;

const ROWS: usize = 2_000;

/// A number below `bound` that belongs to a row and a purpose.
fn draw(row: usize, purpose: u64, bound: u64) -> u64 {
    let mut word =
        (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93);
    for _ in 0..2 {
        word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    (word ^ (word >> 32)) % bound
}

/// One row in four left, at random.
fn left(row: usize) -> bool {
    draw(row, 1, 4) == 0
}

/// A history with a harmless number, the columns of `header`, and the label.
fn history(
    rows: usize,
    label: impl Fn(usize) -> bool,
    header: &str,
    cells: impl Fn(usize) -> String,
) -> MemorySource {
    let mut text = format!("harmless,{header},left\n");
    for row in 0..rows {
        let label = if label(row) { "yes" } else { "no" };
        writeln!(text, "{},{},{label}", draw(row, 2, 1_000_000) as f64 / 8.0, cells(row)).unwrap();
    }
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("made", text))];
    let missing = Schema::MISSING.map(str::to_owned);
    let table = profile(&inputs, Options::default(), &missing, &mut |_| {}).unwrap();
    let mut schema = infer(&table, &Hints::default(), &missing).unwrap().schema;
    for field in &mut schema.fields {
        // What inference keeps out for good reasons is looked at here all the same.
        if field.role == Role::Excluded {
            field.role = Role::Feature;
        }
    }
    let mut reader = TableReader::new(inputs.to_vec(), &schema, Options::default());
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        batches.push(batch.rows);
    }
    MemorySource::new(schema, batches)
}

fn look(source: &MemorySource) -> Vec<Finding> {
    examine(source, &|field| field.role == Role::Feature, Known { horizon: 60 * 86_400, whole: None })
        .unwrap()
        .findings
}

/// Exactly these findings are made, as severity, kind and columns.
#[track_caller]
fn check(source: &MemorySource, expected: &[(Severity, &str, &[&str])]) {
    let found = look(source);
    let found: Vec<(Severity, &str, Vec<&str>)> = found
        .iter()
        .map(|finding| {
            let columns = finding.columns.iter().map(String::as_str).collect();
            (finding.severity, finding.kind.as_str(), columns)
        })
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|(severity, kind, columns)| (*severity, *kind, columns.to_vec())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_harmless_history_has_no_finding() {
    check(&history(ROWS, left, "tenure", |row| draw(row, 3, 120).to_string()), &[]);
}

#[test]
fn the_label_in_other_words_is_a_copy() {
    let source = history(ROWS, left, "status", |row| if left(row) { "dormant" } else { "active" }.to_owned());
    check(&source, &[(Severity::Block, "label-copy", &["status"])]);
}

#[test]
fn a_copy_with_a_few_errors_is_still_a_copy() {
    let source = history(ROWS, left, "closed_on", |row| {
        let is_wrong = row % 400 == 7;
        if left(row) != is_wrong { format!("{}", draw(row, 3, 365)) } else { String::new() }
    });
    check(&source, &[(Severity::Block, "label-copy", &["closed_on"])]);
}

#[test]
fn the_score_of_a_model_fitted_on_the_label_decides_it() {
    let source = history(ROWS, left, "score", |row| {
        let near = draw(row, 3, 4000) as f64 / 10_000.0;
        if left(row) { 1.0 - near } else { near }.to_string()
    });
    check(&source, &[(Severity::Block, "decides-label", &["score"])]);
}

#[test]
fn a_column_that_decides_where_it_is_filled_is_found() {
    let source = history(ROWS, left, "last_campaign", |row| {
        match (draw(row, 3, 3), left(row)) {
            (0, true) => "lost",
            (0, false) => "kept",
            _ => "",
        }
        .to_owned()
    });
    check(&source, &[(Severity::Block, "decides-label", &["last_campaign"])]);
}

#[test]
fn two_columns_that_decide_together_are_found() {
    let source = history(ROWS, left, "before,after", |row| {
        let (before, apart) = (draw(row, 3, 9000), 1 + draw(row, 4, 90));
        let after = if left(row) { before.saturating_sub(apart) } else { before + apart };
        format!("{}.5,{after}.25", before.max(apart))
    });
    check(&source, &[(Severity::Block, "pair-decides-label", &["before", "after"])]);
}

#[test]
fn one_planted_leak_of_each_kind_is_found_in_each_kind_of_history() {
    for plain in Plain::ALL {
        for leak in Leak::ALL {
            let findings = look(&SmallHistory { plain, leak: Some(leak), seed: 11 }.source());
            let found = findings.iter().any(|finding| {
                finding.severity == Severity::Block
                    && finding.columns.iter().any(|name| name.starts_with("leak_"))
            });
            assert!(found, "{leak:?} in {plain:?}: {findings:?}");
        }
    }
}

#[test]
fn histories_without_a_leak_are_not_blocked() {
    for seed in 0..6 {
        for plain in Plain::ALL {
            let findings = look(&SmallHistory { plain, leak: None, seed }.source());
            let block = findings.iter().find(|finding| finding.severity == Severity::Block);
            assert_eq!(block, None, "{plain:?}, seed {seed}");
        }
    }
}

#[test]
fn what_is_zero_for_those_who_stayed_may_be_known_only_later() {
    // As long as the last call was: nobody agrees in no time.
    let source = history(
        ROWS,
        |row| 40 < draw(row, 3, 100) && draw(row, 4, 100) < draw(row, 3, 100),
        "duration",
        |row| (draw(row, 3, 100) * 7).to_string(),
    );
    check(&source, &[(Severity::Warn, "after-the-event", &["duration"])]);
    // A fee that only some leavers pay, and nobody else.
    let source = history(ROWS, left, "closing_fee", |row| {
        if left(row) && draw(row, 3, 4) == 0 { 25 + draw(row, 4, 9) } else { 0 }.to_string()
    });
    check(&source, &[(Severity::Warn, "after-the-event", &["closing_fee"])]);
}

#[test]
fn missing_values_that_tell_the_label_are_named() {
    let source = history(ROWS, left, "remaining_contract", |row| {
        let is_missing = draw(row, 3, 10) < if left(row) { 7 } else { 1 };
        if is_missing { String::new() } else { draw(row, 4, 24).to_string() }
    });
    check(&source, &[(Severity::Warn, "missing-tells", &["remaining_contract"])]);
}

#[test]
fn rows_sorted_by_the_label_and_clocks_are_named() {
    let late = |row: usize| draw(row, 3, ROWS as u64) < row as u64;
    check(
        &history(ROWS, late, "tenure", |row| draw(row, 4, 120).to_string()),
        &[(Severity::Warn, "row-order", &[])],
    );
    let source = history(ROWS, late, "interest_rate", |row| format!("{}.75", row / 100));
    check(&source, &[(Severity::Warn, "row-order", &[]), (Severity::Warn, "clock", &["interest_rate"])]);
}

#[test]
fn with_moments_a_clock_has_one_value_in_each_or_follows_them() {
    let month = |row: usize| 1 + row / 250;
    let source = history(ROWS, left, "as_of,rate,counter", |row| {
        format!(
            "2026-0{}-01,{},{}",
            month(row),
            [3, 1, 4, 1, 5, 9, 2, 6][row / 250],
            10 * row as u64 + draw(row, 3, 50)
        )
    });
    check(&source, &[(Severity::Warn, "clock", &["rate", "counter"])]);
}

#[test]
fn a_date_after_the_moment_of_its_row_is_named_and_blocks_where_it_decides() {
    let day = |base: u64, row: usize, purpose| format!("2026-0{}-{:02}", base, 1 + draw(row, purpose, 28));
    let decided = history(ROWS, left, "as_of,last_update", |row| {
        let month = 3 + draw(row, 5, 3);
        let update = if left(row) { day(month + 1, row, 3) } else { day(month - 1, row, 3) };
        format!("2026-0{month}-15,{update}")
    });
    let kinds: Vec<String> = look(&decided).into_iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, ["pair-decides-label", "after-the-event"]);
    assert_eq!(look(&decided)[0].columns, ["last_update", "as_of"]);
    let before = history(ROWS, left, "as_of,opened_on", |row| {
        format!("2026-0{}-15,{}", 4 + draw(row, 5, 3), day(1 + draw(row, 6, 3), row, 3))
    });
    check(&before, &[]);
}

#[test]
fn outcomes_that_are_too_young_are_named() {
    let young = |row: usize| left(row) && (row < 1750 || draw(row, 3, 3) == 0);
    let source = history(ROWS, young, "as_of,tenure", |row| {
        format!("2026-0{}-01,{}", 1 + row / 250, draw(row, 4, 120))
    });
    check(&source, &[(Severity::Warn, "immature-labels", &[])]);
}

#[test]
fn a_rare_class_is_named_with_what_would_do() {
    let source = history(ROWS, |row| row % 40 == 0, "tenure", |row| draw(row, 3, 120).to_string());
    check(&source, &[(Severity::Warn, "rare-class", &[])]);
    let finding = look(&source).remove(0);
    assert_eq!(finding.evidence, "50 leavers in 2,000 rows");
    assert!(
        finding.message.ends_with("an AUC is good to ±0.08 at best; about 5,000 rows would do"),
        "{}",
        finding.message
    );
}

#[test]
fn identifiers_and_repeated_rows_are_named() {
    let source = history(ROWS, left, "surname", |row| format!("Name{}", draw(row, 3, 5000)));
    check(&source, &[(Severity::Warn, "identifier", &["surname"])]);
    // The second half says the first again.
    let half = |row: usize| row % (ROWS / 2);
    let mut text = history(ROWS, |row| left(half(row)), "tenure", |row| draw(half(row), 3, 5000).to_string());
    let source = MemorySource::new(text.schema().clone(), batches(&mut text, half));
    check(&source, &[(Severity::Warn, "duplicate-rows", &[])]);
}

/// The rows that `which` names, instead of those there are.
fn batches(
    source: &mut MemorySource,
    which: impl Fn(usize) -> usize,
) -> Vec<arrow::record_batch::RecordBatch> {
    let batch = source.open().unwrap().next().unwrap().unwrap();
    (0..batch.num_rows()).map(|row| batch.slice(which(row), 1)).collect()
}

#[test]
fn copies_recodings_and_constants_are_notes() {
    let source = history(ROWS, left, "limit,used,free,plan,plan_code,country", |row| {
        let (limit, used, plan) = (draw(row, 3, 9000), draw(row, 4, 900), draw(row, 5, 4));
        format!(
            "{limit},{used},{},plan {plan},{},one",
            limit as f64 - 2.0 * used as f64 + 10.0,
            [7, 3, 5, 9][plan as usize]
        )
    });
    check(
        &source,
        &[
            (Severity::Note, "constant", &["country"]),
            (Severity::Note, "recoding", &["plan_code", "plan"]),
            (Severity::Note, "linear-copy", &["free", "limit", "used"]),
        ],
    );
    let evidence = look(&source).pop().unwrap().evidence;
    assert_eq!(evidence, "`free` = `limit` − 2 × `used` + 10, in each of 2,000 rows looked at");
}

#[test]
fn neither_a_rhythm_of_the_file_nor_a_rare_outcome_hides_a_leak() {
    // Cases and controls take turns, and there are more rows than are looked at.
    let turns = |row: usize| row.is_multiple_of(2);
    let source = history(3 * MOST_ROWS / 2, turns, "status", |row| (7 + row % 2).to_string());
    assert_eq!(look(&source)[0].kind, "label-copy");
    let rare = |row: usize| draw(row, 9, 1000) == 0;
    let source = history(3 * MOST_ROWS / 2, rare, "status", |row| (7 + u8::from(rare(row))).to_string());
    assert_eq!(look(&source)[0].kind, "label-copy");
    assert!(look(&source).iter().any(|finding| finding.kind == "rare-class"));
}

#[test]
fn a_copy_that_is_the_only_column_is_found() {
    let source = history(ROWS, left, "status", |row| if left(row) { "dormant" } else { "active" }.to_owned());
    let alone = |field: &Field| field.name == "status";
    let findings = examine(&source, &alone, Known::default()).unwrap().findings;
    assert_eq!(findings[0].kind, "label-copy", "{findings:?}");
}

#[test]
fn without_enough_of_a_class_nothing_is_said_of_the_label() {
    let source = history(ROWS, |row| row % 200 == 0, "copy", |row| (row % 200 == 0).to_string());
    let examined = examine(&source, &|field| field.role == Role::Feature, Known::default()).unwrap();
    assert!(examined.strengths.iter().all(|strength| strength.auc.is_none()));
    let kinds: Vec<&str> = examined.findings.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["rare-class", "not-examined"]);
}
