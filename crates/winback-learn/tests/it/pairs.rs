//! Categories that mean something only together, on a made history whose pairs are known.

use winback_learn::calibrate::Calibration;
use winback_learn::encode::{Encoded, Encoder};
use winback_learn::metrics::log_loss;
use winback_learn::procedure::{Effort, Fitted, Learner, Settings, fit};
use winback_learn::{Model, Predictor, file};
use winback_simulate::wide::{Shape, WideSource, WideTable};
use winback_table::{Field, Role, Source as _};

const ROWS: u64 = 8_000;

fn is_learnt(field: &Field) -> bool {
    field.role == Role::Feature
}

fn table(seed: u64) -> WideSource {
    WideSource::from(WideTable { shape: Shape::Pairs, rows: ROWS, seed })
}

fn mean_loss(model: &Model, data: &Encoded) -> f64 {
    let log_odds = model.log_odds(data, &data.all_rows());
    log_loss(&log_odds, &data.labels, None)
}

#[test]
fn pairs_that_decide_are_found_kept_explained_and_saved() {
    let source = table(1);
    let (encoder, _) = Encoder::learn(&source, &is_learnt).unwrap();
    let data = Encoded::read(&source, &encoder).unwrap();
    let unseen = Encoded::read(&table(2), &encoder).unwrap();
    let model = |effort: Effort| {
        let settings = Settings { learner: Learner::Trees, effort, seed: 1, horizon: 0, bands: [3.0, 1.0] };
        let Fitted { predictor, calibration } = fit(&data, &data.all_rows(), &settings).unwrap();
        Model {
            encoder: encoder.clone(),
            predictor,
            calibration,
            base_rate: 0.2,
            bands: [3.0, 1.0],
            out_of_fold_grid: vec![0.2],
        }
    };
    let (without, with) = (model(Effort::Quick), model(Effort::Normal));
    let found = |model: &Model| match &model.predictor {
        Predictor::Trees { forest, .. } => {
            forest.lookups.pairs.iter().map(|pair| pair.columns).collect::<Vec<_>>()
        }
        Predictor::Linear(_) => panic!("trees were asked for"),
    };
    assert!(found(&without).is_empty());
    let found = found(&with);
    assert!(found.len() >= 3, "{found:?}");
    for [first, second] in &found {
        assert!(
            first.is_multiple_of(4) && *second == first + 1,
            "{found:?}: the first two of each four decide"
        );
    }
    let (without, loss) = (mean_loss(&without, &unseen), mean_loss(&with, &unseen));
    assert!(loss < without - 0.01, "{loss} with pairs, {without} without");

    let loaded = file::load(&file::save(&with)).unwrap();
    assert_eq!(loaded, with);
    for batch in table(2).open().unwrap() {
        let batch = batch.unwrap();
        let (explained, scored) = (with.explain(&batch).unwrap(), with.score(&batch).unwrap());
        for (row, score) in scored.iter().enumerate() {
            let sum = explained.base + explained.of_row(row).iter().sum::<f64>();
            assert!((sum - score).abs() < 1e-9 && (explained.log_odds[row] - score).abs() < 1e-9);
        }
    }
}

#[test]
fn a_model_depends_on_no_number_of_threads() {
    let source = table(3);
    let (encoder, _) = Encoder::learn(&source, &is_learnt).unwrap();
    let data = Encoded::read(&source, &encoder).unwrap();
    let settings =
        Settings { learner: Learner::Trees, effort: Effort::Normal, seed: 1, horizon: 0, bands: [3.0, 1.0] };
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&data, &data.all_rows(), &settings)).unwrap()
    };
    let (one, three) = (with_threads(1), with_threads(3));
    assert_eq!(one.calibration, three.calibration);
    assert_ne!(one.calibration, Calibration::IDENTITY);
    assert_eq!(one.predictor, three.predictor);
}
