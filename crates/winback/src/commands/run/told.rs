//! What is said of runs: what became of them and of their steps.

use serde_json::{Value as Json, json};
use winback_flow::{Progress, RunId, State, StepId};

use crate::commands::Context;
use crate::error::Result;
use crate::printer::Align;
use crate::work::Shop;

/// What became of each run, of which some are new; as rows for people, and as JSON. Files without a run may be left.
pub(super) fn tell(
    context: &Context,
    shop: &Shop,
    folder: &str,
    driven: &[(RunId, Progress)],
    (new, left): (&[RunId], usize),
) -> Result<Vec<Json>> {
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for (id, progress) in driven {
        let outcome = match progress {
            Progress::Over(outcome) => outcome.name(),
            Progress::Waits(_) => "waits",
        };
        let run = match shop.bucket.wait(shop.worker.runs().find(id)) {
            Ok(run) => run,
            // Why it cannot be read was told when it was tried.
            Err(_) if matches!(progress, Progress::Waits(_)) => {
                rows.push(vec![String::new(), outcome.to_owned(), String::new(), id.to_string()]);
                told.push(json!({
                    "run": id, "file": null, "outcome": outcome, "new": new.contains(id),
                    "published": null, "model": null, "quarantine": null, "trained": null, "steps": [],
                }));
                continue;
            }
            Err(error) => return Err(error),
        };
        let steps = run.steps.iter().map(|(step, state)| described(step, state));
        let text =
            |step: &str, output: &str| run.output(step, output).and_then(|value| value.json().cloned());
        let published = ["publish", "score/publish"].iter().find_map(|step| text(step, "folder"));
        let model = ["choose", "score/choose"].iter().find_map(|step| text(step, "model"));
        let quarantine = ["close", "score/close"].iter().find_map(|step| text(step, "quarantine"));
        let trained = run
            .steps
            .get(&StepId::whole("train/fit"))
            .map(|step| matches!(step.state, State::Done { from: None }));
        let result = quarantine.as_ref().or(published.as_ref()).and_then(Json::as_str).unwrap_or_default();
        rows.push(vec![run.created.subject.clone(), outcome.to_owned(), result.to_owned(), id.to_string()]);
        told.push(json!({
            "run": id, "file": run.created.subject, "outcome": outcome, "new": new.contains(id),
            "published": published, "model": model, "quarantine": quarantine, "trained": trained,
            "steps": steps.collect::<Vec<_>>(),
        }));
    }
    let columns = [("file", Align::Left), ("", Align::Left), ("results", Align::Left), ("run", Align::Left)];
    if rows.is_empty() && left == 0 {
        let root = shop.bucket.store.url();
        context.printer.data(&format!("nothing waits in `{folder}` of `{root}`"))?;
    } else if !rows.is_empty() {
        context.printer.table(&columns, rows)?;
    }
    Ok(told)
}

/// A step as JSON: where it stands, and why.
pub(crate) fn described(id: &StepId, step: &winback_flow::StepRun) -> Json {
    let (state, why) = match &step.state {
        State::Claimed { owner, .. } => ("running", Some(format!("by {owner}"))),
        State::Waiting { until } => ("waiting", Some(format!("tried again from {until}"))),
        State::Fresh => ("ready", None),
        State::Done { from: None } => ("done", None),
        State::Done { from: Some(run) } => ("skipped", Some(format!("same work as in run {run}"))),
        State::Failed => ("failed", step.failures.last().map(|(_, reason)| reason.clone())),
        State::LeftOut { why } => ("left out", Some(why.clone())),
    };
    json!({
        "step": id, "state": state, "why": why, "attempts": step.attempts,
        "seconds": step.changed.since(step.began).as_secs_f64(),
    })
}
