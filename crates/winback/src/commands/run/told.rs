//! What is said of runs: what became of them, and why they wait or came to nothing.

use serde_json::{Value as Json, json};
use winback_flow::{Progress, Run, RunId, State, StepId};

use crate::commands::Context;
use crate::error::Result;
use crate::printer::Align;
use crate::work::Shop;

/// Why a run came to nothing, in the words of the first step that did.
pub(super) fn reason(shop: &Shop, id: &RunId) -> Result<String> {
    let run = shop.bucket.wait(shop.worker.runs().find(id))?;
    let failed = run.steps.iter().filter(|(_, step)| step.state == State::Failed);
    let told = failed.filter_map(|(id, step)| Some(format!("{id}: {}", step.failures.last()?.1)));
    Ok(told.collect::<Vec<_>>().join("; "))
}

/// How and why steps have failed so far that are tried again.
pub(super) fn waiting(run: &Run) -> Vec<String> {
    let waiting = run.steps.iter().filter(|(_, step)| matches!(step.state, State::Waiting { .. }));
    let failures = waiting.flat_map(|(id, step)| {
        let numbered = step.failures.iter().zip(1..);
        numbered.map(move |((_, reason), attempt)| format!("{id} failed, attempt {attempt}: {reason}"))
    });
    failures.collect()
}

/// What became of each run; as rows for people, and as JSON.
pub(super) fn tell(
    context: &Context,
    shop: &Shop,
    folder: &str,
    driven: &[(RunId, Progress)],
    new: &[RunId],
) -> Result<Vec<Json>> {
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for (id, progress) in driven {
        let run = shop.bucket.wait(shop.worker.runs().find(id))?;
        let outcome = match progress {
            Progress::Over(outcome) => outcome.name(),
            Progress::Waits(_) => "waits",
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
    if rows.is_empty() {
        let root = shop.bucket.store.url();
        context.printer.data(&format!("nothing waits in `{folder}` of `{root}`"))?;
    } else {
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
