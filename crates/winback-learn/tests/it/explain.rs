//! Explanations against chosen rows, and in parts: they add up, and find what was planted.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch};
use winback_learn::importance;
use winback_learn::interactions::{Interactions, Strength};
use winback_learn::procedure::Learner;
use winback_learn::{BackgroundRows, Error, Model};
use winback_table::{Field, Kind, MemorySource, Role, Schema, Source};

use crate::bank::{fit, history};

/// Sums of a row may be off by the rounding of floats.
const TOLERANCE: f64 = 1e-9;

fn batches(source: &MemorySource) -> Vec<RecordBatch> {
    source.open().unwrap().map(Result::unwrap).collect()
}

fn against(model: &Model, batches: &[RecordBatch]) -> Model {
    let mut rows = BackgroundRows::new(model);
    batches.iter().for_each(|batch| rows.add(batch).unwrap());
    rows.finish().unwrap().0
}

/// Checks that the parts of rows are their effects, and these their log-odds.
fn check(model: &Model, batch: &RecordBatch) {
    let explanation = model.explain(batch).unwrap();
    let parts = Interactions::new(model).of_rows(&batch.slice(0, 20)).unwrap();
    assert_eq!(parts.len(), 20);
    for (row, parts) in parts.into_iter().enumerate() {
        let effects = explanation.of_row(row);
        let sum = explanation.base + effects.iter().sum::<f64>();
        assert!((sum - explanation.log_odds[row]).abs() < TOLERANCE);
        let mut sums = parts.alone;
        for ([left, right], together) in &parts.pairs {
            sums[*left] += together / 2.0;
            sums[*right] += together / 2.0;
        }
        for (sum, effect) in sums.iter().zip(effects) {
            assert!((sum - effect).abs() < TOLERANCE, "row {row}: {sum} {effect}");
        }
    }
}

#[test]
fn against_other_rows_scores_stay_and_effects_add_up_from_their_mean() {
    let (source, _) = history(1_500, 11);
    let batches = batches(&source);
    let other: Vec<RecordBatch> = batches.iter().map(|batch| batch.slice(0, batch.num_rows() / 3)).collect();
    for learner in [Learner::Trees, Learner::Linear] {
        let model = fit(&source, learner).model;
        check(&model, &batches[0]);
        let compared = against(&model, &other);
        check(&compared, &batches[0]);
        for batch in &batches {
            assert_eq!(model.score(batch).unwrap(), compared.score(batch).unwrap());
        }
        let scores: Vec<f64> = other.iter().flat_map(|batch| model.score(batch).unwrap()).collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let base = compared.explain(&batches[0]).unwrap().base;
        // Each tree, or column, rounds its mean to a unit of 2⁻²⁴.
        assert!((base - mean).abs() < 1e-4, "{}: {base} {mean}", learner.name());
        assert!((model.explain(&batches[0]).unwrap().base - base).abs() > 1e-6, "the rows are others");
    }
}

#[test]
fn without_a_row_there_is_nothing_to_compare_with() {
    let (source, _) = history(600, 13);
    let model = fit(&source, Learner::Linear).model;
    let mut rows = BackgroundRows::new(&model);
    let empty = batches(&source)[0].slice(0, 0);
    rows.add(&empty).unwrap();
    assert!(Interactions::new(&model).of_rows(&empty).unwrap().is_empty());
    assert!(matches!(rows.finish(), Err(Error::NoBackground)));
}

#[test]
fn what_is_gathered_does_not_depend_on_batches_or_threads() {
    let (source, _) = history(1_500, 15);
    let model = fit(&source, Learner::Trees).model;
    let whole = batches(&source);
    let halves: Vec<RecordBatch> = whole
        .iter()
        .flat_map(|batch| {
            let half = batch.num_rows() / 2;
            [batch.slice(half, batch.num_rows() - half), batch.slice(0, half)]
        })
        .collect();
    let gathered = |batches: &[RecordBatch], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut parts = Interactions::new(&model).gather();
            let mut effects = importance::Gathering::new(&model);
            for batch in batches {
                parts.add(batch).unwrap();
                effects.add(batch).unwrap();
            }
            (parts.finish(), effects.finish(), against(&model, batches))
        })
    };
    let (strengths, _, _) = gathered(&whole, 1);
    let shares: f64 = strengths.alone.iter().chain(&strengths.pairs).map(|strength| strength.share).sum();
    assert!((shares - 1.0).abs() < TOLERANCE);
    assert_eq!(gathered(&whole, 1), gathered(&halves, 3));
}

/// Rows whose outcome depends on `a` and `b` together and on `c` alone, while `d` tells nothing.
fn planted() -> MemorySource {
    const ROWS: usize = 4_000;
    // Even numbers from 0 to 1 that have nothing to do with each other.
    let mixed = |row: usize, salt: usize| {
        let mut bits = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((salt as u64) << 40);
        for _ in 0..2 {
            bits = (bits ^ bits >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        (bits >> 40) as f64 / (1_u64 << 24) as f64
    };
    let column = |salt: usize| (0..ROWS).map(|row| Some(mixed(row, salt))).collect::<Float64Array>();
    let left: BooleanArray = (0..ROWS)
        .map(|row| {
            let together = (mixed(row, 2) < 0.5) != (mixed(row, 3) < 0.5);
            let risk = 0.1 + if together { 0.4 } else { 0.0 } + if mixed(row, 5) < 0.5 { 0.3 } else { 0.0 };
            Some(mixed(row, 17) < risk)
        })
        .collect();
    let mut fields = vec![Field::new("left", Kind::Flag, Role::Label)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(left)];
    for (name, salt) in [("a", 2), ("b", 3), ("c", 5), ("d", 7)] {
        fields.push(Field::new(name, Kind::Number, Role::Feature));
        columns.push(Arc::new(column(salt)));
    }
    let schema = Schema::new(fields, Some("yes".to_owned())).unwrap();
    let batch = RecordBatch::try_new(Arc::new(schema.arrow()), columns).unwrap();
    MemorySource::new(schema, vec![batch])
}

#[test]
fn a_planted_interaction_is_the_strongest_and_a_scorecard_has_none() {
    let source = planted();
    let rows = batches(&source);
    let strengths = |learner| {
        let model = fit(&source, learner).model;
        let mut gathering = Interactions::new(&model).gather();
        rows.iter().for_each(|batch| gathering.add(batch).unwrap());
        gathering.finish()
    };
    let by_share = |left: &&Strength, right: &&Strength| left.share.total_cmp(&right.share);
    let trees = strengths(Learner::Trees);
    let strongest = trees.pairs.iter().max_by(by_share).unwrap();
    assert_eq!(strongest.columns, ["a", "b"]);
    assert!(strongest.share > 0.3, "{trees:?}");
    let alone = trees.alone.iter().max_by(by_share).unwrap();
    assert_eq!(alone.columns, ["c"]);

    let linear = strengths(Learner::Linear);
    assert!(linear.pairs.is_empty());
    assert_eq!((linear.rows, linear.alone.len()), (4_000, 4));
}
