//! A weight counts a row as if it were there so many times.

use winback_learn::calibrate::Calibration;
use winback_learn::encode::{Codes, Encoded, Encoder};
use winback_learn::linear;
use winback_learn::procedure::{self, Effort, Learner, Settings};
use winback_learn::trees::{Booster, Matrix, Settings as TreeSettings, prepare};
use winback_table::Role;

use crate::bank::{history, settings};

/// How far margins in log-odds may lie apart by rounding.
const CLOSE: f64 = 1e-4;

fn encoded(customers: u64) -> Encoded {
    let (source, _) = history(customers, 13);
    let (encoder, _) = Encoder::learn(&source, &|field| field.role == Role::Feature).unwrap();
    Encoded::read(&source, &encoder).unwrap()
}

/// The same with every third row doubled, once by a weight and once by being there twice.
fn doubled(data: &Encoded) -> [Encoded; 2] {
    let mut weighed = data.clone();
    weighed.weights = (0..data.len()).map(|row| if row % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let rows: Vec<u32> =
        data.all_rows().into_iter().flat_map(|row| vec![row; if row % 3 == 0 { 2 } else { 1 }]).collect();
    let of = |values: &[u64]| rows.iter().map(|row| values[*row as usize]).collect::<Vec<u64>>();
    let repeated = Encoded {
        columns: data.columns.iter().map(|codes: &Codes| codes.of_rows(&rows)).collect(),
        labels: rows.iter().map(|row| data.labels[*row as usize]).collect(),
        groups: of(&data.groups),
        identities: of(&data.identities),
        times: Vec::new(),
        ..data.clone()
    };
    [weighed, repeated]
}

fn tree_margins(fitted: &Encoded, scored: &Encoded) -> Vec<i64> {
    let rows = fitted.all_rows();
    let prepared = prepare(fitted, &rows, 0);
    let mut booster = Booster::new(&prepared, TreeSettings { depth: 4, rate: 0.1, l2: 3.0, sample: 1.0 });
    for _ in 0..20 {
        booster.round().unwrap();
    }
    let forest = booster.finish(20);
    forest.margins(&Matrix::of_rows(&scored.columns, &forest.lookups, &scored.all_rows()))
}

fn linear_margins(fitted: &Encoded, scored: &Encoded) -> Vec<i64> {
    linear::fit(fitted, &fitted.all_rows(), 1.0).margins(&scored.columns, &scored.all_rows())
}

/// The largest distance of two lists of margins, in log-odds.
fn apart(left: &[i64], right: &[i64]) -> f64 {
    let apart = left.iter().zip(right).map(|(left, right)| left.abs_diff(*right)).max().unwrap();
    apart as f64 / f64::from(1 << 24)
}

#[test]
fn a_row_of_weight_two_is_a_row_twice() {
    let data = encoded(1_500);
    let [weighed, repeated] = doubled(&data);
    for margins in [tree_margins, linear_margins] {
        let (by_weight, by_rows) = (margins(&weighed, &data), margins(&repeated, &data));
        assert!(apart(&by_weight, &by_rows) < CLOSE, "{}", apart(&by_weight, &by_rows));
        assert!(apart(&by_weight, &margins(&data, &data)) > 0.01, "weights do something");
    }
}

#[test]
fn a_calibration_counts_weights() {
    let log_odds: Vec<f64> = (0..300).map(|row| f64::from(row % 30) / 6.0 - 3.0).collect();
    let labels: Vec<bool> = (0..300).map(|row| row * 7 % 31 < row % 30).collect();
    let weights: Vec<f64> = (0..300).map(|row| if row % 4 == 0 { 3.0 } else { 1.0 }).collect();
    let rows: Vec<usize> = (0..300).flat_map(|row| vec![row; weights[row] as usize]).collect();
    let many: Vec<f64> = rows.iter().map(|row| log_odds[*row]).collect();
    let their: Vec<bool> = rows.iter().map(|row| labels[*row]).collect();
    let by_weight = Calibration::fit(&log_odds, &labels, Some(&weights));
    let by_rows = Calibration::fit(&many, &their, None);
    assert!((by_weight.slope - by_rows.slope).abs() < 1e-6);
    assert!((by_weight.intercept - by_rows.intercept).abs() < 1e-6);
}

#[test]
fn weights_of_one_change_nothing() {
    let data = encoded(1_000);
    let ones = Encoded { weights: vec![1.0; data.len()], ..data.clone() };
    for learner in [Learner::Trees, Learner::Linear] {
        let settings = Settings { effort: Effort::Quick, ..settings(learner) };
        let fit = |data: &Encoded| procedure::fit(data, &data.all_rows(), &settings).unwrap();
        assert_eq!(fit(&ones), fit(&data), "{}", learner.name());
    }
}

#[test]
fn the_scale_of_weights_is_that_of_the_penalty() {
    // A weight far from 1 keeps its digits: a thousand times as many rows hardly feel the penalty.
    let data = encoded(1_000);
    let with = |weight: f64| Encoded { weights: vec![weight; data.len()], ..data.clone() };
    let spread = |weight: f64| {
        let margins = tree_margins(&with(weight), &data);
        margins.iter().max().unwrap() - margins.iter().min().unwrap()
    };
    assert!(spread(0.01) < spread(1.0) && spread(1.0) < spread(1000.0));
}
