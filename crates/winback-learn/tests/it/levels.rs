//! Categories of very many levels: learnt in bounded memory, and refused where they name single rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use winback_learn::calibrate::Calibration;
use winback_learn::encode::{Codes, Encoded, Encoder, LevelCodes};
use winback_learn::trees::{Booster, Settings, prepare};
use winback_learn::{Error, Model, Predictor, file};
use winback_table::{BatchIterator, Field, Kind, Role, Schema, Source};

const BATCH: u64 = 1 << 14;

/// Rows of one category, whose levels come in turn, and of a number that keeps rows apart; every seventh level leaves
/// more often than not.
struct Rows {
    schema: Schema,
    rows: u64,
    levels: u64,
}

impl Rows {
    fn new(rows: u64, levels: u64) -> Self {
        let fields = vec![
            Field::new("branch", Kind::Category, Role::Feature),
            Field::new("balance", Kind::Number, Role::Feature),
            Field::new("left", Kind::Flag, Role::Label),
        ];
        Self { schema: Schema::new(fields, Some("yes".to_owned())).unwrap(), rows, levels }
    }

    fn batch(&self, rows: std::ops::Range<u64>) -> RecordBatch {
        let level = |row: u64| row % self.levels;
        let names: StringArray = rows.clone().map(|row| Some(format!("branch {:07}", level(row)))).collect();
        let left = |row: u64| {
            let turn = row / self.levels + level(row) / 7;
            if level(row).is_multiple_of(7) { !turn.is_multiple_of(4) } else { turn.is_multiple_of(4) }
        };
        let balances: Float64Array = rows.clone().map(|row| Some((row * 7919 % 10_000_019) as f64)).collect();
        let labels: BooleanArray = rows.map(|row| Some(left(row))).collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(balances), Arc::new(labels)];
        RecordBatch::try_new(Arc::new(self.schema.arrow()), columns).unwrap()
    }
}

impl Source for Rows {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn open(&self) -> winback_table::Result<BatchIterator<'_>> {
        let starts = (0..self.rows).step_by(BATCH as usize);
        Ok(Box::new(starts.map(|from| Ok(self.batch(from..(from + BATCH).min(self.rows))))))
    }
}

fn is_learnt(field: &Field) -> bool {
    field.role == Role::Feature
}

#[test]
fn a_hundred_thousand_levels_are_learnt_saved_and_scored() {
    let levels = 100_000;
    let source = Rows::new(levels * 20, levels);
    let (encoder, _) = Encoder::learn(&source, &is_learnt).unwrap();
    let data = Encoded::read(&source, &encoder).unwrap();
    assert_eq!(data.code_counts[0], levels as usize + 2);
    assert!(matches!(&data.columns[0], Codes::Levels(LevelCodes::Four(codes)) if codes.len() == data.len()));

    let prepared = prepare(&data, &data.all_rows(), 0);
    let mut booster = Booster::new(&prepared, Settings { depth: 2, rate: 0.5, l2: 1.0, sample: 0.2 });
    (0..5).for_each(|_| assert!(booster.round().is_some(), "there is more to learn"));
    let model = Model {
        encoder,
        predictor: Predictor::trees(booster.finish(5)),
        calibration: Calibration { intercept: 0.0, slope: 1.0 },
        base_rate: 0.3,
        bands: [3.0, 1.0],
        out_of_fold_grid: vec![0.3],
    };
    let loaded = file::load(&file::save(&model)).unwrap();
    assert_eq!(loaded, model);
    let batch = source.batch(0..BATCH);
    let scores = loaded.score(&batch).unwrap();
    assert_eq!(scores, model.score(&batch).unwrap());
    let mean = |of_leaving: bool| {
        let rows = scores.iter().enumerate().filter(|(row, _)| row.is_multiple_of(7) == of_leaving);
        let scores: Vec<f64> = rows.map(|(_, score)| *score).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    assert!(mean(true) > mean(false) + 1.0, "levels tell: {} {}", mean(true), mean(false));
    assert_eq!(loaded.explain(&batch).unwrap().unknown, [0, 0]);
}

#[test]
fn a_column_of_more_than_a_million_values_is_refused_by_name() {
    let error = Encoder::learn(&Rows::new(1_100_000, 1_100_000), &is_learnt).unwrap_err();
    assert!(matches!(error, Error::TooManyLevels { .. }));
    assert!(
        error.to_string().starts_with("column `branch` has more than 1,000,000 different values"),
        "{error}"
    );
}
