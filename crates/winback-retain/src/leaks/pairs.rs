//! Two columns that decide the label together, though neither does alone: a difference that is negative, a ratio
//! beyond a limit, two codes that agree.
//!
//! Pairs are many, so they are looked at in three steps, each on what the one before let through: sums, differences,
//! ratios and products of a few hundred rows; a grid of coarse codes; the nearest rows of other customers (Fix and
//! Hodges 1951), which see a border of any form. What is reported is always out of fold, or by order alone.

use rayon::prelude::*;
use winback_table::parted;

use super::alone::{Alone, either_way, out_of_fold_auc};
use super::rows::{Rows, Values};
use super::{DECIDES, LEAST_OF_A_CLASS};
use crate::findings::{Finding, Severity};

/// Columns of which all pairs are looked at; of a wider table those that say most of the label alone.
const MOST_COLUMNS: usize = 120;
/// Rows of each class that pairs are looked at with; an AUC does not depend on the share of the classes.
const ROWS_OF_A_CLASS: usize = 2_000;
/// Rows of each class for a first look at numbers.
const FIRST_LOOK: usize = 250;
/// What a first look must show for a second one.
const PROMISING: f64 = 0.97;
/// What a grid must show for its neighbours to be looked at, and how much more than the stronger column alone.
const WORTH_NEIGHBOURS: f64 = 0.93;
/// Rows of each class whose neighbours are looked at.
const NEIGHBOURS_OF_A_CLASS: usize = 750;
/// A pair leaves at most this part of what its stronger column leaves of the way to an AUC of 1.
const SAYS_MORE: f64 = 0.5;
/// Rows of the rarer outcome below which no pair is looked at: of thousands of pairs one decides so few by chance.
const LEAST_LEAVERS: usize = 30;
/// Neighbours that vote.
const NEIGHBOURS: usize = 7;
/// Codes of a coarse axis of the grid.
const AXIS: usize = 12;

/// The rows that pairs are looked at with.
struct Chosen {
    rows: Vec<usize>,
    labels: Vec<bool>,
    groups: Vec<u64>,
}

/// One column in the rows chosen.
struct Axis {
    /// Numbers as they stand; empty for levels.
    numbers: Vec<f64>,
    /// Coarse codes.
    codes: Vec<u32>,
    code_count: usize,
    /// The place among the rows, from 0 to 1; levels keep far apart.
    places: Vec<f64>,
}

/// A finding for each pair of `free` columns that decides the label.
pub(super) fn deciding(rows: &Rows, alone: &[Alone], free: &[usize]) -> Vec<Finding> {
    let mut columns = free.to_vec();
    columns.sort_by(|left, right| alone[*right].auc.total_cmp(&alone[*left].auc));
    columns.truncate(MOST_COLUMNS);
    columns.sort_unstable();
    let chosen = Chosen::new(rows, ROWS_OF_A_CLASS);
    let positives = chosen.labels.iter().filter(|label| **label).count();
    if positives.min(chosen.labels.len() - positives) < LEAST_LEAVERS {
        return Vec::new();
    }
    let mut candidates: Vec<Candidate<'_>> = columns
        .iter()
        .map(|column| Candidate {
            name: &rows.columns[*column].name,
            alone: alone[*column].auc,
            axis: Axis::new(&rows.columns[*column].values, &alone[*column], &chosen),
        })
        .collect();
    // A date after the moment that a row describes gives the outcome away, though nothing is learnt from the moment.
    if let Some(moment) = &rows.moment {
        let times: Vec<f64> = rows.times.iter().map(|time| *time as f64).collect();
        candidates.push(Candidate { name: moment, alone: 0.5, axis: Axis::numbers(&times, &chosen) });
    }
    let pairs: Vec<(usize, usize)> = (0..candidates.len())
        .flat_map(|left| (left + 1..candidates.len()).map(move |right| (left, right)))
        .collect();
    let judge = |(left, right): &(usize, usize)| {
        let (left, right) = (&candidates[*left], &candidates[*right]);
        let stronger = left.alone.max(right.alone);
        let (auc, how) = together(&left.axis, &right.axis, &chosen, stronger);
        // A pair that says hardly more than its stronger column names an innocent one.
        let says_more = 1.0 - auc <= SAYS_MORE * (1.0 - stronger);
        (DECIDES <= auc && says_more).then_some((auc, how))
    };
    // The parallel map keeps the order of the pairs.
    let judged: Vec<Option<(f64, &'static str)>> = pairs.par_iter().map(judge).collect();
    let found = pairs.iter().zip(judged).filter_map(|(pair, judged)| Some((*pair, judged?)));
    let findings = found.map(|((left, right), (auc, how))| {
        let (left, right) = (&candidates[left], &candidates[right]);
        Finding {
            severity: Severity::Block,
            kind: "pair-decides-label".to_owned(),
            evidence: format!(
                "AUC {auc:.4} of {how} on {} rows looked at; alone {:.4} and {:.4}",
                parted(chosen.rows.len() as u64),
                left.alone,
                right.alone
            ),
            message: format!(
                "`{}` and `{}` decide the label together, so one of them was made from the outcome; leave it out",
                left.name, right.name
            ),
            columns: vec![left.name.to_owned(), right.name.to_owned()],
        }
    });
    findings.collect()
}

/// A column of which pairs are looked at.
struct Candidate<'a> {
    name: &'a str,
    alone: f64,
    axis: Axis,
}

impl Chosen {
    /// At most so many rows of each class, evenly chosen, in their order.
    fn new(rows: &Rows, of_a_class: usize) -> Self {
        let mut chosen: Vec<usize> = Vec::new();
        for class in [false, true] {
            let members: Vec<usize> = (0..rows.len()).filter(|row| rows.labels[*row] == class).collect();
            let stride = members.len().div_ceil(of_a_class).max(1);
            chosen.extend(members.iter().step_by(stride));
        }
        chosen.sort_unstable();
        Self {
            labels: chosen.iter().map(|row| rows.labels[*row]).collect(),
            groups: chosen.iter().map(|row| rows.groups[*row]).collect(),
            rows: chosen,
        }
    }

    /// The places of at most so many rows of each class among the rows chosen.
    fn fewer(&self, of_a_class: usize) -> Vec<usize> {
        let mut fewer: Vec<usize> = Vec::new();
        for class in [false, true] {
            let members: Vec<usize> = (0..self.rows.len()).filter(|row| self.labels[*row] == class).collect();
            let stride = members.len().div_ceil(of_a_class).max(1);
            fewer.extend(members.iter().step_by(stride));
        }
        fewer.sort_unstable();
        fewer
    }
}

impl Axis {
    fn new(values: &Values, alone: &Alone, chosen: &Chosen) -> Self {
        match values {
            Values::Numbers(numbers) => Self::numbers(numbers, chosen),
            Values::Levels(..) => {
                let mut counts = vec![0_u64; alone.code_count];
                chosen.rows.iter().for_each(|row| counts[alone.codes[*row] as usize] += 1);
                let mut frequent: Vec<usize> = (0..alone.code_count).collect();
                frequent.sort_by_key(|code| std::cmp::Reverse(counts[*code]));
                let mut coarse = vec![AXIS as u32; alone.code_count];
                frequent.iter().take(AXIS).enumerate().for_each(|(rank, code)| coarse[*code] = rank as u32);
                let codes = chosen.rows.iter().map(|row| coarse[alone.codes[*row] as usize]).collect();
                // Two different levels are further apart than any two numbers.
                let places = chosen.rows.iter().map(|row| 4.0 * f64::from(alone.codes[*row])).collect();
                Self { numbers: Vec::new(), codes, code_count: AXIS + 1, places }
            }
        }
    }

    fn numbers(numbers: &[f64], chosen: &Chosen) -> Self {
        let numbers: Vec<f64> = chosen.rows.iter().map(|row| numbers[*row]).collect();
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        order.sort_by(|left, right| numbers[*left].total_cmp(&numbers[*right]));
        let present = numbers.iter().filter(|number| !number.is_nan()).count();
        let mut places = vec![f64::NAN; numbers.len()];
        let mut from = 0;
        for run in order.chunk_by(|left, right| numbers[*left].total_cmp(&numbers[*right]).is_eq()) {
            let middle = from as f64 + (run.len() - 1) as f64 / 2.0;
            from += run.len();
            for row in run.iter().filter(|row| !numbers[**row].is_nan()) {
                places[*row] = middle / (present.max(2) - 1) as f64;
            }
        }
        let code = |place: &f64| {
            if place.is_nan() { 0 } else { 1 + ((place * AXIS as f64) as u32).min(AXIS as u32 - 1) }
        };
        Self { codes: places.iter().map(code).collect(), code_count: AXIS + 1, numbers, places }
    }

    fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }
}

/// The AUC of two columns together, and what shows it.
fn together(left: &Axis, right: &Axis, chosen: &Chosen, stronger: f64) -> (f64, &'static str) {
    let mut best = (0.5, "");
    if left.has_numbers() && right.has_numbers() {
        best = derived(left, right, chosen);
        if DECIDES <= best.0 {
            return best;
        }
    }
    let codes: Vec<u32> = left
        .codes
        .iter()
        .zip(&right.codes)
        .map(|(left, right_code)| left * right.code_count as u32 + right_code)
        .collect();
    let code_count = left.code_count * right.code_count;
    let grid = out_of_fold_auc(&codes, code_count, &chosen.labels, &chosen.groups);
    if grid > best.0 {
        best = (grid, "a grid of both, out of fold");
    }
    if best.0 < DECIDES && WORTH_NEIGHBOURS <= grid && stronger < grid {
        let neighbours = by_neighbours(left, right, chosen);
        if neighbours > best.0 {
            best = (neighbours, "the nearest rows in both, out of fold");
        }
    }
    best
}

type Combined = (&'static str, fn(f64, f64) -> f64);

/// How two numbers make one.
const COMBINED: [Combined; 5] = [
    ("their difference", |left, right| left - right),
    ("their sum", |left, right| left + right),
    // Both ways round: where one of them is often zero, only one way has a value.
    ("their ratio", |left, right| left / right),
    ("their ratio", |left, right| right / left),
    ("their distance", |left, right| -(left - right).abs()),
];

/// The best AUC of a number made of two by its order alone.
fn derived(left: &Axis, right: &Axis, chosen: &Chosen) -> (f64, &'static str) {
    let first = chosen.fewer(FIRST_LOOK);
    let all: Vec<usize> = (0..chosen.rows.len()).collect();
    let mut best = (0.5, "");
    for (name, combine) in COMBINED {
        let auc = |among: &[usize]| {
            let (mut scores, mut labels) = (Vec::new(), Vec::new());
            for row in among {
                let score = combine(left.numbers[*row], right.numbers[*row]) + 0.0;
                if score.is_finite() {
                    scores.push(score);
                    labels.push(chosen.labels[*row]);
                }
            }
            let positives = labels.iter().filter(|label| **label).count();
            let is_enough = LEAST_OF_A_CLASS <= positives.min(labels.len() - positives)
                && among.len() * 19 <= scores.len() * 20;
            if is_enough { either_way(&scores, &labels) } else { 0.5 }
        };
        if PROMISING <= auc(&first) {
            let auc = auc(&all);
            if auc > best.0 {
                best = (auc, name);
            }
        }
    }
    best
}

/// The AUC of the share of positives among the nearest rows of other groups.
fn by_neighbours(left: &Axis, right: &Axis, chosen: &Chosen) -> f64 {
    let among = chosen.fewer(NEIGHBOURS_OF_A_CLASS);
    let apart = |one: f64, other: f64| match (one.is_nan(), other.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (one - other).abs(),
        _ => 4.0,
    };
    let scores: Vec<f64> = among
        .iter()
        .map(|row| {
            // The nearest so far, the farthest of them last.
            let mut nearest: Vec<(f64, bool)> = Vec::with_capacity(NEIGHBOURS + 1);
            for other in among.iter().filter(|other| chosen.groups[**other] != chosen.groups[*row]) {
                let distance = apart(left.places[*row], left.places[*other])
                    + apart(right.places[*row], right.places[*other]);
                let is_near = nearest.len() < NEIGHBOURS
                    || nearest.last().is_some_and(|(farthest, _)| distance < *farthest);
                if is_near {
                    let place = nearest.partition_point(|(near, _)| *near <= distance);
                    nearest.insert(place, (distance, chosen.labels[*other]));
                    nearest.truncate(NEIGHBOURS);
                }
            }
            // Nearer rows count more, so that the scores of border rows differ.
            nearest
                .iter()
                .map(|(distance, label)| (f64::from(u8::from(*label)) - 0.5) / (distance + 0.01))
                .sum::<f64>()
        })
        .collect();
    let labels: Vec<bool> = among.iter().map(|row| chosen.labels[*row]).collect();
    let auc = winback_learn::metrics::Ranking::new(&scores).roc_auc(&labels, None);
    auc.unwrap_or(0.5)
}
