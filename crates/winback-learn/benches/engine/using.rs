//! Scoring and explaining: raw columns in memory to log-odds, with and without the effect of every column, or of every pair
//! of columns.

use std::path::Path;
use std::time::Instant;

use arrow::record_batch::RecordBatch;
use rayon::prelude::*;
use serde_json::{Value, json};
use winback_learn::calibrate::Calibration;
use winback_learn::encode::{Encoded, Encoder};
use winback_learn::interactions::Interactions;
use winback_learn::trees::{Booster, Settings, prepare};
use winback_learn::{Model, Predictor};
use winback_table::{MemorySource, Role, Source as _};

use super::data::read;
use crate::{Result, files};

/// Trees of the model that is timed.
const TREES: usize = 300;
/// It learns from so many rows.
const LEARNT_FROM: usize = 100_000;

/// Times that all rows go through it.
const TIMES: usize = 8;

/// Times scoring.
pub(crate) fn score(folder: &Path) -> Result<Value> {
    run(folder, &|model, batch| Ok(model.score(batch)?.len()))
}

/// Times scoring with the effects of all columns.
pub(crate) fn explain(folder: &Path) -> Result<Value> {
    run(folder, &|model, batch| Ok(model.explain(batch)?.log_odds.len()))
}

/// Writes the model that is timed as ONNX, for other programs to score.
pub(crate) fn onnx(folder: &Path) -> Result<Value> {
    let [train, _] = files(folder);
    let train = read(&train)?;
    let bytes = winback_learn::onnx::save(&model(&train)?, train.schema());
    std::fs::write(folder.join("winback.onnx"), &bytes)?;
    Ok(json!({ "bytes": bytes.len() }))
}

/// Times how strong all pairs of columns are; batches one after the other, blocks of their rows side by side.
pub(crate) fn interactions(folder: &Path) -> Result<Value> {
    let [train, test] = files(folder);
    let model = model(&read(&train)?)?;
    let batches: Vec<RecordBatch> = read(&test)?.open()?.collect::<std::result::Result<_, _>>()?;
    let clock = Instant::now();
    let mut gathering = Interactions::new(&model).gather();
    for _ in 0..TIMES {
        batches.iter().try_for_each(|batch| gathering.add(batch))?;
    }
    let (seconds, found) = (clock.elapsed().as_secs_f64(), gathering.finish());
    let (rows, pairs) = (found.rows, found.pairs.len());
    Ok(json!({ "seconds": seconds, "rows": rows, "pairs": pairs, "rows_a_second": rows as f64 / seconds }))
}

fn run(folder: &Path, work: &(dyn Fn(&Model, &RecordBatch) -> Result<usize> + Sync)) -> Result<Value> {
    let [train, test] = files(folder);
    let model = model(&read(&train)?)?;
    let batches: Vec<RecordBatch> = read(&test)?.open()?.collect::<std::result::Result<_, _>>()?;
    let clock = Instant::now();
    let mut rows = 0;
    // Often enough for a clock.
    for _ in 0..TIMES {
        let done = batches.par_iter().map(|batch| work(&model, batch).map_err(|error| error.to_string()));
        rows += done.sum::<std::result::Result<usize, String>>()?;
    }
    let seconds = clock.elapsed().as_secs_f64();
    Ok(json!({ "seconds": seconds, "rows": rows, "rows_a_second": rows as f64 / seconds }))
}

fn model(train: &MemorySource) -> Result<Model> {
    let mut batches = Vec::new();
    let mut rows = 0;
    for batch in train.open()? {
        let batch = batch?;
        if rows < LEARNT_FROM {
            rows += batch.num_rows();
            batches.push(batch);
        }
    }
    let train = MemorySource::new(train.schema().clone(), batches);
    let (encoder, _) = Encoder::learn(&train, &|field| field.role == Role::Feature)?;
    let data = Encoded::read(&train, &encoder)?;
    let prepared = prepare(&data, &data.all_rows(), 0);
    let mut booster = Booster::new(&prepared, Settings { depth: 6, rate: 0.1, l2: 3.0, sample: 1.0 });
    for _ in 0..TREES {
        booster.round();
    }
    Ok(Model {
        encoder,
        predictor: Predictor::trees(booster.finish(TREES)),
        calibration: Calibration { intercept: 0.0, slope: 1.0 },
        base_rate: 0.08,
        bands: [3.0, 1.0],
        out_of_fold_grid: vec![0.08],
    })
}
