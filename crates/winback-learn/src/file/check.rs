//! Whether a model read from a file holds together, so that nothing after loading has to ask.

use winback_kernels::MOST_BORDERS;
use winback_table::Kind;

use crate::encode::Shape;
use crate::procedure::GRID;
use crate::trees::{Forest, MOST_CELLS, MOST_PAIRS, MOST_TREES, Pair};
use crate::{Error, Model, Predictor, Result};

/// A leaf or a point of more than 32 log-odds was not learnt; sums of such values must not overflow either.
const LARGEST_VALUE: u32 = 1 << 29;
const LARGEST_BASE: u64 = 1 << 40;

pub(super) fn check(model: &Model) -> Result<()> {
    let refuse = |what: String| Err(Error::ModelFile(what));
    if model.encoder.columns.is_empty() {
        return refuse("it has no column".to_owned());
    }
    for column in &model.encoder.columns {
        let numeric = matches!(column.kind, Kind::Number | Kind::Flag | Kind::Time);
        let sound = match &column.shape {
            Shape::Bins(borders) => {
                let ascending = borders.windows(2).all(|pair| pair[0] < pair[1]);
                numeric
                    && borders.len() <= MOST_BORDERS
                    && ascending
                    && borders.iter().all(|border| border.is_finite())
            }
            Shape::Levels(levels) => !numeric && levels.windows(2).all(|pair| pair[0] < pair[1]),
        };
        if !sound {
            return refuse(format!("the bins or levels of column `{}` are not in order", column.name));
        }
    }
    let code_counts: Vec<usize> =
        model.encoder.columns.iter().map(|column| column.shape.code_count()).collect();
    match &model.predictor {
        Predictor::Trees { forest, .. } => check_forest(model, forest, &code_counts)?,
        Predictor::Linear(card) => {
            let lengths: Vec<usize> = card.points.iter().map(Vec::len).collect();
            if lengths != code_counts {
                return refuse("its points do not fit its columns".to_owned());
            }
            let points = card.points.iter().flatten();
            if card.base.unsigned_abs() > LARGEST_BASE
                || points.into_iter().any(|points| points.unsigned_abs() > LARGEST_VALUE)
            {
                return refuse("points beyond all measure".to_owned());
            }
        }
    }
    let finite = [
        model.calibration.intercept,
        model.calibration.slope,
        model.base_rate,
        model.bands[0],
        model.bands[1],
    ];
    let [high, medium] = model.bands;
    let rate_fits = (0.0..=1.0).contains(&model.base_rate) && high >= medium && medium > 0.0;
    if !finite.iter().all(|value| value.is_finite()) || model.calibration.slope <= 0.0 || !rate_fits {
        return refuse("its calibration or risk bands are not numbers that can be".to_owned());
    }
    let grid = &model.out_of_fold_grid;
    let shares = grid.iter().all(|share| (0.0..=1.0).contains(share));
    if grid.is_empty() || grid.len() > GRID || !shares || grid.windows(2).any(|pair| pair[0] > pair[1]) {
        return refuse("its out-of-fold scores are not ascending probabilities".to_owned());
    }
    Ok(())
}

fn check_forest(model: &Model, forest: &Forest, code_counts: &[usize]) -> Result<()> {
    let refuse = |what: &str| Err(Error::ModelFile(what.to_owned()));
    let lookups = &forest.lookups;
    if lookups.columns.len() != code_counts.len() {
        return refuse("its categories do not fit its columns");
    }
    for ((lookup, column), code_count) in lookups.columns.iter().zip(&model.encoder.columns).zip(code_counts)
    {
        let fits = match (lookup, &column.shape) {
            (None, Shape::Bins(_)) => true,
            (Some(bins), Shape::Levels(_)) => bins.len() == *code_count,
            _ => false,
        };
        if !fits {
            return refuse("its categories do not fit its columns");
        }
    }
    if lookups.pairs.len() > MOST_PAIRS {
        return refuse("more pairs of categories than can be");
    }
    for Pair { columns: [first, second], bins } in &lookups.pairs {
        let cells = lookups.codes(*first).saturating_mul(lookups.codes(*second));
        if first >= second || cells == 0 || cells > MOST_CELLS || bins.len() != cells {
            return refuse("a pair of its categories does not fit its columns");
        }
    }
    for tree in &forest.trees {
        if tree.questions.iter().any(|question| usize::from(question.column) >= lookups.width()) {
            return refuse("a tree asks about a column that is not there");
        }
        if tree.questions.iter().any(|question| question.missing_is_above && question.bin == 0) {
            return refuse("a tree has a question that all rows answer alike");
        }
        if tree.counts.iter().map(|count| u64::from(*count)).sum::<u64>() > u64::from(u32::MAX) {
            return refuse("a tree counts more rows than there can be");
        }
        if tree.values.iter().any(|value| value.unsigned_abs() > LARGEST_VALUE) {
            return refuse("a leaf value beyond all measure");
        }
    }
    if forest.trees.len() > MOST_TREES || forest.base.unsigned_abs() > LARGEST_BASE {
        return refuse("more trees or a larger base than can be");
    }
    Ok(())
}
