//! All figures of a set of judged rows, with intervals.
//!
//! Rows may be judged more than once (repeated folds) and in parts (folds): the AUC is the mean over parts. Intervals
//! come from a bootstrap that draws groups (a customer's rows together) with replacement, apart for those with and
//! without a positive row, 500 times; the AUC's from DeLong's variance above 50,000 rows.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Bootstrap, Interval, Ranking, brier, expected_calibration_error, log_loss};
use crate::calibrate::Line;

const DRAWS: u64 = 500;
const DELONG_ROWS: usize = 50_000;

/// Rows with the log-odds they were given and what became of them; a row may stand here more than once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// Calibrated log-odds.
    pub log_odds: Vec<f64>,
    /// Outcomes.
    pub labels: Vec<bool>,
    /// What is drawn together.
    pub groups: Vec<u64>,
    /// Where each part (a fold of one repeat) ends.
    pub part_ends: Vec<usize>,
}

/// The figures of a set of judged rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The area under the ROC curve, the mean over parts.
    pub roc_auc: Interval,
    /// The average precision, the mean over parts.
    pub average_precision: Interval,
    /// The mean log loss.
    pub log_loss: Interval,
    /// The mean squared error of the probability.
    pub brier: Interval,
    /// How far probabilities are from frequencies.
    pub calibration: CalibrationReport,
    /// How much more often the 5 % with the highest scores are positive than all.
    pub lift_at_5pct: f64,
    /// The same for the highest 10 %.
    pub lift_at_10pct: f64,
    /// The same for the highest 20 %.
    pub lift_at_20pct: f64,
    /// The largest distance between the score distributions of the classes.
    pub kolmogorov_smirnov: f64,
}

/// How far probabilities are from frequencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationReport {
    /// The expected calibration error over ten bins of equal mass.
    pub ece: f64,
    /// The slope of outcomes on calibrated log-odds; 1 is perfect, below 1 means overconfident.
    pub slope: Interval,
    /// The intercept of the same line; 0 is perfect.
    pub intercept: Interval,
}

impl Judged {
    /// Adds a part: rows judged by one model.
    pub fn push_part(&mut self, log_odds: &[f64], labels: &[bool], groups: &[u64]) {
        self.log_odds.extend_from_slice(log_odds);
        self.labels.extend_from_slice(labels);
        self.groups.extend_from_slice(groups);
        self.part_ends.push(self.labels.len());
    }

    fn parts(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let starts = std::iter::once(0).chain(self.part_ends.iter().copied());
        starts.zip(&self.part_ends).map(|(start, end)| start..*end)
    }
}

/// The mean over parts of a measure that some parts may not have.
fn over_parts(
    judged: &Judged,
    rankings: &[Ranking],
    weights: Option<&[f64]>,
    of: impl Fn(&Ranking, &[bool], Option<&[f64]>) -> Option<f64>,
) -> f64 {
    let figures: Vec<f64> = judged
        .parts()
        .zip(rankings)
        .filter_map(|(part, ranking)| {
            of(ranking, &judged.labels[part.clone()], weights.map(|weights| &weights[part]))
        })
        .collect();
    figures.iter().sum::<f64>() / figures.len() as f64
}

/// All figures of the rows; both classes must be present. The same for the same seed.
#[must_use]
pub fn report(judged: &Judged, seed: u64) -> Metrics {
    let (log_odds, labels) = (judged.log_odds.as_slice(), judged.labels.as_slice());
    let rankings: Vec<Ranking> = judged.parts().map(|part| Ranking::new(&log_odds[part])).collect();
    let auc = |weights: Option<&[f64]>| over_parts(judged, &rankings, weights, Ranking::roc_auc);
    let precision =
        |weights: Option<&[f64]>| over_parts(judged, &rankings, weights, Ranking::average_precision);
    let line = Line::fit(log_odds, labels, None);
    let bootstrap = Bootstrap::new(labels, &judged.groups);
    let draws: Vec<[f64; 6]> = (0..DRAWS)
        .into_par_iter()
        .map(|number| {
            let weights = bootstrap.draw(seed, number);
            let weights = Some(weights.as_slice());
            // From the best line of all rows, one Newton step reaches the best line of a draw.
            let line = line.newton(log_odds, labels, weights);
            let auc = if labels.len() > DELONG_ROWS { f64::NAN } else { auc(weights) };
            let (loss, brier) = (log_loss(log_odds, labels, weights), brier(log_odds, labels, weights));
            [auc, precision(weights), loss, brier, line.slope, line.intercept]
        })
        .collect();
    let interval = |figure: usize, value: f64| {
        Interval::of_draws(value, draws.iter().map(|draw| draw[figure]).collect())
    };
    let roc_auc = if labels.len() > DELONG_ROWS {
        Interval::of_share(auc(None), standard_error_of_auc(judged, &rankings))
    } else {
        interval(0, auc(None))
    };
    let whole = Ranking::new(log_odds);
    let lift = |percent| whole.lift(labels, percent).unwrap_or(f64::NAN);
    Metrics {
        roc_auc,
        average_precision: interval(1, precision(None)),
        log_loss: interval(2, log_loss(log_odds, labels, None)),
        brier: interval(3, brier(log_odds, labels, None)),
        calibration: CalibrationReport {
            ece: expected_calibration_error(log_odds, labels),
            slope: interval(4, line.slope),
            intercept: interval(5, line.intercept),
        },
        lift_at_5pct: lift(5),
        lift_at_10pct: lift(10),
        lift_at_20pct: lift(20),
        kolmogorov_smirnov: whole.kolmogorov_smirnov(labels).unwrap_or(f64::NAN),
    }
}

/// The standard error of a mean of AUCs over parts that share no row.
fn standard_error_of_auc(judged: &Judged, rankings: &[Ranking]) -> f64 {
    let errors: Vec<f64> = judged
        .parts()
        .zip(rankings)
        .filter_map(|(part, ranking)| ranking.delong_standard_error(&judged.labels[part]))
        .collect();
    errors.iter().map(|error| error * error).sum::<f64>().sqrt() / errors.len() as f64
}
