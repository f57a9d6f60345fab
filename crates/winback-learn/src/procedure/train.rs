//! From a history to a model with its evidence.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use winback_table::{Field, Source};

use super::choose::{Recipe, inner_parts};
use super::effort::forests;
use super::fit::{Choices, considered};
use super::outer::{Designed, JudgedLearner, check_classes, design, judge};
use super::{Learner, Settings};
use crate::encode::{Encoded, Encoder};
use crate::importance::ColumnImportance;
use crate::metrics::{Metrics, report};
use crate::number::{probability, sum};
use crate::profile::Profile;
use crate::trees::Settings as TreeSettings;
use crate::{Error, Model, Result, Watch};

/// Points that the grid of out-of-fold probabilities has at most.
pub const GRID: usize = 1001;

/// A model with everything that is known of it.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model, fitted on all rows.
    pub model: Model,
    /// How good the procedure that made it is on rows it has not seen.
    pub report: Report,
    /// What the training data looked like.
    pub profile: Profile,
    /// How each column moves the scores.
    pub importance: Vec<ColumnImportance>,
    /// The hash of key and time of every row learnt from (see [`OutOfFold::identity`]).
    pub identities: Vec<u64>,
    /// Each row's score by a model that had not seen it; all rows, or those of the hold-out.
    pub out_of_fold: Vec<OutOfFold>,
    /// What is drawn together of those rows (a customer's), in their order.
    pub groups: Vec<u64>,
}

/// The content of `metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Rows learnt from.
    pub rows: u64,
    /// Positive rows.
    pub positives: u64,
    /// How rows were kept apart for these figures.
    pub split: String,
    /// The learner of the model.
    pub learner: String,
    /// What was chosen for it.
    pub settings: Chosen,
    /// Forests whose mean the model is, each in longer steps and of fewer trees than `settings` say; 1 for one as they
    /// say, or a scorecard.
    #[serde(default = "one")]
    pub forests: usize,
    /// How much time the search for settings could take; empty in models made before there was a choice.
    #[serde(default)]
    pub effort: String,
    /// All settings that the search tried on the inner folds of all rows, in their order.
    #[serde(default)]
    pub tried: Vec<Tried>,
    /// The figures of the whole procedure.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// The figures of each candidate.
    pub learners: Vec<Candidate>,
    /// What trees gain over linear, in percent of its log loss on the inner folds; absent when only one was tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trees_gain_percent: Option<f64>,
    /// Whether trees and linear tie, in which case linear is taken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tie: Option<bool>,
    /// Whether rows counted by their weights in fitting, choosing and calibration. The figures count each row once.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub weighted: bool,
}

/// One setting that the search tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The setting.
    #[serde(flatten)]
    pub settings: Chosen,
    /// The mean log loss of the inner folds' held-out rows, calibrated.
    pub log_loss: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(pairs: &usize) -> bool {
    *pairs == 0
}

fn one() -> usize {
    1
}

fn all_rows() -> f64 {
    1.0
}

/// What the inner folds chose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Chosen {
    /// For trees.
    Trees {
        /// Trees grown.
        rounds: usize,
        /// Levels of each.
        depth: usize,
        /// How much of its correction each tree applies.
        rate: f64,
        /// The weight of squared leaf values.
        l2: f64,
        /// The share of rows on which each tree was grown; leaf values come from all.
        #[serde(default = "all_rows")]
        sample: f64,
        /// Pairs of categories that they may ask about, at most.
        #[serde(default, skip_serializing_if = "is_none")]
        pairs: usize,
    },
    /// For a scorecard.
    Linear {
        /// The weight of squared weights.
        penalty: f64,
    },
}

/// One candidate's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The learner.
    pub learner: String,
    /// Its figures on the same rows.
    #[serde(flatten)]
    pub metrics: Metrics,
}

/// One row's score by a model that had not seen it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfFold {
    /// The row's position in the history.
    pub row: u32,
    /// The hash of the row's key and time; without a time, of its key and features; without a key, of its features.
    pub identity: u64,
    /// The calibrated log-odds.
    pub log_odds: f64,
    /// What became of the row.
    pub label: bool,
}

/// Learns from a source, with the fields that `learnt` admits.
///
/// # Errors
/// When the source cannot be read or holds too little to learn from, or when `watch` asks to stop.
pub fn train(
    source: &dyn Source,
    learnt: &dyn Fn(&Field) -> bool,
    settings: Settings,
    watch: Watch<'_>,
) -> Result<Trained> {
    let (encoder, quantiles) = Encoder::learn(source, learnt)?;
    let data = Encoded::read(source, &encoder)?;
    let rows = data.all_rows();
    check_classes(&data, &rows)?;
    let Designed { design, splits, note } = design(&data, settings.horizon)?;
    let sizes = splits.iter().map(|split| split.training.len()).chain([rows.len()]);
    let step = counting(&settings, sizes, watch);
    let outer = judge(&settings, &data, (design, splits), &step)?;
    let choices = Choices::find(&settings, &data, &rows, &step)?;
    let fitted = choices.best().fit(&data, &rows);
    if !step() {
        return Err(Error::Stopped);
    }
    let recipe = choices.best().recipe;
    let gain = choices.gain;
    let out_of_fold = first_scores(&data, &outer.procedure);
    let profile = Profile::new(&encoder, &quantiles, &data);
    let metrics = report(&outer.procedure.judged, settings.seed);
    let alone = outer.learners.len() == 1;
    let candidate = |(learner, judged): &(Learner, JudgedLearner)| Candidate {
        learner: learner.name().to_owned(),
        // A learner that was asked for alone is the whole procedure.
        metrics: if alone { metrics.clone() } else { report(&judged.judged, settings.seed) },
    };
    let learners = outer.learners.iter().map(candidate).collect();
    let report = Report {
        rows: profile.rows,
        positives: profile.positives,
        split: outer.design.name() + &note,
        learner: recipe.learner().name().to_owned(),
        settings: recipe.into(),
        forests: if recipe.learner() == Learner::Trees { forests(rows.len()) } else { 1 },
        effort: settings.effort.name().to_owned(),
        tried: choices.searches.iter().flat_map(|search| &search.tried).map(Tried::from).collect(),
        metrics,
        learners,
        trees_gain_percent: gain.map(|gain| gain.share * 100.0),
        tie: gain.map(|gain| gain.tie),
        weighted: !data.weights.is_empty(),
    };
    let model = Model {
        encoder,
        predictor: fitted.predictor,
        calibration: fitted.calibration,
        base_rate: base_rate(&data),
        bands: settings.bands,
        out_of_fold_grid: grid(&out_of_fold),
    };
    let importance = model.importance(&data);
    let groups = out_of_fold.iter().map(|row| data.groups[row.row as usize]).collect();
    Ok(Trained { model, report, profile, importance, identities: data.identities, out_of_fold, groups })
}

/// Counts the parts of the work: each candidate setting and each fit, of training parts of these sizes.
fn counting<'a>(
    settings: &Settings,
    sizes: impl Iterator<Item = usize>,
    watch: Watch<'a>,
) -> impl Fn() -> bool + Sync + 'a {
    let of_part = |rows: usize| {
        let tried = considered(settings.learner).iter().map(|learner| match learner {
            Learner::Trees => settings.effort.tries(rows, settings.seed),
            _ => settings.effort.penalties(inner_parts(rows)).len(),
        });
        tried.sum::<usize>() as u64 + 1
    };
    let total = sizes.map(of_part).sum();
    let done = AtomicU64::new(0);
    move || watch((done.fetch_add(1, Ordering::Relaxed) + 1).min(total), total)
}

impl From<&(Recipe, f64)> for Tried {
    fn from((recipe, log_loss): &(Recipe, f64)) -> Self {
        Self { settings: (*recipe).into(), log_loss: *log_loss }
    }
}

impl From<Recipe> for Chosen {
    fn from(recipe: Recipe) -> Self {
        match recipe {
            Recipe::Trees { settings: TreeSettings { depth, rate, l2, sample }, rounds, pairs } => {
                Self::Trees { rounds, depth, rate, l2, sample, pairs }
            }
            Recipe::Linear { penalty } => Self::Linear { penalty },
        }
    }
}

/// The share of positives, each row as often as it counts.
fn base_rate(data: &Encoded) -> f64 {
    let weight = |row: usize| data.weights.get(row).copied().unwrap_or(1.0);
    sum((0..data.len()).filter(|row| data.labels[*row]).map(weight)) / sum((0..data.len()).map(weight))
}

/// Each row's score from the first time it was held out, in the order of the rows.
fn first_scores(data: &Encoded, judged: &JudgedLearner) -> Vec<OutOfFold> {
    let mut scores: Vec<Option<f64>> = vec![None; data.len()];
    for (row, log_odds) in judged.rows.iter().zip(&judged.judged.log_odds) {
        scores[*row as usize].get_or_insert(*log_odds);
    }
    let scored = scores.iter().enumerate().filter_map(|(row, log_odds)| {
        let (identity, label) = (data.identities[row], data.labels[row]);
        log_odds.map(|log_odds| OutOfFold { row: row as u32, identity, log_odds, label })
    });
    scored.collect()
}

/// Probabilities at evenly spaced ranks, ascending.
fn grid(out_of_fold: &[OutOfFold]) -> Vec<f64> {
    let mut sorted: Vec<f64> = out_of_fold.iter().map(|row| probability(row.log_odds)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let points = GRID.min(sorted.len());
    let last = sorted.len().saturating_sub(1);
    (0..points).map(|point| sorted[point * last / (points - 1).max(1)]).collect()
}
