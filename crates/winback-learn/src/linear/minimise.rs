//! Minimising a smooth convex function: limited-memory BFGS (Liu and Nocedal 1989) with backtracking.

use crate::number::sum;

/// Steps and gradients remembered.
const MEMORY: usize = 12;
const MOST_STEPS: usize = 500;
/// The search ends when no part of the gradient is larger than this share of where it began.
const TOLERANCE: f64 = 1e-7;

/// A function to minimise: writes its gradient at the point and answers its value.
pub(super) type Function<'a> = &'a mut dyn FnMut(&[f64], &mut [f64]) -> f64;

/// One remembered step.
struct Step {
    moved: Vec<f64>,
    turned: Vec<f64>,
    curvature: f64,
}

/// The point of the least value, from a starting point.
pub(super) fn minimise(mut point: Vec<f64>, function: Function<'_>) -> Vec<f64> {
    let mut gradient = vec![0.0; point.len()];
    let mut value = function(&point, &mut gradient);
    let enough = TOLERANCE * largest(&gradient).max(1e-12);
    let mut memory: Vec<Step> = Vec::new();
    for _ in 0..MOST_STEPS {
        if largest(&gradient) <= enough {
            break;
        }
        let direction = descent(&gradient, &memory);
        let slope = dot(&gradient, &direction);
        let mut length = if memory.is_empty() { 1.0 / largest(&gradient) } else { 1.0 };
        let mut next_gradient = vec![0.0; point.len()];
        let next = loop {
            let next: Vec<f64> = point.iter().zip(&direction).map(|(at, step)| at + length * step).collect();
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope {
                value = next_value;
                break Some(next);
            }
            length /= 2.0;
            if length < 1e-12 {
                break None;
            }
        };
        // Where no step goes down any more, the digits of a float are used up.
        let Some(next) = next else { break };
        remember(&mut memory, &point, &next, &gradient, &next_gradient);
        point = next;
        gradient = next_gradient;
    }
    point
}

/// The direction of descent by the two-loop recursion.
fn descent(gradient: &[f64], memory: &[Step]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for step in memory.iter().rev() {
        let share = dot(&step.moved, &direction) / step.curvature;
        add(&mut direction, -share, &step.turned);
        shares.push(share);
    }
    if let Some(last) = memory.last() {
        let scale = last.curvature / dot(&last.turned, &last.turned);
        direction.iter_mut().for_each(|part| *part *= scale);
    }
    for (step, share) in memory.iter().zip(shares.iter().rev()) {
        let correction = share - dot(&step.turned, &direction) / step.curvature;
        add(&mut direction, correction, &step.moved);
    }
    direction
}

fn remember(memory: &mut Vec<Step>, point: &[f64], next: &[f64], gradient: &[f64], next_gradient: &[f64]) {
    let difference =
        |left: &[f64], right: &[f64]| left.iter().zip(right).map(|(left, right)| left - right).collect();
    let (moved, turned): (Vec<f64>, Vec<f64>) =
        (difference(next, point), difference(next_gradient, gradient));
    let curvature = dot(&moved, &turned);
    if curvature > 1e-14 {
        if memory.len() == MEMORY {
            memory.remove(0);
        }
        memory.push(Step { moved, turned, curvature });
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    sum(left.iter().zip(right).map(|(left, right)| left * right))
}

fn add(to: &mut [f64], share: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += share * what;
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::number::{log_loss, probability};

    #[test]
    fn a_ridge_logistic_regression_equals_scikit_learns() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../../testdata/logistic/logistic.json")).unwrap();
        let numbers = |value: &Value| -> Vec<f64> {
            value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let rows: Vec<Vec<f64>> = fixture["rows"].as_array().unwrap().iter().map(numbers).collect();
        let labels: Vec<bool> = numbers(&fixture["labels"]).iter().map(|label| *label > 0.5).collect();
        let fits = fixture["fits"].as_array().unwrap();
        assert_eq!(fits.len(), 3);
        for fit in fits {
            let penalty = fit["penalty"].as_f64().unwrap();
            let found = minimise(vec![0.0; 6], &mut |weights, gradient| {
                gradient.fill(0.0);
                let mut loss = penalty / 2.0 * dot(&weights[1..], &weights[1..]);
                for (row, label) in rows.iter().zip(&labels) {
                    let margin = weights[0] + dot(&weights[1..], row);
                    loss += log_loss(margin, *label);
                    let residual = probability(margin) - f64::from(u8::from(*label));
                    gradient[0] += residual;
                    add(&mut gradient[1..], residual, row);
                }
                add(&mut gradient[1..], penalty, &weights[1..]);
                loss
            });
            assert!((found[0] - fit["intercept"].as_f64().unwrap()).abs() < 1e-5);
            for (found, expected) in found[1..].iter().zip(numbers(&fit["coefficients"])) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}
