//! Calibration: an affine map in log-odds, so that reasons add up to the calibrated log-odds exactly (Platt 1999).

use crate::number::{probability, sum};

/// `intercept + slope × log-odds`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Added to every row, in log-odds.
    pub intercept: f64,
    /// What log-odds are multiplied with; positive, so that the ranking stays.
    pub slope: f64,
}

/// A slope below this would turn or flatten the ranking; it is seen only where nothing can be learnt.
const LEAST_SLOPE: f64 = 0.05;

impl Calibration {
    /// The map that changes nothing.
    pub const IDENTITY: Self = Self { intercept: 0.0, slope: 1.0 };

    /// The map under which the log loss of these rows, which were not learnt from, is least.
    #[must_use]
    pub fn fit(log_odds: &[f64], labels: &[bool]) -> Self {
        let line = Line::fit(log_odds, labels, None);
        if line.slope >= LEAST_SLOPE {
            return Self { intercept: line.intercept, slope: line.slope };
        }
        let shrunk: Vec<f64> = log_odds.iter().map(|value| value * LEAST_SLOPE).collect();
        Self { intercept: Line::fit_intercept(&shrunk, labels), slope: LEAST_SLOPE }
    }

    /// The calibrated log-odds.
    #[must_use]
    pub fn apply(&self, log_odds: f64) -> f64 {
        self.intercept + self.slope * log_odds
    }
}

/// A logistic regression of the label on one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    pub(crate) intercept: f64,
    pub(crate) slope: f64,
}

/// Gradient and curvature of the log loss of a line.
struct Step {
    by_intercept: f64,
    by_slope: f64,
    curvature: [f64; 3],
}

impl Line {
    /// The line of least log loss; `weights` count rows, one each if not given. Newton's method.
    pub(crate) fn fit(values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Self {
        let mut line = Self { intercept: 0.0, slope: 1.0 };
        for _ in 0..50 {
            let next = line.newton(values, labels, weights);
            let moved = (next.intercept - line.intercept).abs() + (next.slope - line.slope).abs();
            line = next;
            if moved < 1e-12 {
                break;
            }
        }
        line
    }

    /// One Newton step from this line; from near the best line it lands on it.
    pub(crate) fn newton(self, values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Self {
        let step = self.step(values, labels, weights);
        let [by_intercept, mixed, by_slope] = step.curvature;
        let determinant = by_intercept * by_slope - mixed * mixed;
        // One value only, or labels parted perfectly: no line is best, the last one stands.
        if determinant.is_nan() || determinant <= 1e-12 * by_intercept * by_slope.max(1e-300) {
            return self;
        }
        let intercept = (by_slope * step.by_intercept - mixed * step.by_slope) / determinant;
        let slope = (by_intercept * step.by_slope - mixed * step.by_intercept) / determinant;
        // Steps are bounded, so that a flat start cannot throw the line away.
        let bounded = |step: f64| step.clamp(-4.0, 4.0);
        Self { intercept: self.intercept - bounded(intercept), slope: self.slope - bounded(slope) }
    }

    fn step(self, values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Step {
        let rows: Vec<[f64; 3]> = values
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(row, (value, label))| {
                let weight = weights.map_or(1.0, |weights| weights[row]);
                let expected = probability(self.intercept + self.slope * value);
                [
                    weight * (expected - f64::from(u8::from(*label))),
                    weight * expected * (1.0 - expected),
                    *value,
                ]
            })
            .collect();
        Step {
            by_intercept: sum(rows.iter().map(|row| row[0])),
            by_slope: sum(rows.iter().map(|row| row[0] * row[2])),
            curvature: [
                sum(rows.iter().map(|row| row[1])),
                sum(rows.iter().map(|row| row[1] * row[2])),
                sum(rows.iter().map(|row| row[1] * row[2] * row[2])),
            ],
        }
    }

    /// The best intercept when the slope is fixed at 1.
    fn fit_intercept(values: &[f64], labels: &[bool]) -> f64 {
        let mut line = Self { intercept: 0.0, slope: 1.0 };
        for _ in 0..100 {
            let step = line.step(values, labels, None);
            line.intercept -= (step.by_intercept / step.curvature[0].max(1e-12)).clamp(-4.0, 4.0);
        }
        line.intercept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_distortion_is_undone() {
        // Labels in exact proportion to the probability of half the log-odds plus one.
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for step in -20..=20 {
            let value = f64::from(step) / 5.0;
            let positives = (probability(1.0 + 0.5 * value) * 1000.0).round() as usize;
            values.extend([value; 1000]);
            labels.extend((0..1000).map(|row| row < positives));
        }
        let found = Calibration::fit(&values, &labels);
        assert!((found.intercept - 1.0).abs() < 5e-3 && (found.slope - 0.5).abs() < 5e-3, "{found:?}");
    }

    #[test]
    fn the_ranking_is_never_turned() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let labels: Vec<bool> = (0..100).map(|row| row < 50).collect();
        let found = Calibration::fit(&values, &labels);
        assert!(found.slope > 0.0 && found.intercept.is_finite(), "{found:?}");
    }
}
