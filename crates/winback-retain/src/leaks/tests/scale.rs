//! Few rows, some rows of many, rows of one customer, cells without a value: what they must not make the guard say, and
//! must not keep it from seeing.

use winback_table::Kind;

use super::super::rows::{Column, Rows, Values};
use super::*;

#[test]
fn noise_in_a_few_rows_is_no_copy() {
    for seed in 0..60_u64 {
        let rows = 41 + seed as usize % 20;
        let source = history(
            rows,
            |row| row % 2 == 0,
            "balance,tenure,products,branch",
            |row| {
                let of = |purpose: u64, bound| draw(row, 100 * seed + purpose, bound);
                format!("{}.5,{},{},branch {}", of(5, 1_000_000), of(6, 60), of(7, 12), of(8, 30))
            },
        );
        let block = look(&source).into_iter().find(|finding| finding.severity == Severity::Block);
        assert_eq!(block, None, "{rows} rows, seed {seed}");
    }
}

/// Rows that stand for `weights` of a history, stayers and leavers; `number` is the one column.
fn some(labels: Vec<bool>, weights: [f64; 2], number: impl Fn(usize) -> f64) -> Rows {
    let numbers = (0..labels.len()).map(number).collect();
    let of = |class: bool| labels.iter().filter(|label| **label == class).count() as f64;
    let positives = (weights[1] * of(true)) as u64;
    Rows {
        columns: vec![Column {
            name: "fee".to_owned(),
            kind: Kind::Number,
            values: Values::Numbers(numbers),
        }],
        groups: (0..labels.len() as u64).collect(),
        numbers: (0..labels.len() as u64).collect(),
        read: positives + (weights[0] * of(false)) as u64,
        positives,
        weights,
        labels,
        ..Rows::default()
    }
}

#[test]
fn a_value_of_a_few_rows_looked_at_says_nothing_however_many_they_stand_for() {
    let with_fees = |fees: usize| {
        let labels = (0..4000).map(|row| row % 2 == 0).collect();
        let rows = some(labels, [50.0, 12.0], |row| if row % 2 == 0 && row < 2 * fees { 25.0 } else { 0.0 });
        let alone = [Alone::new(&rows.columns[0], &rows)];
        after::known_after(&rows, &alone, &[0])
    };
    assert_eq!(with_fees(4), []);
    let found = with_fees(40);
    assert_eq!(found.len(), 1);
    assert!(found[0].evidence.contains("of the rows with another, 40 of which were looked at, 100.0 % left"));
}

#[test]
fn outcomes_that_are_too_young_are_seen_where_leavers_are_rare() {
    // Twelve months; in the last one of three leavers is known.
    let late = |rate: u64| {
        let labels = (0..17_000).map(|row| row % 17 == 0).collect();
        let mut rows = some(labels, [60.0, 1.0], |_| 0.0);
        let month = |row: usize| draw(row, 3, 12);
        let is_known = |row: usize| !row.is_multiple_of(17) || month(row) < 11 || draw(row, 4, 3) < rate;
        rows.times = (0..17_000)
            .map(|row| 30 * 86_400 * (if is_known(row) { month(row) } else { draw(row, 5, 11) }) as i64)
            .collect();
        whole::immature(&rows, 30 * 86_400)
    };
    assert_eq!(late(3), None);
    assert!(late(1).is_some_and(|found| found.evidence.contains("of the rows of the last 30 days left")));
}

#[test]
fn a_pair_blocks_in_either_order() {
    // The ratio decides, and where nothing is used it can be taken one way round only.
    let source = |header: &str, used_first: bool| {
        let used = |row: usize| if draw(row, 3, 4) == 0 { 0 } else { 1 + draw(row, 4, 900) };
        let limit = |row: usize| {
            let share = if left(row) { 51 + draw(row, 5, 900) } else { 1 + draw(row, 5, 48) };
            100 * used(row).max(1) as usize / share as usize + 1
        };
        // What nobody uses is kept by all.
        history(
            ROWS,
            |row| left(row) && used(row) > 0,
            header,
            |row| {
                let free = 1 + draw(row, 6, 1000) as usize;
                let limit = if used(row) == 0 { free } else { limit(row) };
                if used_first { format!("{},{limit}", used(row)) } else { format!("{limit},{}", used(row)) }
            },
        )
    };
    let kinds = |source: &MemorySource| {
        let found = look(source).into_iter();
        found
            .filter(|finding| finding.severity == Severity::Block)
            .map(|finding| (finding.kind, finding.evidence))
            .collect::<Vec<_>>()
    };
    let (one, other) = (kinds(&source("used,limit", true)), kinds(&source("limit,used", false)));
    assert_eq!(one[0].0, "pair-decides-label", "{one:?}");
    assert!(one[0].1.contains("of their ratio"), "{one:?}");
    assert_eq!(one.len(), other.len(), "{other:?}");
    assert!(other[0].1.contains("of their ratio"), "{other:?}");
}

#[test]
fn the_order_of_customers_with_many_rows_carries_no_label() {
    let customer = |row: usize| row / 20;
    let source = history(
        ROWS,
        |row| left(customer(row)),
        "id,tenure",
        |row| format!("K{:04},{}", customer(row), draw(row, 4, 120)),
    );
    let mut schema = source.schema().clone();
    let id = schema.fields.iter_mut().find(|field| field.name == "id").unwrap();
    (id.role, id.kind) = (Role::Key, Kind::Identifier);
    let batches = source.open().unwrap().map(|batch| batch.unwrap()).collect();
    let source = MemorySource::new(schema, batches);
    assert_eq!(look(&source), []);
}

#[test]
fn copies_with_a_few_missing_values_are_still_copies() {
    let few = |row: usize, purpose: u64, cell: String| {
        if draw(row, purpose, 40) == 0 { String::new() } else { cell }
    };
    let source = history(ROWS, left, "limit,used,free,plan,plan_code,euros,cents", |row| {
        let (limit, used, plan) = (draw(row, 3, 9000), draw(row, 4, 900), draw(row, 5, 4));
        let euros = draw(row, 6, 100_000);
        [
            limit.to_string(),
            few(row, 7, used.to_string()),
            few(row, 8, (limit as f64 - used as f64).to_string()),
            few(row, 9, format!("plan {plan}")),
            few(row, 10, [7, 3, 5, 9][plan as usize].to_string()),
            // More than half of them have none.
            if draw(row, 11, 10) < 6 { String::new() } else { format!("{euros}.25") },
            if draw(row, 11, 10) < 6 { String::new() } else { format!("{euros}25") },
        ]
        .join(",")
    });
    check(
        &source,
        &[
            (Severity::Note, "recoding", &["plan_code", "plan"]),
            (Severity::Note, "linear-copy", &["free", "limit", "used"]),
            (Severity::Note, "linear-copy", &["cents", "euros"]),
        ],
    );
    let evidence = look(&source).pop().unwrap().evidence;
    assert!(evidence.starts_with("`cents` = 100 × `euros`, in each of "), "{evidence}");
}

#[test]
fn small_weights_keep_their_digits() {
    let source = history(ROWS, left, "amount,in_millions", |row| {
        let amount = 4 * draw(row, 3, 9000);
        format!("{amount},{:.8}", amount as f64 * 2.5e-7)
    });
    let evidence = look(&source).pop().unwrap().evidence;
    assert!(evidence.starts_with("`in_millions` = 0.00000025 × `amount`, in each"), "{evidence}");
}

#[test]
fn a_constant_is_one_of_the_rows_looked_at_and_nothing_is_no_value() {
    let message = |rows: &Rows| copies::constants(rows).remove(0).message;
    let labels: Vec<bool> = (0..100).map(|row| row % 2 == 0).collect();
    let all = some(labels.clone(), [1.0, 1.0], |_| 7.0);
    assert_eq!(message(&all), "`fee` has one value only and says nothing");
    let few = some(labels.clone(), [9.0, 9.0], |_| 7.0);
    assert_eq!(message(&few), "`fee` has one value only in the rows looked at, and says next to nothing");
    let none = some(labels, [1.0, 1.0], |_| f64::NAN);
    assert_eq!(message(&none), "`fee` has no value and says nothing");
}
