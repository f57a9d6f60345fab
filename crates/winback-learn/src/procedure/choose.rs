//! Choosing on inner folds: for each learner its best settings, then the learner; each with its calibration.

use rayon::prelude::*;

use super::effort::{forests, most_rounds, of_several, patience};
use super::{Learner, Settings};
use crate::calibrate::Calibration;
use crate::encode::Encoded;
use crate::folds::{Split, cross, hold_out};
use crate::number::{UNIT, log_loss, sum, weight};
use crate::trees::{Booster, Forest, Matrix, Prepared, Settings as TreeSettings, prepare};
use crate::{Error, Predictor, Result, linear};

/// Above so many rows one inner part is held out instead of folds.
const FOLDED_ROWS: usize = 200_000;
const INNER_FOLDS: usize = 5;
const SALT: u64 = 0x696e_6e65;

/// Rounds between two looks at the held-out loss.
const STRIDE: usize = 10;

/// A learner with everything chosen: what to fit, and how to calibrate it.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) recipe: Recipe,
    pub(super) calibration: Calibration,
    /// The calibrated log loss of each inner row, in the order of the splits' held-out rows.
    pub(super) losses: Vec<f64>,
    /// Their mean, rows counting by their weights.
    mean_loss: f64,
}

/// What a search came to.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) best: Choice,
    /// Every setting that was tried, with the mean calibrated log loss of the inner rows.
    pub(super) tried: Vec<(Recipe, f64)>,
}

/// What to fit on all rows of a training part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Recipe {
    Trees {
        settings: TreeSettings,
        rounds: usize,
        /// Pairs of categories that trees may ask about, at most.
        pairs: usize,
    },
    Linear {
        penalty: f64,
    },
}

impl Recipe {
    pub(super) fn learner(self) -> Learner {
        match self {
            Self::Trees { .. } => Learner::Trees,
            Self::Linear { .. } => Learner::Linear,
        }
    }

    /// Fits on all of `rows`.
    pub(super) fn fit(self, data: &Encoded, rows: &[u32]) -> Predictor {
        match self {
            Self::Trees { settings, rounds, pairs } => {
                // By the whole history, so that what is judged on parts of it is what is fitted on all of it.
                let forests = forests(data.len());
                let (settings, rounds) =
                    if forests > 1 { of_several(settings, rounds) } else { (settings, rounds) };
                let grow = |series: u32| {
                    let mut prepared = prepare(data, rows, series);
                    prepared.add_pairs(data, rows, series, pairs);
                    let mut booster = Booster::of_series(&prepared, settings, series);
                    // Until no question helps any more.
                    (0..rounds).take_while(|_| booster.round().is_some()).count();
                    booster.finish(rounds)
                };
                let grown: Vec<Forest> = (0..forests as u32).into_par_iter().map(grow).collect();
                Predictor::trees(Forest::mean(grown).unwrap_or_default())
            }
            Self::Linear { penalty } => Predictor::Linear(linear::fit(data, rows, penalty)),
        }
    }
}

/// How many splits there are for so many rows.
pub(super) fn inner_parts(rows: usize) -> usize {
    if rows > FOLDED_ROWS { 1 } else { INNER_FOLDS }
}

/// The splits on which choices are made.
pub(super) fn inner_splits(data: &Encoded, rows: &[u32]) -> Vec<Split> {
    if inner_parts(rows.len()) == 1 {
        vec![hold_out(rows, &data.groups, SALT, 10, 0)]
    } else {
        cross(rows, &data.groups, SALT, INNER_FOLDS)
    }
}

/// The best choice for one learner, and all that was tried. `step` is called after each part of the work and answers
/// whether to go on.
pub(super) fn choose(
    learner: Learner,
    data: &Encoded,
    splits: &[Split],
    settings: &Settings,
    step: &(dyn Fn() -> bool + Sync),
) -> Result<Search> {
    let go_on = |choice: Choice| if step() { Ok(choice) } else { Err(Error::Stopped) };
    let mut tried: Vec<Choice> = Vec::new();
    if learner == Learner::Linear {
        for penalty in settings.effort.penalties(splits.len()) {
            tried.push(go_on(try_linear(*penalty, data, splits))?);
        }
    } else {
        let mut prepared: Vec<Prepared> =
            splits.par_iter().map(|split| prepare(data, &split.training, 0)).collect();
        let rows = prepared.iter().map(|part| part.labels.len()).max().unwrap_or(0);
        for trees in settings.effort.trees(rows, settings.seed) {
            tried.push(go_on(try_trees(trees, 0, data, splits, &prepared))?);
        }
        let of_best = |tried: &[Choice]| match best(tried).map(|choice| choice.recipe) {
            Some(Recipe::Trees { settings, pairs, .. }) => Some((settings, pairs)),
            _ => None,
        };
        let most_pairs = settings.effort.pairs();
        if most_pairs > 0 {
            prepared.par_iter_mut().zip(splits).for_each(|(part, split)| {
                part.add_pairs(data, &split.training, 0, most_pairs);
            });
            let has_pairs = prepared.iter().any(|part| !part.lookups.pairs.is_empty());
            match of_best(&tried) {
                Some((trees, _)) if has_pairs => {
                    tried.push(go_on(try_trees(trees, most_pairs, data, splits, &prepared))?);
                }
                _ if !step() => return Err(Error::Stopped),
                _ => {}
            }
        }
        if let Some((found, pairs)) = of_best(&tried)
            && let Some(refined) = settings.effort.refined(found)
        {
            if pairs == 0 {
                prepared.iter_mut().for_each(Prepared::drop_pairs);
            }
            tried.push(go_on(try_trees(refined, pairs, data, splits, &prepared))?);
        }
    }
    let search: Vec<(Recipe, f64)> = tried.iter().map(|choice| (choice.recipe, choice.mean_loss)).collect();
    let best = best(&tried).cloned().ok_or(Error::NoFeatures)?;
    Ok(Search { best, tried: search })
}

/// The choice with the lowest loss; of equals the first.
fn best(tried: &[Choice]) -> Option<&Choice> {
    tried.iter().reduce(|best, next| if next.mean_loss < best.mean_loss { next } else { best })
}

/// The rows that splits hold out, one split after the other.
pub(super) fn held_out(splits: &[Split]) -> Vec<u32> {
    splits.iter().flat_map(|split| split.held_out.iter().copied()).collect()
}

/// Calibrates the log-odds of held-out rows and keeps their losses.
fn calibrated(recipe: Recipe, data: &Encoded, splits: &[Split], log_odds: &[f64]) -> Choice {
    let rows = held_out(splits);
    let labels: Vec<bool> = rows.iter().map(|row| data.labels[*row as usize]).collect();
    let weights = data.weights(&rows);
    let weights = weights.as_deref();
    let calibration = Calibration::fit(log_odds, &labels, weights);
    let losses: Vec<f64> = log_odds
        .iter()
        .zip(&labels)
        .map(|(value, label)| log_loss(calibration.apply(*value), *label))
        .collect();
    let weighted = losses.iter().enumerate().map(|(row, loss)| weight(weights, row) * loss);
    let mean_loss = sum(weighted) / sum((0..losses.len()).map(|row| weight(weights, row)));
    Choice { recipe, calibration, losses, mean_loss }
}

fn try_linear(penalty: f64, data: &Encoded, splits: &[Split]) -> Choice {
    let log_odds: Vec<f64> = splits
        .par_iter()
        .flat_map_iter(|split| {
            let card = linear::fit(data, &split.training, penalty);
            Predictor::Linear(card).log_odds(data, &split.held_out)
        })
        .collect();
    calibrated(Recipe::Linear { penalty }, data, splits, &log_odds)
}

/// A forest in growth with the rows held out from it.
struct Trial<'a> {
    booster: Booster<'a>,
    held_out: Matrix,
    labels: Vec<bool>,
    weights: Option<Vec<f64>>,
    margins: Vec<i64>,
    ended: bool,
}

impl<'a> Trial<'a> {
    fn new(data: &Encoded, split: &Split, prepared: &'a Prepared, settings: TreeSettings) -> Self {
        let booster = Booster::new(prepared, settings);
        Self {
            held_out: Matrix::of_rows(&data.columns, &prepared.lookups, &split.held_out),
            labels: split.held_out.iter().map(|row| data.labels[*row as usize]).collect(),
            weights: data.weights(&split.held_out),
            margins: vec![booster.base(); split.held_out.len()],
            booster,
            ended: false,
        }
    }

    /// Grows some trees; answers the held-out loss after each.
    fn advance(&mut self, rounds: usize) -> Vec<f64> {
        let mut losses = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            if !self.ended {
                match self.booster.round() {
                    Some(tree) => tree.add_to(&self.held_out, &mut self.margins),
                    None => self.ended = true,
                }
            }
            let weight = |row: usize| weight(self.weights.as_deref(), row);
            let rows = self.margins.iter().zip(&self.labels).enumerate();
            losses.push(sum(
                rows.map(|(row, (margin, label))| weight(row) * log_loss(*margin as f64 * UNIT, *label))
            ));
        }
        losses
    }
}

/// Grows all folds in step, until their common held-out loss has not fallen for a while.
fn try_trees(
    settings: TreeSettings,
    pairs: usize,
    data: &Encoded,
    splits: &[Split],
    prepared: &[Prepared],
) -> Choice {
    let rows = prepared.iter().map(|part| part.labels.len()).max().unwrap_or(0);
    let (most_rounds, patience) = (most_rounds(settings, rows), patience(settings));
    let mut trials: Vec<Trial<'_>> = splits
        .iter()
        .zip(prepared)
        .map(|(split, prepared)| Trial::new(data, split, prepared, settings))
        .collect();
    let mut losses: Vec<f64> = Vec::new();
    let mut best = 0;
    while losses.len() < most_rounds && losses.len() < best + patience + 1 {
        let grown: Vec<Vec<f64>> = trials.par_iter_mut().map(|trial| trial.advance(STRIDE)).collect();
        for round in 0..STRIDE {
            losses.push(sum(grown.iter().map(|losses| losses[round])));
        }
        best = (0..losses.len())
            .reduce(|best, next| if losses[next] < losses[best] { next } else { best })
            .unwrap_or(0);
        if trials.iter().all(|trial| trial.ended) {
            break;
        }
    }
    let rounds = best + 1;
    let log_odds: Vec<f64> = trials
        .into_par_iter()
        .flat_map_iter(|trial| {
            let margins = trial.booster.finish(rounds).margins(&trial.held_out);
            margins.into_iter().map(|margin| margin as f64 * UNIT)
        })
        .collect();
    calibrated(Recipe::Trees { settings, rounds, pairs }, data, splits, &log_odds)
}

/// What trees gain over linear on the same rows; `weights` count rows, one each if not given.
pub(super) fn trees_gain(trees: &[f64], linear: &[f64], weights: Option<&[f64]>) -> Gain {
    let rows = trees.len() as f64;
    let weight = |row: usize| weight(weights, row);
    let total = sum((0..trees.len()).map(weight));
    let differences = || linear.iter().zip(trees).map(|(linear, trees)| linear - trees).enumerate();
    let mean = sum(differences().map(|(row, difference)| weight(row) * difference)) / total;
    let spread = sum(differences().map(|(row, difference)| {
        let off = weight(row) * (difference - mean);
        off * off
    }));
    let standard_error = (spread / (rows - 1.0).max(1.0) * rows).sqrt() / total;
    let linear_loss = sum(linear.iter().enumerate().map(|(row, loss)| weight(row) * loss)) / total;
    let tie = mean.abs() < 0.001 * linear_loss && mean.abs() <= standard_error;
    Gain { share: mean / linear_loss, tie }
}

/// What trees gain over linear on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gain {
    /// The gain as a share of the linear learner's log loss; negative when linear is better.
    pub(super) share: f64,
    /// The two differ by less than 0.1 % of log loss and by less than one standard error of the paired difference.
    pub(super) tie: bool,
}

impl Gain {
    /// Trees must be worth their complexity: linear is taken when it is better, and in a tie.
    pub(super) fn prefers_linear(self) -> bool {
        self.tie || self.share < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_wins_ties_only() {
        let linear = [0.5, 0.6, 0.4, 0.5];
        assert!(trees_gain(&linear, &linear, None).tie);
        let worse = trees_gain(&[0.6, 0.7, 0.5, 0.6], &linear, None);
        assert!(!worse.tie && worse.prefers_linear(), "linear that wins is no tie");
        assert!(!trees_gain(&[0.4, 0.5, 0.3, 0.4], &linear, None).prefers_linear());
        // A gain below one part in a thousand, but far above its standard error, is a gain.
        let slightly = linear.map(|loss| loss - 0.0004);
        assert!(!trees_gain(&slightly, &linear, None).prefers_linear());
    }
}
