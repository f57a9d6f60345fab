//! Round trips, a golden file for each format, and bytes that nobody should trust.

use proptest::prelude::*;

use super::*;
use crate::calibrate::Calibration;

/// A golden file of each format: it must load for ever, and to the same model.
const GOLDEN_1: &[u8] = include_bytes!("../../../../testdata/model/trees-1.bin");
const GOLDEN_2: &[u8] = include_bytes!("../../../../testdata/model/trees-2.bin");
const GOLDEN_3: &[u8] = include_bytes!("../../../../testdata/model/trees-3.bin");

fn encoder() -> Encoder {
    Encoder {
        columns: vec![
            ColumnEncoder {
                name: "balance".to_owned(),
                kind: Kind::Number,
                shape: Shape::Bins(vec![-0.5, 100.25]),
            },
            ColumnEncoder {
                name: "region".to_owned(),
                kind: Kind::Category,
                shape: Shape::Levels(Levels::new(vec!["Nord".to_owned(), "Süd".to_owned()])),
            },
        ],
    }
}

/// The encoder with a second category, and a forest that asks about both together.
fn paired() -> Model {
    let mut model = trees();
    let segment = Shape::Levels(Levels::new(vec!["gold".to_owned()]));
    model.encoder.columns.push(ColumnEncoder {
        name: "segment".to_owned(),
        kind: Kind::Category,
        shape: segment,
    });
    let Predictor::Trees { mut forest, .. } = model.predictor else { panic!("trees are trees") };
    forest.lookups.columns.push(Some(vec![1, 2, 3]));
    forest.lookups.pairs.push(Pair { columns: [1, 2], bins: (1..=12).collect() });
    forest.trees[0].questions[0] = Question { column: 3, bin: 5, missing_is_above: false };
    Model { predictor: Predictor::trees(forest), ..model }
}

fn model(predictor: Predictor) -> Model {
    Model {
        encoder: encoder(),
        predictor,
        calibration: Calibration { intercept: -0.125, slope: 1.0625 },
        base_rate: 0.0825,
        bands: [3.0, 1.0],
        out_of_fold_grid: vec![0.001, 0.0625, 0.0625, 0.9],
    }
}

fn trees() -> Model {
    trees_with(true)
}

fn trees_with(missing_is_above: bool) -> Model {
    let questions = vec![
        Question { column: 0, bin: 1, missing_is_above },
        Question { column: 1, bin: 2, missing_is_above: false },
    ];
    let tree =
        Tree { questions, values: vec![-5_000_000, 1, 2_500_000, 7_000_001], counts: vec![10, 0, 30, 2] };
    let forest =
        Forest { base: -40_000_000, lookups: vec![None, Some(vec![2, 2, 1, 3])].into(), trees: vec![tree] };
    model(Predictor::trees(forest))
}

fn linear() -> Model {
    let points = vec![vec![0, -3, 5, 7], vec![1, 2, 3, -4]];
    model(Predictor::Linear(Scorecard { base: -9, points }))
}

#[test]
fn models_go_there_and_back() {
    for model in [trees(), paired(), linear()] {
        assert_eq!(load(&save(&model)).unwrap(), model);
    }
}

#[test]
fn golden_files_load_and_the_last_is_what_is_written_today() {
    assert_eq!(load(GOLDEN_1).unwrap(), trees_with(false), "format 1 knew only missing values below");
    assert_eq!(load(GOLDEN_2).unwrap(), trees());
    assert_eq!(load(GOLDEN_3).unwrap(), paired());
    assert_eq!(save(&paired()), GOLDEN_3, "the format changed: give it a new number and a new golden file");
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let mut bytes = save(&trees());
    bytes[8] = 9;
    let error = load(&bytes).unwrap_err().to_string();
    assert_eq!(error, "the model file cannot be used: it has format 9; this program reads up to 3");
}

#[test]
fn pairs_that_do_not_fit_their_columns_are_refused() {
    let broken = |pair: Pair| {
        let mut model = paired();
        let Predictor::Trees { forest, .. } = &mut model.predictor else { panic!("trees are trees") };
        forest.lookups.pairs[0] = pair;
        load(&save(&model)).unwrap_err().to_string()
    };
    let bins: Vec<u8> = (1..=12).collect();
    for columns in [[2, 1], [1, 1], [0, 1], [1, 9]] {
        let said = broken(Pair { columns, bins: bins.clone() });
        assert!(said.contains("a pair of its categories does not fit its columns"), "{columns:?}: {said}");
    }
    let said = broken(Pair { columns: [1, 2], bins: bins[1..].to_vec() });
    assert!(said.contains("a pair of its categories does not fit its columns"), "{said}");
}

#[test]
fn more_pairs_than_can_be_are_refused() {
    let mut model = paired();
    let Predictor::Trees { forest, .. } = &mut model.predictor else { panic!("trees are trees") };
    let pair = forest.lookups.pairs[0].clone();
    forest.lookups.pairs = vec![pair; crate::trees::MOST_PAIRS + 1];
    let said = load(&save(&model)).unwrap_err().to_string();
    assert!(said.contains("more pairs of categories than can be"), "{said}");
}

#[test]
fn every_cut_and_every_altered_byte_is_refused() {
    let bytes = save(&trees());
    for length in 0..bytes.len() {
        assert!(load(&bytes[..length]).is_err(), "cut at {length}");
    }
    for position in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[position] ^= 0x40;
        assert!(load(&altered).is_err(), "altered at {position}");
    }
}

/// Puts a right checksum under altered content, as an attacker would.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let content = bytes.len() - CHECKSUM;
    let checksum = Sha256::digest(&bytes[..content]);
    bytes[content..].copy_from_slice(&checksum);
    bytes
}

proptest! {
    #[test]
    fn altered_content_under_a_right_checksum_never_panics(
        position in 20_usize..200, value in any::<u8>(), of_trees in any::<bool>()
    ) {
        let mut bytes = save(&if of_trees { paired() } else { linear() });
        let position = position.min(bytes.len() - CHECKSUM - 1);
        bytes[position] = value;
        if let Ok(model) = load(&resealed(bytes)) {
            prop_assert_eq!(load(&save(&model)).unwrap(), model);
        }
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(load(&noise).is_err());
    }
}
