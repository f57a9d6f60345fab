//! What a believable bank shows: a base rate near 8 %, blanks, long tails, slowing customers, labels that can be
//! foreseen but not known.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use winback_simulate::{Bank, KEY, Made};
use winback_table::Kind;

fn bank(seed: u64) -> Bank {
    Bank { customers: 20_000, weeks: 4, seed }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The numbers of a column, row by row; `None` where blank.
fn numbers(made: &[Made], column: &str) -> Vec<Option<f64>> {
    let batches = made.iter().map(|made| made.rows.column_by_name(column).unwrap());
    batches.flat_map(|array| array.as_primitive::<Float64Type>().iter().collect::<Vec<_>>()).collect()
}

fn texts(made: &[Made], column: &str) -> Vec<String> {
    let batches = made.iter().map(|made| made.rows.column_by_name(column).unwrap());
    batches
        .flat_map(|array| array.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn left(made: &[Made]) -> Vec<bool> {
    made.iter().flat_map(|made| made.left.iter().copied()).collect()
}

/// The chance that a customer who left had the higher probability.
fn auc(made: &[Made]) -> f64 {
    let truth = made.iter().flat_map(|made| made.truth.iter().copied());
    let mut rows: Vec<(f64, bool)> = truth.zip(left(made)).collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut stayed, mut wins) = (0_u64, 0_u64);
    for (_, left) in &rows {
        if *left { wins += stayed } else { stayed += 1 }
    }
    wins as f64 / (stayed * (rows.len() as u64 - stayed)) as f64
}

#[test]
fn about_eight_of_a_hundred_leave_and_the_truth_tells_whom() {
    for seed in 1..=5 {
        let history: Vec<Made> = bank(seed).history().collect();
        let rate = left(&history).iter().filter(|left| **left).count() as f64 / 20_000.0;
        assert!((0.07..=0.09).contains(&rate), "seed {seed}: base rate {rate}");
        let auc = auc(&history);
        assert!((0.83..=0.90).contains(&auc), "seed {seed}: AUC {auc}");
    }
}

#[test]
fn weeks_resemble_the_history() {
    let bank = bank(6);
    for week in [0, 6, 12] {
        let made: Vec<Made> = bank.week(week).collect();
        let rows = left(&made);
        let rate = rows.iter().filter(|left| **left).count() as f64 / rows.len() as f64;
        assert!((0.065..=0.095).contains(&rate), "week {week}: rate {rate}");
        let auc = auc(&made);
        assert!((0.81..=0.90).contains(&auc), "week {week}: AUC {auc}");
    }
}

#[test]
fn blanks_are_where_they_should_be() {
    let history: Vec<Made> = bank(1).history().collect();
    let expected = BTreeMap::from([
        ("occupation", 0.04..0.06),
        ("income", 0.07..0.09),
        ("household_size", 0.02..0.04),
        ("transaction_change", 0.04..0.12),
        ("days_since_contact", 0.10..0.14),
        ("survey_score", 0.42..0.48),
    ]);
    for field in history[0].rows.schema().fields() {
        let blank: usize =
            history.iter().map(|made| made.rows.column_by_name(field.name()).unwrap().null_count()).sum();
        let share = blank as f64 / 20_000.0;
        match expected.get(field.name().as_str()) {
            Some(range) => assert!(range.contains(&share), "{}: {share}", field.name()),
            None => assert_eq!(blank, 0, "{}", field.name()),
        }
    }
}

#[test]
fn categories_have_two_to_five_hundred_levels() {
    let history: Vec<Made> = bank(2).history().collect();
    let mut counts = BTreeMap::new();
    for field in Bank::schema().fields.iter().filter(|field| field.kind == Kind::Category) {
        let levels: BTreeSet<String> = texts(&history, &field.name).into_iter().collect();
        counts.insert(field.name.clone(), levels.len());
    }
    let expected = [
        ("branch", 500),
        ("channel", 3),
        ("gender", 2),
        ("nationality", 6),
        ("occupation", 40),
        ("region", 17),
        ("segment", 4),
    ];
    assert_eq!(counts, expected.into_iter().map(|(name, levels)| (name.to_owned(), levels)).collect());
}

#[test]
fn incomes_have_a_long_tail() {
    let history: Vec<Made> = bank(3).history().collect();
    let mut incomes: Vec<f64> = numbers(&history, "income").into_iter().flatten().collect();
    incomes.sort_by(f64::total_cmp);
    assert!(1.05 * incomes[incomes.len() / 2] < mean(&incomes));
}

#[test]
fn who_leaves_had_slowed_down() {
    let history: Vec<Made> = bank(4).history().collect();
    let (mut leavers, mut stayers) = (Vec::new(), Vec::new());
    for (change, left) in numbers(&history, "transaction_change").into_iter().zip(left(&history)) {
        if let Some(change) = change {
            if left { &mut leavers } else { &mut stayers }.push(change);
        }
    }
    assert!(mean(&leavers) < 0.8 * mean(&stayers), "{} and {}", mean(&leavers), mean(&stayers));
}

#[test]
fn nobody_who_left_is_in_a_later_week_and_new_ones_join() {
    let bank = bank(5);
    let history: Vec<Made> = bank.history().collect();
    let gone: BTreeSet<String> = texts(&history, KEY)
        .into_iter()
        .zip(left(&history))
        .filter(|(_, left)| *left)
        .map(|(key, _)| key)
        .collect();
    let all: BTreeSet<String> = texts(&history, KEY).into_iter().collect();
    let mut before = 0;
    for week in 0..4 {
        let keys = texts(&bank.week(week).collect::<Vec<_>>(), KEY);
        assert!(keys.iter().all(|key| !gone.contains(key)), "week {week}");
        let joined = keys.iter().filter(|key| !all.contains(*key)).count();
        assert!(before < joined && joined < 2_000, "week {week}: {joined} joined");
        before = joined;
    }
}

#[test]
fn keys_and_branches_have_leading_zeros() {
    let history: Vec<Made> = Bank { customers: 3_000, weeks: 0, seed: 1 }.history().collect();
    assert_eq!(texts(&history, KEY)[1234], "C00001234");
    let branches = texts(&history, "branch");
    assert!(branches.iter().all(|code| code.len() == 3));
    assert!(branches.iter().any(|code| code.starts_with("00")));
}
