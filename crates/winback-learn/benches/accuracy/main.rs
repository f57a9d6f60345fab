//! Our side of the contest of accuracy: real histories, five times five folds, everything learnt inside the folds.
//!
//! `cargo xtask bench accuracy` runs it beside other programs' (`testdata/bench/accuracy.py`, which also writes the
//! histories with their folds). Each call prints one JSON object; `made FOLDER` writes histories whose truth is known.
#![expect(clippy::print_stdout, reason = "this program's output is its result")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

mod history;
mod made;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Map, Value, json};
use winback_learn::Model;
use winback_learn::encode::{Encoded, Encoder};
use winback_learn::metrics::{Ranking, log_loss};
use winback_learn::procedure::{Effort, Fitted, Learner, Settings, fit};
use winback_table::{MemorySource, Role};

use self::history::{FOLDS, History};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [work, folder] = arguments.as_slice()
        && work == "made"
    {
        println!("{}", json!({ "made": made::write(folder.as_ref())? }));
        return Ok(());
    }
    let (mut effort, mut repeats, mut folder) = (Effort::Normal, 5, None);
    let mut only: Option<&String> = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--only" => only = words.next(),
            "--repeats" => repeats = words.next().ok_or("how many repeats?")?.parse()?,
            "--effort" => {
                let name = words.next().ok_or("which effort?")?;
                let known = [Effort::Quick, Effort::Normal, Effort::Thorough];
                effort = *known.iter().find(|effort| effort.name() == name).ok_or("no such effort")?;
            }
            _ => folder = Some(PathBuf::from(word)),
        }
    }
    let folder = folder.ok_or("name the folder with the histories")?;
    let mut found = Map::new();
    for file in history::files(&folder)? {
        let history = History::read(&file)?;
        if only.is_some_and(|only| !history.name.starts_with(only.as_str())) {
            continue;
        }
        found.insert(history.name.clone(), judge(&history, effort, repeats)?);
    }
    println!("{}", Value::Object(found));
    Ok(())
}

/// The figures of each fold.
fn judge(history: &History, effort: Effort, repeats: usize) -> Result<Value> {
    let settings = Settings { learner: Learner::Trees, effort, seed: 1, horizon: 0, bands: [3.0, 1.0] };
    let (mut aucs, mut losses) = (Vec::new(), Vec::new());
    let clock = Instant::now();
    let repeats = repeats.min(history.repeats());
    for repeat in 0..repeats {
        for fold in 0..FOLDS {
            let (training, held_out) = history.parts(repeat, fold)?;
            let model = model(&training, &settings)?;
            let held_out = Encoded::read(&held_out, &model.encoder)?;
            let log_odds = model.log_odds(&held_out, &held_out.all_rows());
            let auc = Ranking::new(&log_odds).roc_auc(&held_out.labels, None);
            aucs.push(auc.ok_or("every fold has both classes")?);
            losses.push(log_loss(&log_odds, &held_out.labels, None));
        }
    }
    let seconds = clock.elapsed().as_secs_f64() / (repeats * FOLDS) as f64;
    Ok(json!({ "roc_auc": aucs, "log_loss": losses, "seconds_a_fit": seconds }))
}

/// What the whole procedure makes of a training part alone.
fn model(training: &MemorySource, settings: &Settings) -> Result<Model> {
    let (encoder, _) = Encoder::learn(training, &|field| field.role == Role::Feature)?;
    let data = Encoded::read(training, &encoder)?;
    let Fitted { predictor, calibration } = fit(&data, &data.all_rows(), settings)?;
    let base_rate = data.positives(&data.all_rows()) as f64 / data.len() as f64;
    let out_of_fold_grid = vec![base_rate];
    Ok(Model { encoder, predictor, calibration, base_rate, bands: settings.bands, out_of_fold_grid })
}
