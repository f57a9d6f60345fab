//! What comes next in a run: a pure function of what its records say, the time, and what the worker knows. It does
//! nothing itself, so a simulator can interleave any number of workers that ask it, and the ledger decides whose answer
//! counts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::Time;
use crate::artifact::Digest;
use crate::component::{Component, Components};
use crate::pipeline::{Condition, Source, Step};
use crate::run::{Entry, FailureKind, Outcome, Run, State, StepId, StepRun};
use crate::value::{Value, Values};

/// Attempts of a step that may be lost with their workers: one that kills each of them must end some day.
const MOST_LOST: usize = 20;

/// What a worker knows beside the run's records.
pub(crate) struct Knowledge<'a> {
    pub(crate) now: Time,
    /// How long claims hold, about: one that would hold much longer comes from a clock that is wrong.
    pub(crate) lease: Duration,
    pub(crate) components: &'a Components,
    /// The worker's own name: its claims are no one else's to give up.
    pub(crate) owner: &'a str,
    /// Whether something in the world holds that steps wait for.
    pub(crate) holds: &'a dyn Fn(&str) -> bool,
    /// Whether a worker is known to have died, so that nobody need wait for its claims to end.
    pub(crate) is_dead: &'a dyn Fn(&str) -> bool,
}

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Action {
    /// Record this; no work hangs on it.
    Record(Vec<Entry>),
    /// Claim some of these and begin them.
    Start(Vec<Ready>),
    /// Nothing, until the time or until something is recorded.
    Wait(Option<Time>),
    /// Nothing ever.
    Over(Outcome),
}

/// A step that can begin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ready {
    pub(crate) step: StepId,
    pub(crate) component: String,
    pub(crate) inputs: Values,
    pub(crate) key: Digest,
    /// Whether outputs of an earlier run with that key may stand for its own.
    pub(crate) cache: bool,
    /// How many seconds it may take.
    pub(crate) timeout: Option<u64>,
    /// Counts from 1.
    pub(crate) attempt: u32,
}

/// The next action in a run.
pub(crate) fn next(run: &Run, known: &Knowledge<'_>) -> Action {
    if let Some((outcome, _)) = run.ended {
        return Action::Over(outcome);
    }
    let mut look =
        Look { run, known, entries: Vec::new(), ready: Vec::new(), until: None, left_out: BTreeSet::new() };
    let (exits, others): (Vec<&Step>, Vec<&Step>) = run.pipeline().steps.iter().partition(|step| step.exit);
    let mut all_over = others.into_iter().map(|step| look.at(step)).fold(true, |all, over| all & over);
    if all_over && look.entries.is_empty() {
        all_over = exits.into_iter().map(|step| look.at(step)).fold(true, |all, over| all & over);
    }
    if !look.entries.is_empty() {
        return Action::Record(look.entries);
    }
    if all_over {
        return Action::Record(vec![Entry::Ended { outcome: run.outcome() }]);
    }
    if !look.ready.is_empty() {
        return Action::Start(look.ready);
    }
    Action::Wait(look.until)
}

/// One look over all steps.
struct Look<'a> {
    run: &'a Run,
    known: &'a Knowledge<'a>,
    /// What is to be recorded.
    entries: Vec<Entry>,
    ready: Vec<Ready>,
    /// When to look again, at the latest.
    until: Option<Time>,
    /// Steps that `entries` leave out, so that those which need them follow at once.
    left_out: BTreeSet<&'a str>,
}

/// What a step is given.
enum Given {
    Values(Values),
    /// Not all of it is there yet.
    NotYet,
    /// Some of it will never be there: why, in words.
    Never(String),
}

impl<'a> Look<'a> {
    /// Looks at a step; answers whether it is over.
    fn at(&mut self, step: &'a Step) -> bool {
        let whole = StepId::whole(&step.name);
        let state = self.run.steps.get(&whole);
        if state.is_some_and(|step| step.state.is_over()) {
            return true;
        }
        // A claimed step is let come to its end, whatever became of the run.
        if !state.is_some_and(|step| matches!(step.state, State::Claimed { .. })) {
            if self.run.cancelled.is_some() && !step.exit && !self.has_claimed_items(step) {
                return self.leave_out(step, "the run was cancelled".to_owned());
            }
            match self.refused_condition(step) {
                None => return false,
                Some(Ok(())) => {}
                Some(Err(why)) => return self.leave_out(step, why),
            }
        }
        match self.given(step) {
            Given::NotYet => false,
            Given::Never(why) => self.leave_out(step, why),
            Given::Values(inputs) => {
                match step.each.as_deref() {
                    None => self.one(step, whole, inputs),
                    Some(each) => self.items(step, each, &inputs),
                }
                false
            }
        }
    }

    fn leave_out(&mut self, step: &'a Step, why: String) -> bool {
        self.left_out.insert(&step.name);
        self.entries.push(Entry::LeftOut { step: StepId::whole(&step.name), why });
        true
    }

    fn has_claimed_items(&self, step: &Step) -> bool {
        let mut of_step = self.run.steps.iter().filter(|(id, _)| id.step == step.name);
        of_step.any(|(_, step)| matches!(step.state, State::Claimed { .. }))
    }

    /// An attempt, or one item's, that is not over.
    fn one(&mut self, step: &Step, id: StepId, inputs: Values) {
        let now = self.known.now;
        let state = self.run.steps.get(&id);
        match state.map(|step| &step.state) {
            Some(State::Claimed { owner, until }) => {
                let is_ours = owner == self.known.owner;
                let is_over = *until <= now || now.plus(self.known.lease.saturating_mul(10)) < *until;
                if !is_ours && (is_over || (self.known.is_dead)(owner)) {
                    self.lost(id, owner);
                } else {
                    self.look_again(*until);
                }
            }
            Some(State::Waiting { until }) if now < *until => self.look_again(*until),
            _ => self.ready(step, id, inputs, state.map_or(0, |step| step.attempts)),
        }
    }

    fn lost(&mut self, id: StepId, owner: &str) {
        let lost =
            |step: &StepRun| step.failures.iter().filter(|(kind, _)| *kind == FailureKind::Lost).count();
        let again = self.run.steps.get(&id).map_or(0, lost) + 1 < MOST_LOST;
        let reason = format!("its worker {owner} was not heard of any more");
        let retry_at = again.then_some(self.known.now);
        self.entries.push(Entry::Failed { step: id, failure: FailureKind::Lost, reason, retry_at });
    }

    fn look_again(&mut self, at: Time) {
        self.until = Some(self.until.map_or(at, |until| until.min(at)));
    }

    fn ready(&mut self, step: &Step, id: StepId, inputs: Values, attempts: u32) {
        let waits = step.waits_for.as_deref().is_some_and(|what| !(self.known.holds)(what));
        // What this program does not know, another one may.
        let Some(component) = self.known.components.get(step.component.as_str()) else { return };
        if waits {
            return;
        }
        self.ready.push(Ready {
            step: id,
            component: step.component.clone(),
            key: key(component, &inputs),
            inputs,
            cache: step.cache && !self.run.created.forced,
            timeout: step.timeout,
            attempt: attempts + 1,
        });
    }

    /// A step that runs once for each item of a list.
    fn items(&mut self, step: &'a Step, each: &str, inputs: &Values) {
        let Some(Value::List(list)) = inputs.get(each) else { return };
        // What it gives is known only where the component is.
        let Some(component) = self.known.components.get(step.component.as_str()) else { return };
        let ids = || (0..list.len()).map(|item| StepId { step: step.name.clone(), item: Some(item) });
        let runs: Vec<Option<&StepRun>> = ids().map(|id| self.run.steps.get(&id)).collect();
        let failed = runs.iter().flatten().filter(|run| run.state == State::Failed);
        let failed: Vec<&&StepRun> = failed.collect();
        let none_begins = !failed.is_empty() || self.run.cancelled.is_some();
        let mut all_over = true;
        for ((id, item), state) in ids().zip(list).zip(&runs) {
            let begun = state.is_some_and(|run| matches!(run.state, State::Claimed { .. }));
            if state.is_some_and(|run| run.state.is_over()) || (none_begins && !begun) {
                continue;
            }
            all_over = false;
            let mut inputs = inputs.clone();
            inputs.insert(each.to_owned(), item.clone());
            self.one(step, id, inputs);
        }
        if !all_over {
            return;
        }
        let whole = StepId::whole(&step.name);
        self.entries.push(match failed.first().and_then(|run| run.failures.last()) {
            Some((failure, reason)) => {
                let reason =
                    format!("{} of {} items failed, one because: {reason}", failed.len(), list.len());
                Entry::Failed { step: whole, failure: *failure, reason, retry_at: None }
            }
            None if none_begins => Entry::LeftOut { step: whole, why: "the run was cancelled".to_owned() },
            None => {
                let names = component.outputs.iter().map(|port| port.name);
                let gathered = |name: &'static str| {
                    let of_items = runs.iter().flatten().map(|run| run.outputs.get(name).cloned());
                    let null = || Value::Parameter(Json::Null);
                    (name.to_owned(), Value::List(of_items.map(|value| value.unwrap_or_else(null)).collect()))
                };
                let key = key(component, inputs);
                Entry::Finished { step: whole, key, outputs: names.map(gathered).collect(), from: None }
            }
        });
    }

    /// Whether the conditions of a step hold, or why one does not; nothing as long as one cannot be told.
    fn refused_condition(&self, step: &Step) -> Option<Result<(), String>> {
        for Condition { source, equals } in &step.when {
            let value = match self.resolve(source) {
                Err(Given::NotYet) => return None,
                Err(Given::Never(why)) => return Some(Err(why)),
                Err(Given::Values(_)) | Ok(None) => Json::Null,
                Ok(Some(value)) => value.json().cloned().unwrap_or_default(),
            };
            if value != *equals {
                let asked = match source {
                    Source::Output { step, output, .. } => format!("`{output}` of `{step}`"),
                    Source::Input(name) => format!("`{name}`"),
                    Source::Constant(_) | Source::Status => "it".to_owned(),
                };
                return Some(Err(format!("{asked} is {value}, and it runs only for {equals}")));
            }
        }
        Some(Ok(()))
    }

    fn given(&self, step: &Step) -> Given {
        let mut values = Values::new();
        if step.after.iter().any(|name| !self.is_over(name)) {
            return Given::NotYet;
        }
        for (name, source) in &step.inputs {
            match self.resolve(source) {
                Ok(Some(value)) => drop(values.insert(name.clone(), value)),
                Ok(None) => {}
                Err(given) => return given,
            }
        }
        Given::Values(values)
    }

    fn is_over(&self, step: &str) -> bool {
        let over = |step: &StepRun| step.state.is_over();
        self.left_out.contains(step) || self.run.steps.get(&StepId::whole(step)).is_some_and(over)
    }

    /// What a source gives: a value, or nothing where that is allowed.
    fn resolve(&self, source: &Source) -> Result<Option<Value>, Given> {
        match source {
            Source::Constant(json) => Ok(Some(Value::Parameter(json.clone()))),
            Source::Input(name) => Ok(self.run.created.inputs.get(name).cloned()),
            Source::Status => Ok(Some(Value::Parameter(status(self.run)))),
            Source::Output { step, .. } if !self.is_over(step) => Err(Given::NotYet),
            Source::Output { step, output, if_given } => match self.run.output(step, output) {
                None if !if_given => Err(Given::Never(format!("`{step}` gave no `{output}`"))),
                value => Ok(value),
            },
        }
    }
}

/// How a run stands, for what runs at its end.
fn status(run: &Run) -> Json {
    let failed = run.steps.iter().filter(|(_, step)| step.state == State::Failed);
    let failures: serde_json::Map<String, Json> = failed
        .map(|(id, step)| {
            let reason = step.failures.last().map_or("", |(_, reason)| reason.as_str());
            (id.to_string(), reason.into())
        })
        .collect();
    json!({ "outcome": run.outcome().name(), "failures": failures })
}

/// What names an attempt by all that its outputs depend on: the same key, the same outputs.
pub(crate) fn key(component: &Component, inputs: &Values) -> Digest {
    let mut text = String::new();
    write_sorted(&mut text, &ingredients(component, inputs));
    Digest::of(text.as_bytes())
}

/// JSON with the names of each object in order, whatever order the library keeps them in: a key must outlive it.
fn write_sorted(text: &mut String, json: &Json) {
    match json {
        Json::Object(fields) => {
            let fields: BTreeMap<&String, &Json> = fields.iter().collect();
            text.push('{');
            for (name, value) in fields {
                text.push_str(&Json::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(text, value);
                text.push(',');
            }
            text.push('}');
        }
        Json::Array(items) => {
            text.push('[');
            for item in items {
                write_sorted(text, item);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

/// What goes into a key, readable: it tells why a step ran again.
pub(crate) fn ingredients(component: &Component, inputs: &Values) -> Json {
    let inputs: serde_json::Map<String, Json> =
        inputs.iter().map(|(name, value)| (name.clone(), value.fingerprint())).collect();
    json!({
        "component": component.name,
        "version": component.version,
        "settings": component.settings,
        "inputs": inputs,
    })
}
