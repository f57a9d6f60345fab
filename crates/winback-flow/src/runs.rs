//! The runs of a store: an index of which there are, as a stream of its own, and each run's stream, `state/run/<run>/`.
//!
//! A run is made by the create of its first record. Its name comes from its subject, so two servers, a repeated event
//! and a look at the folder make the same run, once. The index follows: what it lacks is added by whoever asks next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::keys;
use crate::pipeline::Pipeline;
use crate::run::{Created, Entry, Outcome, Run, RunId, State, StepId};
use crate::value::Values;
use crate::{Clock, Digest, Error, Ledger, Record, Result, Store};

/// A version of an object in a watched folder, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its path under the root.
    pub path: String,
    /// What changes whenever its content does.
    pub version: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many there are.
    pub size: u64,
    /// When it was last changed, as the store tells.
    pub modified: String,
}

/// A run that is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its name.
    pub id: RunId,
    /// The graph.
    pub pipeline: Pipeline,
    /// What it is given.
    pub inputs: Values,
    /// What it is about, in words.
    pub subject: String,
    /// What asks for it, in words.
    pub cause: String,
    /// The object that it is about, if there is one.
    pub object: Option<Object>,
    /// Whether outputs of earlier runs may not stand for its own.
    pub forced: bool,
}

/// One thing that the index says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Note {
    /// There is such a run.
    Submitted {
        run: RunId,
        pipeline: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        subject: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<Object>,
    },
    /// A version of an object was seen; its bytes have their run.
    Seen { run: RunId, object: Object },
    /// Nothing more happens in it.
    Ended { run: RunId, outcome: Outcome },
    /// It goes on after all.
    Reopened { run: RunId },
}

/// What the index says of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The run.
    pub run: RunId,
    /// Its pipeline.
    pub pipeline: String,
    /// What it is about.
    pub subject: String,
    /// The object that it is about.
    pub object: Option<Object>,
    /// When it was asked for.
    pub submitted: String,
    /// Since when it is open, or was: when it was asked for, or somebody last let it be tried again.
    pub opened: String,
    /// How it ended, and when.
    pub ended: Option<(Outcome, String)>,
}

/// The index, folded.
#[derive(Debug, Default)]
struct Index {
    records: usize,
    lines: Vec<Line>,
    places: BTreeMap<RunId, usize>,
    open: BTreeSet<RunId>,
    /// Versions of objects, by path and version.
    seen: BTreeMap<(String, String), RunId>,
}

/// The runs of a store.
#[derive(Debug)]
pub struct Runs {
    store: Store,
    clock: Clock,
    ledger: Ledger<Note>,
    index: Mutex<Index>,
    /// What is known of runs' streams, so that only what came after is read.
    streams: Mutex<BTreeMap<RunId, Arc<Stream>>>,
}

/// What happened in a run.
pub(crate) type Stream = Ledger<Vec<Entry>>;

impl Runs {
    /// The runs of that store; nothing is read or written yet.
    pub fn new(store: Store, clock: Clock) -> Result<Self> {
        let ledger = Ledger::new(store.clone(), clock.clone(), "runs")?;
        Ok(Self { store, clock, ledger, index: Mutex::default(), streams: Mutex::default() })
    }

    /// Makes a run, or finds it made already; answers whether it is new. Repeating this does no harm.
    pub async fn submit(&self, request: Request) -> Result<bool> {
        let Request { id, pipeline, inputs, subject, cause, object, forced } = request;
        pipeline.check_inputs(&inputs)?;
        let name = pipeline.name.clone();
        let created = Created { pipeline, inputs, subject: subject.clone(), cause, forced };
        let stream = self.stream(&id)?;
        let created = vec![Entry::Created(Box::new(created))];
        let is_new =
            stream.append_with(|records| records.is_empty().then(|| created.clone())).await?.is_some();
        let submitted = Note::Submitted { run: id.clone(), pipeline: name, subject, object: object.clone() };
        let mut is_put_back = false;
        self.note(|index| {
            let Some(place) = index.places.get(&id) else { return Some(submitted.clone()) };
            let object = object.clone()?;
            let is_known = index.seen.contains_key(&(object.path.clone(), object.version.clone()));
            let outcome = index.lines[*place].ended.as_ref().map(|(outcome, _)| *outcome);
            is_put_back = !is_known && matches!(outcome, Some(Outcome::Refused | Outcome::Failed));
            (!is_known).then(|| Note::Seen { run: id.clone(), object })
        })
        .await?;
        // Bytes whose run came to nothing, perhaps because they had gone, and that somebody has put there again.
        if is_put_back {
            self.retry(&id, "the file was put there again").await?;
        }
        Ok(is_new)
    }

    /// The run that stands for this version of an object.
    pub async fn of_version(&self, path: &str, version: &str) -> Result<Option<RunId>> {
        self.refresh().await?;
        let key = (path.to_owned(), version.to_owned());
        Ok(self.with_index(|index| index.seen.get(&key).cloned()))
    }

    /// Those of some versions of objects that no run stands for.
    pub async fn unseen(&self, mut entries: Vec<crate::Entry>) -> Result<Vec<crate::Entry>> {
        self.refresh().await?;
        let mut keys = entries.iter().map(|entry| (entry.path.clone(), entry.version.clone()));
        let seen: Vec<bool> =
            self.with_index(|index| keys.by_ref().map(|key| index.seen.contains_key(&key)).collect());
        let mut seen = seen.into_iter();
        entries.retain(|_| !seen.next().unwrap_or(false));
        Ok(entries)
    }

    /// When the newest object of a folder was changed that has a run.
    pub async fn newest_of(&self, folder: &str) -> Result<Option<String>> {
        self.refresh().await?;
        let inside = format!("{folder}/");
        Ok(self.with_index(|index| {
            let objects = index.lines.iter().filter_map(|line| line.object.as_ref());
            objects
                .filter(|object| object.path.starts_with(&inside))
                .map(|object| object.modified.clone())
                .max()
        }))
    }

    /// All runs, in the order in which they were asked for.
    pub async fn list(&self) -> Result<Vec<Line>> {
        self.refresh().await?;
        Ok(self.with_index(|index| index.lines.clone()))
    }

    /// The runs in which something may still happen: the newest object first, then the order of asking.
    pub async fn open(&self) -> Result<Vec<Line>> {
        self.refresh().await?;
        let mut open = self.with_index(|index| {
            let lines = index.open.iter().filter_map(|run| index.places.get(run));
            lines.map(|place| (*place, index.lines[*place].clone())).collect::<Vec<_>>()
        });
        open.sort_by_cached_key(|(place, line)| {
            let object = line.object.as_ref().map(|object| (object.modified.clone(), object.path.clone()));
            (std::cmp::Reverse(object), *place)
        });
        Ok(open.into_iter().map(|(_, line)| line).collect())
    }

    /// A run as its records tell it; an error if there is none.
    pub async fn find(&self, id: &RunId) -> Result<Run> {
        let records = self.stream(id)?.read().await?;
        Run::begin(id, &records).ok_or_else(|| Error::UnknownRun { run: id.to_string() })
    }

    /// Asks a run to end; one that has ended is left as it is. Answers whether there was anything to end.
    pub async fn cancel(&self, id: &RunId, by: &str, reason: &str) -> Result<bool> {
        let asked = |run: &Run| {
            let is_open = run.ended.is_none() && run.cancelled.is_none();
            is_open.then(|| vec![Entry::CancelAsked { by: by.to_owned(), reason: reason.to_owned() }])
        };
        self.append(id, asked).await
    }

    /// Lets what failed in a run be tried again. Answers whether there was anything to try.
    pub async fn retry(&self, id: &RunId, by: &str) -> Result<bool> {
        let asked = |run: &Run| {
            let failed = run.steps.values().any(|step| step.state == State::Failed);
            // Of one that was cancelled, steps were left out; others are left out because nothing is to be done.
            let is_short = failed || run.cancelled.is_some();
            (run.ended.is_some() && is_short).then(|| vec![Entry::RetryAsked { by: by.to_owned() }])
        };
        let reopened = self.append(id, asked).await?;
        // Also where an earlier reopening was broken off before the index knew of it.
        if reopened || self.find(id).await?.ended.is_none() {
            self.note(|index| (!index.open.contains(id)).then(|| Note::Reopened { run: id.clone() })).await?;
        }
        Ok(reopened)
    }

    /// Records in the index that a run has ended.
    pub(crate) async fn close(&self, id: &RunId, outcome: Outcome) -> Result<()> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.note(|index| index.open.contains(id).then(|| Note::Ended { run: id.clone(), outcome })).await
    }

    /// What the key of a step was made of, if it gave outputs; and the same of the latest earlier run of that pipeline.
    pub async fn why(&self, id: &RunId, step: &StepId) -> Result<Why> {
        let run = self.find(id).await?;
        let ours = self.ingredients(&run, step).await?;
        let mut earlier = None;
        let lines = self.list().await?;
        let before = lines.iter().rev().skip_while(|line| line.run != *id).skip(1);
        for line in before.filter(|line| line.pipeline == run.pipeline().name).take(MOST_COMPARED) {
            let run = self.find(&line.run).await?;
            if let Some(of) = self.ingredients(&run, step).await? {
                earlier = Some((line.run.clone(), of));
                break;
            }
        }
        Ok(Why { run, ours, earlier })
    }

    async fn ingredients(&self, run: &Run, step: &StepId) -> Result<Option<serde_json::Value>> {
        let Some(key) = run.steps.get(step).and_then(|step| step.key) else { return Ok(None) };
        Ok(keys::kept(&self.store, &key).await?.map(|kept| kept.of))
    }

    async fn append(&self, id: &RunId, asked: impl Fn(&Run) -> Option<Vec<Entry>>) -> Result<bool> {
        let stream = self.stream(id)?;
        let mut is_known = true;
        let appended = stream.append_with(|records| {
            let run = Run::begin(id, records);
            is_known = run.is_some();
            asked(&run?)
        });
        let appended = appended.await?.is_some();
        if is_known { Ok(appended) } else { Err(Error::UnknownRun { run: id.to_string() }) }
    }

    pub(crate) fn stream(&self, id: &RunId) -> Result<Arc<Stream>> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = streams.get(id) {
            return Ok(Arc::clone(stream));
        }
        let stream = Ledger::of_kind(self.store.clone(), self.clock.clone(), "run", id.as_str())?;
        let stream = Arc::new(stream);
        if MOST_KEPT <= streams.len() {
            streams.clear();
        }
        streams.insert(id.clone(), Arc::clone(&stream));
        Ok(stream)
    }

    async fn note(&self, mut decide: impl FnMut(&Index) -> Option<Note>) -> Result<()> {
        let decide = |records: &[Arc<Record<Note>>]| {
            let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            index.follow(records);
            decide(&index)
        };
        self.ledger.append_with(decide).await.map(drop)
    }

    async fn refresh(&self) -> Result<()> {
        let records = self.ledger.read().await?;
        self.index.lock().unwrap_or_else(PoisonError::into_inner).follow(&records);
        Ok(())
    }

    fn with_index<T>(&self, look: impl FnOnce(&Index) -> T) -> T {
        look(&self.index.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Earlier runs that are looked at for the same step.
const MOST_COMPARED: usize = 20;

/// Streams that are kept in memory at the most.
const MOST_KEPT: usize = 128;

/// Why a step ran, or did not.
#[derive(Debug)]
pub struct Why {
    /// The run.
    pub run: Run,
    /// What the step's key was made of.
    pub ours: Option<serde_json::Value>,
    /// The latest earlier run of that pipeline in which the step gave outputs, and what its key was made of.
    pub earlier: Option<(RunId, serde_json::Value)>,
}

impl Index {
    /// Takes in the records that came after those it knows.
    fn follow(&mut self, records: &[Arc<Record<Note>>]) {
        for record in records.iter().skip(self.records) {
            self.apply(&record.content, &record.at);
        }
        self.records = self.records.max(records.len());
    }

    fn apply(&mut self, note: &Note, at: &str) {
        match note {
            Note::Submitted { run, pipeline, subject, object } => {
                self.see(run, object.as_ref());
                self.places.insert(run.clone(), self.lines.len());
                self.open.insert(run.clone());
                self.lines.push(Line {
                    run: run.clone(),
                    pipeline: pipeline.clone(),
                    subject: subject.clone(),
                    object: object.clone(),
                    submitted: at.to_owned(),
                    opened: at.to_owned(),
                    ended: None,
                });
            }
            Note::Seen { run, object } => self.see(run, Some(object)),
            Note::Ended { run, outcome } => {
                self.open.remove(run);
                if let Some(place) = self.places.get(run) {
                    self.lines[*place].ended = Some((*outcome, at.to_owned()));
                }
            }
            Note::Reopened { run } => {
                self.open.insert(run.clone());
                if let Some(place) = self.places.get(run) {
                    let line = &mut self.lines[*place];
                    (line.ended, line.opened) = (None, at.to_owned());
                }
            }
        }
    }

    fn see(&mut self, run: &RunId, object: Option<&Object>) {
        if let Some(Object { path, version, .. }) = object {
            self.seen.insert((path.clone(), version.clone()), run.clone());
        }
    }
}
