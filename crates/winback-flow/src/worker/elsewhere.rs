//! Long work that other workers are at, in other runs: it is waited for instead of being done twice. This only spares
//! work, so what cannot be told counts as not being done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::run::{Entry, Run, RunId, State};
use crate::{Digest, Ledger, Line, Runs, Time};

/// Open runs that are asked at the most.
const MOST_ASKED: usize = 64;

/// What is known of others' work.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// Keys that somebody is at, and until when nobody need ask again: many runs may wait for the same.
    known: Mutex<BTreeMap<Digest, Time>>,
    /// The streams of open runs, so that only what came after is read.
    streams: Mutex<BTreeMap<RunId, Arc<Ledger<Vec<Entry>>>>>,
}

/// A question.
pub(super) struct Question<'a> {
    pub(super) key: &'a Digest,
    /// The run that asks.
    pub(super) run: &'a RunId,
    pub(super) now: Time,
    /// For how long an answer holds.
    pub(super) hold: Duration,
    /// Whether a claim of that worker's, until then, stands.
    pub(super) stands: &'a dyn Fn(&str, Time) -> bool,
}

impl Elsewhere {
    /// Until when the work under a key need not be asked for, because somebody is at it.
    pub(super) async fn until(&self, runs: &Runs, question: &Question<'_>) -> Option<Time> {
        let Question { key, now, .. } = question;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        if let Some(until) = known.filter(|until| now < until) {
            return Some(until);
        }
        let until = self.is_under_way(runs, question).await.then(|| now.plus(question.hold));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, until| now < until);
        known.extend(until.map(|until| (**key, until)));
        until
    }

    async fn is_under_way(&self, runs: &Runs, question: &Question<'_>) -> bool {
        let Ok(mut open) = runs.open().await else { return false };
        self.forget_all_but(&open);
        open.retain(|line| line.run != *question.run);
        // What is about no file, such as a training by itself, and what was begun first are the likeliest.
        open.sort_by(|one, other| {
            (&one.object.is_some(), &one.opened).cmp(&(&other.object.is_some(), &other.opened))
        });
        for line in open.iter().take(MOST_ASKED) {
            let Ok(stream) = self.stream(runs, &line.run) else { continue };
            let Ok(records) = stream.read().await else { continue };
            let Some(run) = Run::begin(&line.run, &records) else { continue };
            let is_at_it = run.steps.values().any(|step| match &step.state {
                State::Claimed { owner, until } => {
                    step.key.as_ref() == Some(question.key) && (question.stands)(owner, *until)
                }
                _ => false,
            });
            if is_at_it {
                return true;
            }
        }
        false
    }

    fn stream(&self, runs: &Runs, run: &RunId) -> crate::Result<Arc<Ledger<Vec<Entry>>>> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = streams.get(run) {
            return Ok(Arc::clone(stream));
        }
        let stream = Arc::new(runs.stream(run)?);
        streams.insert(run.clone(), Arc::clone(&stream));
        Ok(stream)
    }

    fn forget_all_but(&self, open: &[Line]) {
        let open: BTreeSet<&RunId> = open.iter().map(|line| &line.run).collect();
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|run, _| open.contains(run));
    }
}
