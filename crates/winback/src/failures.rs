//! Why runs wait or came to nothing, in words.

use winback_flow::{Run, State};

/// Why a run came to nothing: of each step that did, its last attempt.
pub(crate) fn reason(run: &Run) -> String {
    let failed = run.steps.iter().filter(|(_, step)| step.state == State::Failed);
    let told = failed.filter_map(|(id, step)| Some(format!("{id}: {}", step.failures.last()?.1)));
    told.collect::<Vec<_>>().join("; ")
}

/// How the last attempts failed of steps that will be tried again; nothing if there are none.
pub(crate) fn waiting(run: &Run) -> Option<String> {
    let waiting = run.steps.iter().filter(|(_, step)| matches!(step.state, State::Waiting { .. }));
    let told = waiting.filter_map(|(id, step)| {
        let (_, reason) = step.failures.last()?;
        Some(format!("{id} failed, attempt {}: {reason}", step.failures.len()))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Attempts in a row for which a store, a disk or the network could not be used, of the step with the most.
pub(crate) fn outages(run: &Run) -> u32 {
    run.steps.values().map(|step| step.outages).max().unwrap_or(0)
}
