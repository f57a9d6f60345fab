//! Target statistics: a category becomes the share of positives among its rows, shrunk towards the overall share.
//!
//! For training rows the statistic is taken across folds, so that no row sees its own label; for new rows, and for rows
//! used to judge or calibrate, it is taken over all training rows (Micci-Barreca 2001). Levels with few rows are pooled
//! with the unseen ones.

use winback_kernels::MOST_BORDERS;

use super::bins::{self, borders_of_counted};
use super::{Codes, FIRST_LEVEL, OTHER_LEVEL, ROWS_PER_LEVEL};
use crate::folds::fold_of;
use crate::number::weight;

/// The overall share counts as so many rows of each level.
const PRIOR_ROWS: f64 = 10.0;
const FOLDS: usize = 5;
const SALT: u64 = 0x7461_7267;

/// A category column as numbers for training: the borders, the bins of the training rows, and the bin of each code.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetBins {
    /// Bins of the training rows, in their order; never the missing bin.
    pub training: Vec<u8>,
    /// The bin of each code for new rows.
    pub by_code: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    rows: f64,
    positives: f64,
}

impl Tally {
    fn add(&mut self, label: bool, weight: f64) {
        self.rows += weight;
        self.positives += if label { weight } else { 0.0 };
    }

    fn share(self, overall: f64) -> f32 {
        ((self.positives + PRIOR_ROWS * overall) / (self.rows + PRIOR_ROWS)) as f32
    }

    fn without(self, other: Self) -> Self {
        Self { rows: self.rows - other.rows, positives: self.positives - other.positives }
    }
}

/// The rows of a training part as one column sees them.
struct Counted {
    /// Each code to the code it is pooled into.
    pooled: Vec<u32>,
    /// By pooled code, over all training rows.
    totals: Vec<Tally>,
    overall: f64,
}

fn count(codes: &Codes, code_count: usize, labels: &[bool], weight: impl Fn(usize) -> f64) -> Counted {
    let rows = codes.counts(code_count);
    let pooled = (0..code_count as u32).map(|code| {
        if code >= FIRST_LEVEL && rows[code as usize] < ROWS_PER_LEVEL { OTHER_LEVEL } else { code }
    });
    let pooled: Vec<u32> = pooled.collect();
    let mut totals = vec![Tally::default(); code_count];
    codes.for_each_with(labels.iter().enumerate(), |(row, label), code| {
        totals[pooled[code] as usize].add(*label, weight(row));
    });
    let mut whole = Tally::default();
    labels.iter().enumerate().for_each(|(row, label)| whole.add(*label, weight(row)));
    let rows = if whole.rows > 0.0 { whole.rows } else { 1.0 };
    Counted { pooled, totals, overall: whole.positives / rows }
}

impl Counted {
    /// The shrunk share of each code, for new rows.
    fn shares(&self) -> Vec<f32> {
        self.pooled.iter().map(|code| self.totals[*code as usize].share(self.overall)).collect()
    }
}

/// The fold of each row in which its own label is left out of what is said of its categories; others in each series.
#[must_use]
pub fn folds(groups: &[u64], series: u32) -> Vec<u8> {
    groups.iter().map(|group| fold_of(*group, SALT + u64::from(series), FOLDS) as u8).collect()
}

/// Statistics across folds for the training rows, over all of them for new rows, and both in bins whose borders lie
/// between levels.
///
/// `codes`, `labels` and `folds` (see [`folds`]) are those of the training rows, in the same order.
#[must_use]
pub fn bins(
    codes: &Codes,
    code_count: usize,
    labels: &[bool],
    folds: &[u8],
    weights: Option<&[f64]>,
) -> TargetBins {
    let weight = |row: usize| weight(weights, row);
    let counted = count(codes, code_count, labels, weight);
    // Rows of one code and fold share one statistic, so there are far fewer of them than rows.
    let place = |code: usize, fold: u8| counted.pooled[code] as usize * FOLDS + usize::from(fold);
    let mut in_fold = vec![Tally::default(); code_count * FOLDS];
    codes.for_each_with(labels.iter().zip(folds).enumerate(), |(row, (label, fold)), code| {
        in_fold[place(code, *fold)].add(*label, weight(row));
    });
    let shares: Vec<f32> = in_fold
        .iter()
        .enumerate()
        .map(|(place, own)| counted.totals[place / FOLDS].without(*own).share(counted.overall))
        .collect();
    // Between the shares of levels, not of folds: a border between two folds of one level would tell their labels apart.
    let mut sorted: Vec<(f32, usize)> = counted
        .shares()
        .iter()
        .zip(&counted.totals)
        .map(|(share, own)| (*share, own.rows.ceil() as usize))
        .collect();
    sorted.retain(|(_, rows)| *rows > 0);
    sorted.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let borders = borders_of_counted(sorted.into_iter(), MOST_BORDERS);
    let by_place = bins::bins(&borders, &shares);
    let mut training = Vec::with_capacity(folds.len());
    codes.for_each_with(folds, |fold, code| training.push(by_place[place(code, *fold)]));
    TargetBins { training, by_code: bins::bins(&borders, &counted.shares()) }
}

#[cfg(test)]
mod tests {
    use super::super::LevelCodes;
    use super::*;

    #[test]
    fn no_row_sees_its_own_label() {
        // One level, labels that are pure noise: the row's own label must not show in its bin.
        let rows = 2000;
        let codes = Codes::Levels(LevelCodes::Four((0..rows).map(|row| FIRST_LEVEL + row % 40).collect()));
        let labels: Vec<bool> = (0..u64::from(rows)).map(|row| fold_of(row, 9, 2) == 0).collect();
        let groups: Vec<u64> = (0..u64::from(rows)).collect();
        let mut flipped = labels.clone();
        flipped[7] = !flipped[7];
        let folds = folds(&groups, 0);
        let before = bins(&codes, 42, &labels, &folds, None);
        let after = bins(&codes, 42, &flipped, &folds, None);
        let share = |bins: &TargetBins, row: usize| bins.training[row];
        // Borders may shift by the flip of one label among two thousand, by at most a few bins.
        assert!(share(&before, 7).abs_diff(share(&after, 7)) <= 12);
        assert_ne!(before, after);
    }

    #[test]
    fn rare_and_unseen_levels_share_one_statistic() {
        let mut codes = vec![FIRST_LEVEL; 100];
        codes.extend([FIRST_LEVEL + 1; 5]);
        let labels: Vec<bool> = (0..105).map(|row| !(50..100).contains(&row)).collect();
        let codes = Codes::Levels(LevelCodes::Four(codes));
        let shares = count(&codes, 5, &labels, |_| 1.0).shares();
        assert!(
            (f64::from(shares[FIRST_LEVEL as usize]) - (50.0 + 10.0 * 55.0 / 105.0) / 110.0).abs() < 1e-6
        );
        assert!((shares[FIRST_LEVEL as usize + 1] - shares[OTHER_LEVEL as usize]).abs() < 1e-9);
        assert!((f64::from(shares[0]) - 55.0 / 105.0).abs() < 1e-6, "nothing seen is the overall share");
    }
}
