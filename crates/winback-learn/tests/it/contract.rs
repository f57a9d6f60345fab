//! What every learner must satisfy.

use winback_learn::metrics::Ranking;
use winback_learn::procedure::{Learner, train};
use winback_learn::{Error, file};
use winback_table::{Role, Source};

use crate::bank::{fit, history, settings};

/// A learner may be this far below what knowing the truth would reach.
const GAP_OF_AUC: f64 = 0.015;

#[test]
fn auto_comes_near_the_truth() {
    let (source, truth) = history(16_000, 3);
    let trained = fit(&source, Learner::Auto);
    let labels: Vec<bool> = trained.out_of_fold.iter().map(|row| row.label).collect();
    assert_eq!(labels.len(), truth.len(), "every row was held out once");
    let best = Ranking::new(&truth).roc_auc(&labels, None).unwrap();
    let found = trained.report.metrics.roc_auc;
    assert!(found.value > best - GAP_OF_AUC, "AUC {} where the truth has {best}", found.value);
    assert!(found.low < best, "the interval does not lie above what is possible");
    let slope = trained.report.metrics.calibration.slope;
    assert!(slope.low < 1.0 && slope.high > 0.9, "{slope:?}");
    assert_eq!(trained.report.learners.len(), 2);
}

#[test]
fn the_same_bytes_whatever_the_number_of_threads() {
    let (source, _) = history(1_500, 5);
    for learner in [Learner::Trees, Learner::Linear] {
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let trained = pool.install(|| fit(&source, learner));
            (file::save(&trained.model), trained.report)
        };
        assert_eq!(with_threads(1), with_threads(3), "{}", learner.name());
    }
}

#[test]
fn effects_add_up_and_a_saved_model_scores_alike() {
    let (source, _) = history(2_000, 7);
    for learner in [Learner::Trees, Learner::Linear] {
        let model = fit(&source, learner).model;
        let loaded = file::load(&file::save(&model)).unwrap();
        assert_eq!(loaded, model);
        for batch in source.open().unwrap() {
            let batch = batch.unwrap();
            let explanation = loaded.explain(&batch).unwrap();
            for (row, log_odds) in explanation.log_odds.iter().enumerate() {
                let sum = explanation.base + explanation.of_row(row).iter().sum::<f64>();
                assert!((sum - log_odds).abs() < 1e-9, "{}: row {row}", learner.name());
            }
        }
    }
}

#[test]
fn a_watcher_can_stop_the_work_and_sees_it_end() {
    let (source, _) = history(1_000, 9);
    let learnt = |field: &winback_table::Field| field.role == Role::Feature;
    let stopped = train(&source, &learnt, settings(Learner::Linear), &|done, _| done < 3);
    assert!(matches!(stopped, Err(Error::Stopped)));
    let last = std::sync::Mutex::new((0, 0));
    let watch = |done, total| {
        let mut last = last.lock().unwrap();
        *last = (*last).max((done, total));
        true
    };
    train(&source, &learnt, settings(Learner::Linear), &watch).unwrap();
    let (done, total) = *last.lock().unwrap();
    assert_eq!(done, total);
}

#[test]
fn too_few_of_a_class_is_refused_with_the_count() {
    let (source, _) = history(100, 1);
    let learnt = |field: &winback_table::Field| field.role == Role::Feature;
    let error = train(&source, &learnt, settings(Learner::Auto), &|_, _| true).unwrap_err();
    assert!(error.to_string().contains("of 100 rows are positive; at least 30 are needed"), "{error}");
}
