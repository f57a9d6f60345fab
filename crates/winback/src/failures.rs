//! Why runs wait or came to nothing, in words.

use winback_flow::{FailureKind, Run, State, StepId};

/// Why a run came to nothing: of each step that did, its last attempt.
pub(crate) fn reason(run: &Run) -> String {
    let failed = run.steps.iter().filter(|(_, step)| step.state == State::Failed);
    let told = failed.filter_map(|(id, step)| Some(format!("{id}: {}", step.failures.last()?.1)));
    told.collect::<Vec<_>>().join("; ")
}

/// How the last attempts failed of steps that will be tried again; nothing if there are none.
pub(crate) fn waiting(run: &Run) -> Option<String> {
    let waiting = run.steps.iter().filter(|(_, step)| matches!(step.state, State::Waiting { .. }));
    let told = waiting.filter_map(|(id, step)| Some(format!("{id} failed: {}", step.failures.last()?.1)));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Attempts so far for which a store, a disk or the network could not be used, of steps that the run cannot do without.
pub(crate) fn outages(run: &Run) -> usize {
    let is_needed = |id: &StepId| run.pipeline().find(&id.step).is_none_or(|step| !step.may_fail);
    let needed = run.steps.iter().filter(|(id, _)| is_needed(id));
    let failures = needed.flat_map(|(_, step)| &step.failures);
    failures.filter(|(kind, _)| *kind == FailureKind::Unavailable).count()
}
