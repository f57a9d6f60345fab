//! The contest of accuracy: real histories, and made ones whose truth is known, on folds that all contenders share,
//! everything learnt inside the folds.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Asked;
use super::contest::answer;
use super::peers::Peers;
use super::programs::{build, machine};
use crate::config::Config;
use crate::printer;

const OURS: &str = "winback";
/// As `testdata/bench/accuracy.py` knows them.
const PEERS: [&str; 6] = ["truth", "catboost", "lightgbm", "lightgbm-stopped", "xgboost", "xgboost-stopped"];
const REPEATS: usize = 5;

/// One contender on one history.
struct Figures {
    contender: &'static str,
    /// By fold.
    roc_auc: Vec<f64>,
    log_loss: Vec<f64>,
    seconds_a_fit: f64,
}

/// Lets all contenders learn, and prints what they reach. `quick` asks for one repeat of the folds.
pub(super) fn run(config: &Config, asked: &Asked) -> anyhow::Result<()> {
    let data = config.data.as_path();
    if !data.is_dir() {
        bail!("there is no folder `{}` with the histories; name it in `WINBACK_DATA`", data.display());
    }
    let ours = build(config, "accuracy")?;
    let peers = Peers::install(config)?;
    let script = config.root.join("testdata/bench/accuracy.py");
    let folder = config.target.join("bench/histories");
    let repeats = if asked.quick { 1 } else { REPEATS };
    let python = |work: &str, places: &[&Path]| {
        let mut command = Command::new(&peers.python);
        command.arg(&script).arg(work).args(places);
        command
    };
    let made = config.target.join("bench/made");
    answer(Command::new(&ours).arg("made").arg(&made))?;
    answer(&mut python("data", &[data, &made, &folder]))?;
    let mut told: Vec<(&'static str, Value)> = Vec::new();
    for contender in PEERS.into_iter().chain([OURS]) {
        printer::complain(&format!("{contender} learns, {repeats} times five folds of each history"));
        let mut command = if contender == OURS {
            let mut command = Command::new(&ours);
            command.arg(&folder);
            command
        } else {
            python(contender, &[&folder])
        };
        command.args(["--repeats", &repeats.to_string()]);
        if let Some(only) = &asked.only {
            command.args(["--only", only]);
        }
        told.push((contender, answer(&mut command)?));
    }
    if asked.json {
        let contenders: serde_json::Map<String, Value> =
            told.into_iter().map(|(contender, found)| (contender.to_owned(), found)).collect();
        let result = json!({ "machine": machine(), "peers": peers.versions, "contenders": contenders });
        printer::line(&result.to_string());
        return Ok(());
    }
    printer::line(&format!("{}\npeers: {}\n", machine(), peers.versions.join(", ")));
    let Some((_, last)) = told.last() else { return Ok(()) };
    let histories = last.as_object().context("ours answered no object")?.keys();
    for history in histories {
        // The truth is known of some only.
        let knowing = told.iter().filter(|(_, found)| found[history].is_object());
        let figures = knowing.map(|(contender, found)| Figures::read(contender, &found[history]));
        printer::line(&table(history, &figures.collect::<anyhow::Result<Vec<_>>>()?));
    }
    Ok(())
}

impl Figures {
    fn read(contender: &'static str, found: &Value) -> anyhow::Result<Self> {
        let list = |name: &str| -> anyhow::Result<Vec<f64>> {
            let figures = found[name].as_array().with_context(|| format!("{contender} told no `{name}`"))?;
            Ok(figures.iter().filter_map(Value::as_f64).collect())
        };
        let (roc_auc, log_loss) = (list("roc_auc")?, list("log_loss")?);
        if roc_auc.is_empty() || roc_auc.len() != log_loss.len() {
            bail!("{contender} told {} areas and {} losses", roc_auc.len(), log_loss.len());
        }
        let seconds_a_fit = found["seconds_a_fit"].as_f64().unwrap_or(f64::NAN);
        Ok(Self { contender, roc_auc, log_loss, seconds_a_fit })
    }
}

/// One line a contender, ours last: means over folds, and by how much ours is better on the same folds.
fn table(history: &str, figures: &[Figures]) -> String {
    let Some(ours) = figures.last() else { return String::new() };
    let mut text = format!(
        "{history}, {} folds\n  {:<18} {:>8} {:>20} {:>9} {:>20} {:>9}\n",
        ours.roc_auc.len(),
        "",
        "ROC AUC",
        "ours better by",
        "log loss",
        "ours better by",
        "s a fit"
    );
    for one in figures {
        let by = |(better, error): (f64, f64)| {
            if one.contender == OURS { String::new() } else { format!("{better:+.5} ± {error:.5}") }
        };
        text += &format!(
            "  {:<18} {:>8.5} {:>20} {:>9.5} {:>20} {:>9.2}\n",
            one.contender,
            mean(&one.roc_auc),
            by(paired(&ours.roc_auc, &one.roc_auc)),
            mean(&one.log_loss),
            by(paired(&one.log_loss, &ours.log_loss)),
            one.seconds_a_fit
        );
    }
    text
}

fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}

/// The mean of `left` less `right` over the same folds, and its standard error as if folds were independent.
fn paired(left: &[f64], right: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = left.iter().zip(right).map(|(left, right)| left - right).collect();
    let (mean, folds) = (mean(&differences), differences.len() as f64);
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    (mean, (squares / (folds - 1.0).max(1.0) / folds).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_taken_fold_by_fold() {
        let (better, error) = paired(&[0.9, 0.8, 0.7], &[0.8, 0.7, 0.6]);
        assert!((better - 0.1).abs() < 1e-12 && error < 1e-12, "{better} ± {error}");
        let (better, error) = paired(&[1.0, 3.0], &[0.0, 0.0]);
        assert!((better - 2.0).abs() < 1e-12 && (error - 1.0).abs() < 1e-12, "{better} ± {error}");
    }

    #[test]
    fn ours_is_better_by_more_area_and_less_loss() {
        let figures = |contender, auc, loss| Figures {
            contender,
            roc_auc: vec![auc; 2],
            log_loss: vec![loss; 2],
            seconds_a_fit: 1.0,
        };
        let text = table("a bank", &[figures("catboost", 0.8, 0.3), figures(OURS, 0.81, 0.28)]);
        assert!(text.contains("+0.01000 ± 0.00000") && text.contains("+0.02000 ± 0.00000"), "{text}");
        assert!(Figures::read("catboost", &json!({ "roc_auc": [], "log_loss": [] })).is_err());
    }
}
