//! Calibration: an affine map in log-odds, so that reasons add up to the calibrated log-odds exactly (Platt 1999).

use crate::number::{log_loss, log_odds, probability, sum, weight};

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

    /// The map under which the log loss of these rows, which were not learnt from, is least. `weights` count rows, one
    /// each if not given.
    #[must_use]
    pub fn fit(log_odds: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Self {
        let line = Line::fit(log_odds, labels, weights);
        if line.slope >= LEAST_SLOPE {
            return Self { intercept: line.intercept, slope: line.slope };
        }
        let shrunk: Vec<f64> = log_odds.iter().map(|value| value * LEAST_SLOPE).collect();
        Self { intercept: Line::fit_intercept(&shrunk, labels, weights), slope: LEAST_SLOPE }
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
    /// The line of least log loss. Newton's method on centred and scaled values, each step halved until the loss
    /// falls, so that no start and no spread of the values can throw it off.
    pub(crate) fn fit(values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Self {
        let weight = |row: usize| weight(weights, row);
        let rows = sum((0..values.len()).map(weight));
        let rows = if rows > 0.0 { rows } else { 1.0 };
        let mean = |of: &dyn Fn(f64) -> f64| {
            sum(values.iter().enumerate().map(|(row, value)| weight(row) * of(*value))) / rows
        };
        let centre = mean(&|value| value);
        let spread = mean(&|value| (value - centre) * (value - centre)).sqrt().max(1e-12);
        let scaled: Vec<f64> = values.iter().map(|value| (value - centre) / spread).collect();
        let positives = sum((0..labels.len()).filter(|row| labels[*row]).map(weight));
        let mut line = Self { intercept: log_odds((positives + 0.5) / (rows + 1.0)), slope: 0.0 };
        let mut loss = line.loss(&scaled, labels, weights);
        for _ in 0..100 {
            let target = line.newton(&scaled, labels, weights);
            let Some((next, next_loss)) = line.towards(target, loss, &scaled, labels, weights) else { break };
            let gained = loss - next_loss;
            (line, loss) = (next, next_loss);
            if gained <= 1e-15 * loss {
                break;
            }
        }
        let slope = line.slope / spread;
        Self { intercept: line.intercept - slope * centre, slope }
    }

    /// The point on the way to `target` at which the loss is below `loss`, as far along as halving finds one.
    fn towards(
        self,
        target: Self,
        loss: f64,
        values: &[f64],
        labels: &[bool],
        weights: Option<&[f64]>,
    ) -> Option<(Self, f64)> {
        let mut share = 1.0;
        while share > 1e-10 {
            let next = Self {
                intercept: self.intercept + share * (target.intercept - self.intercept),
                slope: self.slope + share * (target.slope - self.slope),
            };
            let next_loss = next.loss(values, labels, weights);
            if next_loss < loss {
                return Some((next, next_loss));
            }
            share /= 2.0;
        }
        None
    }

    fn loss(self, values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> f64 {
        let weight = |row: usize| weight(weights, row);
        let rows = values.iter().zip(labels).enumerate();
        sum(rows
            .map(|(row, (value, label))| weight(row) * log_loss(self.intercept + self.slope * value, *label)))
    }

    /// One Newton step from this line; from near the best line it lands on it. `weights` count rows, one each if not
    /// given.
    pub(crate) fn newton(self, values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Self {
        let step = self.step(values, labels, weights);
        let [by_intercept, mixed, by_slope] = step.curvature;
        let determinant = by_intercept * by_slope - mixed * mixed;
        // One value only, or labels parted perfectly: no line is best, the last one stands.
        if determinant.is_nan() || determinant <= 1e-12 * by_intercept * by_slope.max(1e-300) {
            return self;
        }
        Self {
            intercept: self.intercept - (by_slope * step.by_intercept - mixed * step.by_slope) / determinant,
            slope: self.slope - (by_intercept * step.by_slope - mixed * step.by_intercept) / determinant,
        }
    }

    fn step(self, values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Step {
        let rows: Vec<[f64; 3]> = values
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(row, (value, label))| {
                let weight = weight(weights, row);
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

    /// The best intercept when the slope is fixed at 1: the root of a rising function, by bisection.
    fn fit_intercept(values: &[f64], labels: &[bool], weights: Option<&[f64]>) -> f64 {
        let weight = |row: usize| weight(weights, row);
        let (mut low, mut high) = (-64.0, 64.0);
        for _ in 0..64 {
            let middle = (low + high) / 2.0;
            let surplus = values.iter().zip(labels).enumerate().map(|(row, (value, label))| {
                weight(row) * (probability(middle + value) - f64::from(u8::from(*label)))
            });
            if sum(surplus) > 0.0 { high = middle } else { low = middle }
        }
        (low + high) / 2.0
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
        let found = Calibration::fit(&values, &labels, None);
        assert!((found.intercept - 1.0).abs() < 5e-3 && (found.slope - 0.5).abs() < 5e-3, "{found:?}");
    }

    /// Labels in exact proportion to what a line says of normally spread log-odds.
    fn spread(centre: f64, deviation: f64, slope: f64) -> (Vec<f64>, Vec<bool>) {
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for step in -30..=30 {
            let off = f64::from(step) / 10.0;
            let rows = (4000.0 * probability(-off * off * 1.2)).round() as usize;
            let value = centre + deviation * off;
            let positives = (probability(centre + slope * deviation * off) * rows as f64).round() as usize;
            values.extend(std::iter::repeat_n(value, rows));
            labels.extend((0..rows).map(|row| row < positives));
        }
        (values, labels)
    }

    #[test]
    fn far_lines_are_found_too() {
        // Overconfident, underconfident and rare: where unguarded Newton steps run away.
        for (centre, deviation, slope) in
            [(-1.4, 3.0, 0.2), (-5.3, 1.0, 2.0), (-2.4, 0.5, 5.0), (-1.65, 3.0, 0.3)]
        {
            let (values, labels) = spread(centre, deviation, slope);
            let found = Line::fit(&values, &labels, None);
            assert!((found.slope - slope).abs() < 0.05 * slope + 0.02, "{slope}: {found:?}");
            let at_best = Line { intercept: centre - slope * centre, slope };
            assert!(found.loss(&values, &labels, None) <= at_best.loss(&values, &labels, None) + 1e-9);
        }
    }

    #[test]
    fn labels_parted_perfectly_end_the_search() {
        let values: Vec<f64> = (0..100).map(|row| f64::from(row) / 10.0).collect();
        let labels: Vec<bool> = (0..100).map(|row| row >= 50).collect();
        let found = Line::fit(&values, &labels, None);
        assert!(found.slope > 1.0 && found.slope.is_finite() && found.intercept.is_finite(), "{found:?}");
    }

    #[test]
    fn the_ranking_is_never_turned() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let labels: Vec<bool> = (0..100).map(|row| row < 50).collect();
        let found = Calibration::fit(&values, &labels, None);
        assert!(found.slope > 0.0 && found.intercept.is_finite(), "{found:?}");
    }
}
