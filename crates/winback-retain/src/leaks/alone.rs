//! What one column says of the label alone: its codes, and the AUC of its out-of-fold means.

use winback_learn::encode::bins::{bins, borders};
use winback_learn::folds::fold_of;
use winback_learn::metrics::Ranking;

use super::rows::{Column, Rows, Values};

/// Folds of groups; the rows of one are judged by the means of the others.
const FOLDS: usize = 5;
const SALT: u64 = 7;

/// Numbers with at most so many different values are looked at value by value, too.
const MOST_VALUES: usize = 254;
const ROWS_IN_A_BIN: usize = 40;

/// One column on its own.
#[derive(Debug)]
pub(super) struct Alone {
    /// Its out-of-fold AUC, at least 0.5.
    pub(super) auc: f64,
    /// The codes it was judged by: bins of about equal size, or values; 0 is missing.
    pub(super) codes: Vec<u32>,
    /// How many codes there are.
    pub(super) code_count: usize,
    /// How many different values the column has.
    pub(super) values: usize,
}

impl Alone {
    pub(super) fn new(column: &Column, rows: &Rows) -> Self {
        let mut best: Option<Self> = None;
        let (codings, values) = codings(column);
        for (codes, code_count) in codings {
            let auc = out_of_fold_auc(&codes, code_count, &rows.labels, &rows.groups);
            if best.as_ref().is_none_or(|best| best.auc < auc) {
                best = Some(Self { auc, codes, code_count, values });
            }
        }
        let mut best = best.expect("every column has at least one coding");
        if let Values::Numbers(numbers) = &column.values {
            best.auc = best.auc.max(rank_auc(numbers, &rows.labels));
        }
        best.auc = best.auc.max(0.5);
        best
    }
}

/// The ways in which a column's values become codes, and how many different values there are.
fn codings(column: &Column) -> (Vec<(Vec<u32>, usize)>, usize) {
    match &column.values {
        Values::Levels(codes, levels) => (vec![(codes.clone(), levels + 1)], *levels),
        Values::Numbers(numbers) => {
            let mut sorted: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let few = (sorted.len() / ROWS_IN_A_BIN).clamp(8, 64);
            let short: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
            let coded = |most: usize| {
                let borders = borders(&sorted, most);
                let codes = bins(&borders, &short).into_iter().map(u32::from);
                (codes.collect(), borders.len() + 2)
            };
            let mut found = vec![coded(few)];
            let distinct = sorted.chunk_by(|left, right| left.total_cmp(right).is_eq()).count();
            if few < distinct && distinct <= MOST_VALUES {
                found.push(coded(MOST_VALUES));
            }
            (found, distinct)
        }
    }
}

/// Rows of a code, and the positive ones.
#[derive(Debug, Clone, Copy, Default)]
struct Mass {
    rows: f64,
    positives: f64,
}

/// The AUC of codes by their share of positives in the other folds of `groups`, the mean over folds.
pub(super) fn out_of_fold_auc(codes: &[u32], code_count: usize, labels: &[bool], groups: &[u64]) -> f64 {
    let mut by_fold = vec![vec![Mass::default(); code_count]; FOLDS];
    for ((code, label), group) in codes.iter().zip(labels).zip(groups) {
        let mass = &mut by_fold[fold_of(*group, SALT, FOLDS)][*code as usize];
        mass.rows += 1.0;
        mass.positives += f64::from(u8::from(*label));
    }
    let prior = labels.iter().filter(|label| **label).count() as f64 / labels.len().max(1) as f64;
    let (mut total, mut folds) = (0.0, 0.0);
    for fold in 0..FOLDS {
        let mut ranked: Vec<(f64, Mass)> = (0..code_count)
            .filter(|code| by_fold[fold][*code].rows > 0.0)
            .map(|code| {
                let others = (0..FOLDS).filter(|other| *other != fold).map(|other| by_fold[other][code]);
                let (rows, positives) =
                    others.fold((0.0, 0.0), |sum, mass| (sum.0 + mass.rows, sum.1 + mass.positives));
                ((positives + prior) / (rows + 1.0), by_fold[fold][code])
            })
            .collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        if let Some(auc) = auc_of_runs(&ranked) {
            total += auc;
            folds += 1.0;
        }
    }
    if folds > 0.0 { total / folds } else { 0.5 }
}

/// The AUC of masses in descending order of their score; equal scores share their places.
fn auc_of_runs(ranked: &[(f64, Mass)]) -> Option<f64> {
    let (mut area, mut above, mut negatives) = (0.0, 0.0, 0.0);
    for run in ranked.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq()) {
        let positive: f64 = run.iter().map(|(_, mass)| mass.positives).sum();
        let negative: f64 = run.iter().map(|(_, mass)| mass.rows - mass.positives).sum();
        area += negative * (above + positive / 2.0);
        above += positive;
        negatives += negative;
    }
    (above > 0.0 && negatives > 0.0).then(|| area / (above * negatives))
}

/// The AUC of numbers by their order, whichever way round, missing left out; 0.5 unless nearly all rows have one.
fn rank_auc(numbers: &[f64], labels: &[bool]) -> f64 {
    let present: Vec<usize> = (0..numbers.len()).filter(|row| !numbers[*row].is_nan()).collect();
    if 20 * present.len() < 19 * numbers.len() {
        return 0.5;
    }
    let scores: Vec<f64> = present.iter().map(|row| numbers[*row] + 0.0).collect();
    let labels: Vec<bool> = present.iter().map(|row| labels[*row]).collect();
    either_way(&scores, &labels)
}

/// The AUC of scores, or of their opposites if that is larger.
pub(super) fn either_way(scores: &[f64], labels: &[bool]) -> f64 {
    let auc = Ranking::new(scores).roc_auc(labels, None).unwrap_or(0.5);
    auc.max(1.0 - auc)
}
