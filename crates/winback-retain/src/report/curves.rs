//! ROC, precision-recall, gains and lift of judged rows, with pointwise 95 % bands.
//!
//! The rows are sorted once; each bootstrap draw is one pass over them. Equal scores are taken together, and between
//! two scores a curve goes straight in counts, so that ties neither flatter nor harm.

use serde::Serialize;
use winback_learn::metrics::{Bootstrap, Interval};

/// Draws of the bands.
const DRAWS: u64 = 200;
/// Steps of a curve.
const STEPS: usize = 100;

/// One point of a curve with its band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Where it stands.
    pub x: f64,
    /// The curve.
    pub y: f64,
    /// The lower edge of the band.
    pub low: f64,
    /// The upper edge of the band.
    pub high: f64,
}

/// The curves of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// The share of leavers found (y) by the share of stayers wrongly named (x).
    pub roc: Vec<Point>,
    /// The share of leavers among the named (y) by the share of leavers found (x).
    pub precision_recall: Vec<Point>,
    /// The share of leavers found (y) by the share of customers named (x).
    pub gains: Vec<Point>,
    /// How much more often the named leave than all (y) by the share of customers named (x).
    pub lift: Vec<Point>,
}

/// Leavers and stayers at or above a score.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    left: f64,
    stayed: f64,
}

impl Above {
    fn all(self) -> f64 {
        self.left + self.stayed
    }
}

/// Which of several places with the same x a curve takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    First,
    Last,
}

impl Curves {
    /// The curves of some rows; both outcomes must be among them. Rows of equal `groups` are drawn together.
    #[must_use]
    pub fn new(log_odds: &[f64], labels: &[bool], groups: &[u64], seed: u64) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|left, right| log_odds[*right].total_cmp(&log_odds[*left]));
        let whole = evaluate(&steps(&order, log_odds, labels, None));
        let bootstrap = Bootstrap::new(labels, groups);
        let draws: Vec<[Vec<f64>; 4]> = (0..DRAWS)
            .map(|number| evaluate(&steps(&order, log_odds, labels, Some(&bootstrap.draw(seed, number)))))
            .collect();
        let curve = |which: usize, x: &dyn Fn(usize) -> f64| -> Vec<Point> {
            let point = |(index, y): (usize, &f64)| {
                let at = draws.iter().map(|draw| draw[which][index]).collect();
                let Interval { value, low, high } = Interval::of_draws(*y, at);
                Point { x: x(index), y: value, low, high }
            };
            whole[which].iter().enumerate().map(point).collect()
        };
        Self {
            roc: curve(0, &dense),
            precision_recall: curve(1, &|index| even(index + 1)),
            gains: curve(2, &dense),
            lift: curve(3, &|index| even(index + 1)),
        }
    }
}

fn even(index: usize) -> f64 {
    index as f64 / STEPS as f64
}

/// Shares that lie close together near zero, where ROC and gains rise steeply.
fn dense(index: usize) -> f64 {
    even(index) * even(index)
}

/// The counts at each distinct score, from none to all.
fn steps(order: &[usize], log_odds: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Vec<Above> {
    let mut steps = vec![Above::default()];
    let mut above = Above::default();
    for (place, row) in order.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[*row]);
        if labels[*row] {
            above.left += weight;
        } else {
            above.stayed += weight;
        }
        let is_last_of_equals =
            order.get(place + 1).is_none_or(|next| log_odds[*next].total_cmp(&log_odds[*row]).is_ne());
        if is_last_of_equals {
            steps.push(above);
        }
    }
    steps
}

/// The four curves at their places: ROC, precision by recall, gains, lift.
fn evaluate(steps: &[Above]) -> [Vec<f64>; 4] {
    let total = steps.last().copied().unwrap_or_default();
    let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let dense: Vec<f64> = (0..=STEPS).map(dense).collect();
    let even: Vec<f64> = (1..=STEPS).map(even).collect();
    let roc = walk(steps, &dense, Take::Last, |above| ratio(above.stayed, total.stayed));
    let recall = walk(steps, &even, Take::First, |above| ratio(above.left, total.left));
    let gains = walk(steps, &dense, Take::Last, |above| ratio(above.all(), total.all()));
    let lift = walk(steps, &even, Take::Last, |above| ratio(above.all(), total.all()));
    let found = |above: &Above| ratio(above.left, total.left);
    [
        roc.iter().map(found).collect(),
        recall.iter().map(|above| ratio(above.left, above.all())).collect(),
        gains.iter().map(found).collect(),
        lift.iter().map(|above| ratio(found(above), ratio(above.all(), total.all()))).collect(),
    ]
}

/// The counts where a measure that never falls reaches each of some ascending targets.
fn walk(steps: &[Above], targets: &[f64], take: Take, measure: impl Fn(Above) -> f64) -> Vec<Above> {
    let mut place = 0;
    let reach = |target: &f64| {
        while let Some(next) = steps.get(place + 1) {
            let reached = measure(*next);
            let goes_on = if take == Take::Last { reached <= *target } else { reached < *target };
            if !goes_on {
                break;
            }
            place += 1;
        }
        let here = steps[place];
        let Some(next) = steps.get(place + 1) else { return here };
        let (from, to) = (measure(here), measure(*next));
        let share = if to > from { ((target - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
        Above {
            left: here.left + share * (next.left - here.left),
            stayed: here.stayed + share * (next.stayed - here.stayed),
        }
    };
    targets.iter().map(reach).collect()
}

#[cfg(test)]
mod tests {
    use winback_learn::metrics::Ranking;

    use super::*;

    fn area(points: &[Point]) -> f64 {
        points.windows(2).map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0).sum()
    }

    /// Scores that rise with the outcome, with many ties.
    fn rows() -> (Vec<f64>, Vec<bool>, Vec<u64>) {
        let labels: Vec<bool> = (0..2000_u64).map(|row| row * row % 7 == 1).collect();
        let scores: Vec<f64> = labels
            .iter()
            .enumerate()
            .map(|(row, left)| ((row * 37 % 101) as f64 + if *left { 30.0 } else { 0.0 }) / 20.0 - 4.0)
            .collect();
        (scores, labels, (0..2000).collect())
    }

    #[test]
    fn the_area_under_the_roc_curve_is_the_auc() {
        let (scores, labels, groups) = rows();
        let curves = Curves::new(&scores, &labels, &groups, 1);
        let auc = Ranking::new(&scores).roc_auc(&labels, None).unwrap();
        assert!((area(&curves.roc) - auc).abs() < 2e-3, "{} {auc}", area(&curves.roc));
    }

    #[test]
    fn gains_end_at_one_and_lift_too() {
        let (scores, labels, groups) = rows();
        let curves = Curves::new(&scores, &labels, &groups, 1);
        let (gains, lift) = (curves.gains.last().unwrap(), curves.lift.last().unwrap());
        assert!((gains.x - 1.0).abs() < 1e-12 && (gains.y - 1.0).abs() < 1e-12, "{gains:?}");
        assert!((lift.y - 1.0).abs() < 1e-12, "{lift:?}");
        assert!(curves.gains.windows(2).all(|pair| pair[0].y <= pair[1].y + 1e-12));
        let ranking = Ranking::new(&scores);
        assert!((curves.lift[9].y - ranking.lift(&labels, 10).unwrap()).abs() < 0.15);
    }

    #[test]
    fn bands_hold_their_curves_and_are_the_same_again() {
        let (scores, labels, groups) = rows();
        let curves = Curves::new(&scores, &labels, &groups, 1);
        assert_eq!(curves, Curves::new(&scores, &labels, &groups, 1));
        for curve in [&curves.roc, &curves.precision_recall, &curves.gains, &curves.lift] {
            assert!(curve.iter().all(|point| point.low <= point.high + 1e-12));
            let inside = curve
                .iter()
                .filter(|point| point.low <= point.y + 1e-12 && point.y <= point.high + 1e-12)
                .count();
            assert!(inside * 10 >= curve.len() * 9, "{inside}");
        }
    }

    #[test]
    fn a_perfect_order_has_the_curves_of_one() {
        let labels: Vec<bool> = (0..100).map(|row| row < 20).collect();
        let scores: Vec<f64> = (0..100).map(|row| -f64::from(row)).collect();
        let curves = Curves::new(&scores, &labels, &(0..100).collect::<Vec<_>>(), 1);
        assert!(curves.roc.iter().all(|point| point.y >= 1.0));
        assert!(curves.precision_recall.iter().all(|point| point.y >= 1.0));
        assert!((curves.lift[9].y - 5.0).abs() < 1e-9);
    }
}
