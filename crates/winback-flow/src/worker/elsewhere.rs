//! Long work that other workers are at, in other runs: it is waited for instead of being done twice. A mark
//! `state/busy/<key>.<run>` says in which run it may be under way, and that run's stream whether it is. This only spares
//! work, so what cannot be told counts as not being done.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::run::{Run, RunId, State};
use crate::{Digest, Runs, Store, Time};

/// Where the marks are. Those that outlive their work are swept away.
pub(crate) const MARKS: &str = "state/busy";

/// What is known of others' work.
#[derive(Debug)]
pub(super) struct Elsewhere {
    store: Store,
    /// Keys that somebody is at, and until when nobody need ask again: many runs may wait for the same.
    known: Mutex<BTreeMap<Digest, Time>>,
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
    pub(super) fn new(store: Store) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// Says that the work under a key is about to be claimed in a run.
    pub(super) async fn announce(&self, key: &Digest, run: &RunId) {
        self.store.put_new(&mark(key, run), Bytes::new()).await.ok();
    }

    /// Says that nobody is at it in that run any more.
    pub(super) async fn withdraw(&self, key: &Digest, run: &RunId) {
        self.store.delete(&mark(key, run)).await.ok();
    }

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
        let Ok(marks) = self.store.list(MARKS).await else { return false };
        let marked = |path: &str| -> Option<RunId> {
            let (key, run) = path.rsplit('/').next()?.split_once('.')?;
            if key == question.key.to_string() { run.parse().ok() } else { None }
        };
        let marked: Vec<RunId> = marks.iter().filter_map(|entry| marked(&entry.path)).collect();
        for run in marked.iter().filter(|run| *run != question.run) {
            let Ok(stream) = runs.stream(run) else { continue };
            let Ok(records) = stream.read().await else { continue };
            let Some(found) = Run::begin(run, &records) else { continue };
            let of_key = found.steps.values().filter(|step| step.key.as_ref() == Some(question.key));
            let mut over = found.ended.is_some();
            for step in of_key {
                match &step.state {
                    State::Claimed { owner, until } if (question.stands)(owner, *until) => return true,
                    state => over |= state.is_over(),
                }
            }
            // Whoever was at it has not lived to say so.
            if over {
                self.withdraw(question.key, run).await;
            }
        }
        false
    }
}

fn mark(key: &Digest, run: &RunId) -> String {
    format!("{MARKS}/{key}.{run}")
}
