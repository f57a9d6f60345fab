//! Judging the whole procedure on rows it has not seen.

use rayon::prelude::*;

use super::choose::Choice;
use super::fit::{Choices, considered};
use super::{LEAST_OF_A_CLASS, Learner, Settings};
use crate::encode::Encoded;
use crate::folds::{Split, cross, hold_out, latest};
use crate::metrics::Judged;
use crate::{Error, Result};

const SALTS: [u64; 2] = [0x6f75_7431, 0x6f75_7432];

/// How rows are kept apart for reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Folds, so many times over.
    Folds {
        /// Times all rows are held out.
        repeats: usize,
        /// Parts of each time.
        folds: usize,
    },
    /// One fifth of the rows.
    HoldOut,
    /// The last fifth of the periods, after a gap of one horizon.
    Latest,
}

impl Design {
    /// The design in words, as reports name it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Folds { repeats, folds } => format!("{repeats} x {folds} folds"),
            Self::HoldOut => "20 % held out".to_owned(),
            Self::Latest => "last 20 % of the periods".to_owned(),
        }
    }
}

/// One learner's held-out rows.
#[derive(Debug, Clone, Default)]
pub struct JudgedLearner {
    /// The rows with their log-odds.
    pub judged: Judged,
    /// For each judged row its position in the data.
    pub rows: Vec<u32>,
}

/// What came of the outer folds.
#[derive(Debug, Clone)]
pub struct Outer {
    /// How rows were kept apart.
    pub design: Design,
    /// The procedure as asked for: `auto` picks a learner in every fold.
    pub procedure: JudgedLearner,
    /// Each learner that was a candidate, for comparison.
    pub learners: Vec<(Learner, JudgedLearner)>,
}

/// How the rows are to be kept apart.
pub(super) struct Designed {
    pub(super) design: Design,
    pub(super) splits: Vec<Split>,
    /// What a person should know of it, to be put after the design's name; empty if nothing.
    pub(super) note: String,
}

/// Keeps rows apart in time where there are periods to do so, else by groups.
pub(super) fn design(data: &Encoded, horizon: i64) -> Result<Designed> {
    let rows = data.all_rows();
    let several_periods = data.times.windows(2).any(|pair| pair[0] != pair[1]);
    let mut note = "";
    if several_periods {
        match latest(&rows, &data.times, horizon) {
            Some(split) if has_both_classes(data, &split) => {
                return Ok(Designed { design: Design::Latest, splits: vec![split], note: String::new() });
            }
            Some(_) => {
                note = ", not by time: too few of a class before or after the split, so figures may flatter";
            }
            None => note = ", not by time: too few periods for a gap of one horizon, so figures may flatter",
        }
    }
    let (design, splits) = by_groups(data, &rows);
    let parts = || splits.iter().map(|split| (&split.training, &split.held_out));
    let both = |rows: &[u32]| (1..rows.len() as u64).contains(&data.positives(rows));
    if !parts().all(|(training, _)| both(training)) || !parts().any(|(_, held_out)| both(held_out)) {
        return Err(Error::Inseparable);
    }
    Ok(Designed { design, splits, note: note.to_owned() })
}

fn by_groups(data: &Encoded, rows: &[u32]) -> (Design, Vec<Split>) {
    let folds = |repeats: usize| {
        let splits = SALTS[..repeats].iter().flat_map(|salt| cross(rows, &data.groups, *salt, 5)).collect();
        (Design::Folds { repeats, folds: 5 }, splits)
    };
    match rows.len() {
        0..20_000 => folds(2),
        20_000..=200_000 => folds(1),
        _ => (Design::HoldOut, vec![hold_out(rows, &data.groups, SALTS[0], 5, 0)]),
    }
}

fn has_both_classes(data: &Encoded, split: &Split) -> bool {
    [&split.training, &split.held_out].iter().all(|rows| check_classes(data, rows).is_ok())
}

/// Refuses rows from which nothing can be learnt.
pub(super) fn check_classes(data: &Encoded, rows: &[u32]) -> Result<()> {
    let positives = data.positives(rows);
    let negatives = rows.len() as u64 - positives;
    for (class, count) in [("positive", positives), ("negative", negatives)] {
        if count < LEAST_OF_A_CLASS {
            return Err(Error::TooFew { class, count, rows: rows.len() as u64, needed: LEAST_OF_A_CLASS });
        }
    }
    Ok(())
}

/// One outer split, judged.
struct Part {
    /// The held-out rows' calibrated log-odds by each considered learner.
    scored: Vec<Vec<f64>>,
    /// The learner that the procedure takes.
    taken: usize,
}

/// Runs the procedure on every outer split; parts of the work are reported by `step`.
pub(super) fn judge(
    settings: &Settings,
    data: &Encoded,
    (design, splits): (Design, Vec<Split>),
    step: &(dyn Fn() -> bool + Sync),
) -> Result<Outer> {
    let learners = considered(settings.learner);
    let judge_split = |split: &Split| -> Result<Part> {
        let choices = Choices::find(settings, data, &split.training, step)?;
        let score = |choice: &Choice| {
            let predictor = choice.recipe.fit(data, &split.training);
            let log_odds = predictor.log_odds(data, &split.held_out);
            log_odds.into_iter().map(|value| choice.calibration.apply(value)).collect()
        };
        let scored = choices.searches.iter().map(|search| score(&search.best)).collect();
        if step() { Ok(Part { scored, taken: choices.taken() }) } else { Err(Error::Stopped) }
    };
    let parts: Vec<Part> = splits.par_iter().map(judge_split).collect::<Result<_>>()?;
    let gather = |pick: &dyn Fn(&Part) -> usize| {
        let mut gathered = JudgedLearner::default();
        for (split, part) in splits.iter().zip(&parts) {
            let labels: Vec<bool> = split.held_out.iter().map(|row| data.labels[*row as usize]).collect();
            let groups: Vec<u64> = split.held_out.iter().map(|row| data.groups[*row as usize]).collect();
            gathered.judged.push_part(&part.scored[pick(part)], &labels, &groups);
            gathered.rows.extend_from_slice(&split.held_out);
        }
        gathered
    };
    let each = learners.iter().enumerate().map(|(index, learner)| (*learner, gather(&|_| index)));
    Ok(Outer { design, procedure: gather(&|part| part.taken), learners: each.collect() })
}
