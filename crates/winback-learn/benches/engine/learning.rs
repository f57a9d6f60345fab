//! Learning: from columns in memory to a forest that reaches a log loss on unseen rows.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use winback_learn::encode::{Encoded, Encoder};
use winback_learn::trees::{Booster, Matrix, Settings, Tree, prepare};
use winback_table::Role;

use super::data::{labels, read};
use crate::{Result, files};

/// Trees between two looks at the unseen rows; the clock stands still meanwhile.
const STRIDE: usize = 5;
/// As the product trains so many rows, but for the rate: it may be higher where only the time to a loss counts.
pub(crate) const SETTINGS: Settings = Settings { depth: 6, rate: 0.2, l2: 3.0, sample: 0.2 };

/// Trains until the log loss of unseen rows is reached, or there are so many trees, and says how long that took, encoding
/// included.
pub(crate) fn train(folder: &Path, loss: f64, most_trees: usize) -> Result<Value> {
    let [train, test] = files(folder);
    let (train, test) = (read(&train)?, read(&test)?);
    let test_labels = labels(&test)?;
    let learnt = |field: &winback_table::Field| field.role == Role::Feature;

    let clock = Instant::now();
    let (encoder, _) = Encoder::learn(&train, &learnt)?;
    let data = Encoded::read(&train, &encoder)?;
    let encoded = clock.elapsed();
    let rows = data.all_rows();
    let prepared = prepare(&data, &rows, 0);
    let mut booster = Booster::new(&prepared, SETTINGS);
    let mut spent = clock.elapsed();
    let preparing = spent - encoded;

    let test = Encoded::read(&test, &encoder)?;
    let test_rows = test.all_rows();
    let matrix = Matrix::of_rows(&test.columns, &prepared.lookups, &test_rows);
    let mut margins = vec![booster.base(); test_labels.len()];
    let (mut trees, mut reached) = (0, f64::INFINITY);
    let mut grown: Vec<Tree> = Vec::with_capacity(STRIDE);
    while loss < reached && trees < most_trees {
        let clock = Instant::now();
        grown.clear();
        for _ in 0..STRIDE {
            grown.extend(booster.round().cloned());
        }
        spent += clock.elapsed();
        grown.iter().for_each(|tree| tree.add_to(&matrix, &mut margins));
        trees += STRIDE;
        reached = mean_loss(&margins, &test_labels);
    }
    Ok(json!({
        "seconds": seconds(spent), "encoding": seconds(encoded), "preparing": seconds(preparing), "trees": trees,
        "log_loss": reached, "rows": rows.len(), "peak_mib": peak_mib(),
    }))
}

pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 1e4
}

pub(crate) fn mean_loss(margins: &[i64], labels: &[bool]) -> f64 {
    let losses = margins.iter().zip(labels).map(|(margin, label)| {
        let log_odds = *margin as f64 / 16_777_216.0;
        let against = if *label { -log_odds } else { log_odds };
        against.max(0.0) + (-against.abs()).exp().ln_1p()
    });
    losses.sum::<f64>() / labels.len() as f64
}

/// The most memory that this process had, where the system tells.
pub(crate) fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some((line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0).round())
}
