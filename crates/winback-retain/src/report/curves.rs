//! ROC, precision-recall, gains and lift of judged rows, with pointwise 95 % bands.
//!
//! The rows are sorted once; each bootstrap draw is one pass over them. Equal scores are taken together, and between
//! two scores a curve goes straight in counts, so that ties neither flatter nor harm. The curve is of all rows; above
//! 50,000 rows the draws of its band are of an even sample of them, and the band is narrowed by the root of the
//! sample's share, so that a page for a million rows takes little longer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use winback_learn::metrics::{Bootstrap, Interval};

/// Draws of the bands.
const DRAWS: u64 = 200;
/// Rows from which bands are drawn, at most about.
const DRAWN_ROWS: usize = 50_000;
/// Steps of a curve.
const STEPS: usize = 100;
/// The place of lift among the curves, the only one that is no share.
const LIFT: usize = 3;

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
        Self::drawn(log_odds, labels, groups, seed, DRAWN_ROWS)
    }

    /// The same with bands from at most about `most` rows.
    fn drawn(log_odds: &[f64], labels: &[bool], groups: &[u64], seed: u64, most: usize) -> Self {
        let whole = evaluate(&steps(&descending(log_odds), log_odds, labels, None));
        let sample = even_sample(labels, groups, most);
        let scores: Vec<f64> = sample.iter().map(|row| log_odds[*row]).collect();
        let outcomes: Vec<bool> = sample.iter().map(|row| labels[*row]).collect();
        let of_sample: Vec<u64> = sample.iter().map(|row| groups[*row]).collect();
        let order = descending(&scores);
        let bootstrap = Bootstrap::new(&outcomes, &of_sample);
        let evaluated = |weights: Option<&[f64]>| evaluate(&steps(&order, &scores, &outcomes, weights));
        let middle = evaluated(None);
        let draws: Vec<[Vec<f64>; 4]> =
            (0..DRAWS).map(|number| evaluated(Some(&bootstrap.draw(seed, number)))).collect();
        let is_all = sample.len() == labels.len();
        let narrower = (sample.len() as f64 / labels.len().max(1) as f64).sqrt();
        let curve = |which: usize, x: &dyn Fn(usize) -> f64| -> Vec<Point> {
            let bound = if which == LIFT { f64::INFINITY } else { 1.0 };
            let point = |(index, y): (usize, &f64)| {
                let at = draws.iter().map(|draw| draw[which][index]).collect();
                let Interval { value, low, high } = Interval::of_draws(*y, at);
                let moved = |edge: f64| (y + (edge - middle[which][index]) * narrower).clamp(0.0, bound);
                let (low, high) = if is_all { (low, high) } else { (moved(low), moved(high)) };
                Point { x: x(index), y: value, low, high }
            };
            whole[which].iter().enumerate().map(point).collect()
        };
        Self {
            roc: curve(0, &dense),
            precision_recall: curve(1, &|index| even(index + 1)),
            gains: curve(2, &dense),
            lift: curve(LIFT, &|index| even(index + 1)),
        }
    }
}

/// Rows by falling scores.
fn descending(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    order
}

/// Whole groups, evenly chosen among those with a leaver and those without, that have about `most` rows together; all
/// rows where there are not more.
fn even_sample(labels: &[bool], groups: &[u64], most: usize) -> Vec<usize> {
    let stride = labels.len().div_ceil(most.max(1));
    if stride <= 1 {
        return (0..labels.len()).collect();
    }
    let mut left_of: BTreeMap<u64, bool> = BTreeMap::new();
    for (group, left) in groups.iter().zip(labels) {
        *left_of.entry(*group).or_default() |= left;
    }
    let (with, without): (Vec<_>, Vec<_>) = left_of.into_iter().partition(|(_, left)| *left);
    let every = |groups: Vec<(u64, bool)>| groups.into_iter().map(|(group, _)| group).step_by(stride);
    let chosen: BTreeSet<u64> = every(with).chain(every(without)).collect();
    (0..labels.len()).filter(|row| chosen.contains(&groups[*row])).collect()
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
    fn bands_from_a_sample_are_about_as_wide_as_those_from_all() {
        let (scores, labels, _) = rows();
        let groups: Vec<u64> = (0..2000).map(|row| row / 2).collect();
        assert_eq!(even_sample(&labels, &groups, 2000).len(), 2000);
        let sample = even_sample(&labels, &groups, 500);
        assert!((480..=520).contains(&sample.len()), "{}", sample.len());
        // A customer's rows are all in it or none.
        assert!(sample.chunks(2).all(|pair| groups[pair[0]] == groups[pair[1]]));
        let all = Curves::new(&scores, &labels, &groups, 1);
        let sampled = Curves::drawn(&scores, &labels, &groups, 1, 500);
        let width = |points: &[Point]| points.iter().map(|point| point.high - point.low).sum::<f64>();
        for (all, sampled) in [
            (&all.roc, &sampled.roc),
            (&all.gains, &sampled.gains),
            (&all.precision_recall, &sampled.precision_recall),
            (&all.lift, &sampled.lift),
        ] {
            let ratio = width(sampled) / width(all);
            assert!((0.7..1.4).contains(&ratio), "{ratio}");
            assert!(all.iter().zip(sampled).all(|(one, other)| (one.y - other.y).abs() < 1e-12));
            assert!(sampled.iter().all(|point| point.low <= point.high));
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
