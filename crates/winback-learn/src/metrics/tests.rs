//! Every measure against scikit-learn and scipy (`testdata/metrics`).

use serde_json::Value;

use super::*;
use crate::calibrate::Line;
use crate::number::log_odds;

const TOLERANCE: f64 = 1e-7;

struct Case {
    name: String,
    log_odds: Vec<f64>,
    labels: Vec<bool>,
    weights: Vec<f64>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let fixture: Value =
        serde_json::from_str(include_str!("../../../../testdata/metrics/metrics.json")).unwrap();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let case = |case: &Value| Case {
        name: case["name"].as_str().unwrap().to_owned(),
        log_odds: numbers(&case["scores"]).iter().map(|score| log_odds(*score)).collect(),
        labels: numbers(&case["labels"]).iter().map(|label| *label > 0.5).collect(),
        weights: numbers(&case["weights"]),
        expected: case.clone(),
    };
    fixture["cases"].as_array().unwrap().iter().map(case).collect()
}

fn check(case: &Case, name: &str, found: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{}: no {name}", case.name));
    assert!((found - expected).abs() < tolerance, "{}: {name} is {found}, expected {expected}", case.name);
}

#[test]
fn measures_equal_scikit_learns() {
    let cases = cases();
    assert!(cases.len() >= 6);
    for case in &cases {
        let (log_odds, labels, expected) = (&case.log_odds[..], &case.labels[..], &case.expected);
        let ranking = Ranking::new(log_odds);
        let check = |name: &str, found: f64| check(case, name, found, &expected[name], TOLERANCE);
        check("roc_auc", ranking.roc_auc(labels, None).unwrap());
        check("average_precision", ranking.average_precision(labels, None).unwrap());
        check("log_loss", log_loss(log_odds, labels, None));
        check("brier", brier(log_odds, labels, None));
        check("ks", ranking.kolmogorov_smirnov(labels).unwrap());
        check("lift_at_5pct", ranking.lift(labels, 5).unwrap());
        check("lift_at_10pct", ranking.lift(labels, 10).unwrap());
        check("lift_at_20pct", ranking.lift(labels, 20).unwrap());
        check("expected_calibration_error", expected_calibration_error(log_odds, labels));
        check("delong_standard_error", ranking.delong_standard_error(labels).unwrap());
    }
}

#[test]
fn weighted_measures_equal_scikit_learns() {
    for case in &cases() {
        let (log_odds, labels, weights) = (&case.log_odds[..], &case.labels[..], Some(&case.weights[..]));
        let ranking = Ranking::new(log_odds);
        let check =
            |name: &str, found: f64| check(case, name, found, &case.expected["weighted"][name], TOLERANCE);
        check("roc_auc", ranking.roc_auc(labels, weights).unwrap());
        check("average_precision", ranking.average_precision(labels, weights).unwrap());
        check("log_loss", log_loss(log_odds, labels, weights));
        check("brier", brier(log_odds, labels, weights));
    }
}

#[test]
fn the_calibration_line_equals_scikit_learns() {
    for case in &cases() {
        let line = Line::fit(&case.log_odds, &case.labels, None);
        check(case, "slope", line.slope, &case.expected["calibration_slope"], 1e-5);
        check(case, "intercept", line.intercept, &case.expected["calibration_intercept"], 1e-5);
    }
}

#[test]
fn intervals_hold_their_figures_and_do_not_depend_on_threads() {
    let case = cases().into_iter().find(|case| case.name == "miscalibrated_800").unwrap();
    let mut judged = Judged::default();
    let groups: Vec<u64> = (0..case.labels.len() as u64).map(|row| row / 2).collect();
    judged.push_part(&case.log_odds[..400], &case.labels[..400], &groups[..400]);
    judged.push_part(&case.log_odds[400..], &case.labels[400..], &groups[400..]);
    let alone =
        rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| report(&judged, 1));
    let together =
        rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap().install(|| report(&judged, 1));
    assert_eq!(alone, together);
    for interval in
        [alone.roc_auc, alone.average_precision, alone.log_loss, alone.brier, alone.calibration.slope]
    {
        assert!(interval.low < interval.value && interval.value < interval.high, "{interval:?}");
    }
    // The bootstrap and DeLong agree about how sure the AUC is.
    let width = (alone.roc_auc.high - alone.roc_auc.low) / 2.0 / 1.96;
    let part = |range: std::ops::Range<usize>| {
        Ranking::new(&case.log_odds[range.clone()]).delong_standard_error(&case.labels[range]).unwrap()
    };
    let delong = (part(0..400).powi(2) + part(400..800).powi(2)).sqrt() / 2.0; // tidy: allow float because powi(2) is exact
    assert!((width / delong - 1.0).abs() < 0.25, "{width} {delong}");
}
