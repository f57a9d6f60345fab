//! A run: one execution of a pipeline, as a stream of records that any number of workers append to. What is true of it
//! is what its records say, folded in order; nothing is kept elsewhere.

mod format;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::artifact::Digest;
use crate::error::check_name;
use crate::pipeline::Pipeline;
use crate::value::{Value, Values};
use crate::{Error, Record, Result, Time};

pub(crate) use self::format::Entry;
pub use self::format::{Created, FailureKind, Outcome};

/// The name of a run, unique in its store: the pipeline's, and what tells its subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// The run of a pipeline for a subject, told by anything that names it: the same subject is the same run. `round`
    /// counts repetitions that somebody forced, from 1.
    #[must_use]
    pub fn of(pipeline: &str, subject: &str, round: u32) -> Self {
        let digest = Digest::of(format!("{pipeline}\n{subject}").as_bytes()).short();
        Self(if round < 2 { format!("{pipeline}-{digest}") } else { format!("{pipeline}-{digest}-r{round}") })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for RunId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        check_name("run", text)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for RunId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

/// A step of a run: its name, or one item's part of it, `score[3]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepId {
    /// The step in the pipeline.
    pub step: String,
    /// Which item of its list, from 0.
    pub item: Option<usize>,
}

impl StepId {
    /// A step as a whole.
    #[must_use]
    pub fn whole(step: &str) -> Self {
        Self { step: step.to_owned(), item: None }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(formatter, "{}[{item}]", self.step),
            None => formatter.write_str(&self.step),
        }
    }
}

impl TryFrom<String> for StepId {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
            Some((step, item)) => Ok(Self { step: step.to_owned(), item: Some(item.parse()?) }),
            None => Ok(Self { step: text, item: None }),
        }
    }
}

impl From<StepId> for String {
    fn from(id: StepId) -> Self {
        id.to_string()
    }
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// A worker is at it, and keeps its claim until then unless it asks for more time.
    Claimed {
        /// Who.
        owner: String,
        /// How long the claim holds.
        until: Time,
    },
    /// It failed and is tried again from then on.
    Waiting {
        /// When.
        until: Time,
    },
    /// It is to be tried again at once, because somebody asked.
    Fresh,
    /// It gave its outputs.
    Done {
        /// The run whose outputs stand for its own, if it did not have to run.
        from: Option<RunId>,
    },
    /// It failed for good.
    Failed,
    /// It did not have to run, or could not.
    LeftOut {
        /// Why.
        why: String,
    },
}

impl State {
    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed | Self::LeftOut { .. })
    }
}

/// What became of a step so far. One that nothing was recorded of is not begun.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRun {
    /// Where it stands.
    pub state: State,
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts that came to an end and gave nothing, since it may last begin anew; not those lost with their workers,
    /// and not those that the world was at fault for.
    pub tries: u32,
    /// Attempts in a row that gave nothing because a store, a disk or the network could not be used.
    pub outages: u32,
    /// The key of its last attempt, or of the run that stands for it.
    pub key: Option<Digest>,
    /// What it gave.
    pub outputs: Values,
    /// How and why attempts failed, earliest first.
    pub failures: Vec<(FailureKind, String)>,
    /// When the first attempt began.
    pub began: Time,
    /// When the last thing was recorded of it, but for renewals.
    pub changed: Time,
}

/// A run as its records tell it.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// How many records that is.
    pub records: usize,
    /// What was asked for, and by whom.
    pub created: Created,
    /// When.
    pub created_at: Time,
    /// The steps that something was recorded of.
    pub steps: BTreeMap<StepId, StepRun>,
    /// Who asked for its end, and why.
    pub cancelled: Option<(String, String)>,
    /// How it ended, and when.
    pub ended: Option<(Outcome, Time)>,
}

impl Run {
    /// The graph.
    #[must_use]
    pub fn pipeline(&self) -> &Pipeline {
        &self.created.pipeline
    }

    /// What its first record says, if that is the beginning of a run.
    pub(crate) fn begin(id: &RunId, records: &[Arc<Record<Vec<Entry>>>]) -> Option<Self> {
        let first = records.first()?;
        let Some(Entry::Created(created)) = first.content.first() else { return None };
        let mut run = Self {
            id: id.clone(),
            records: 0,
            created: created.as_ref().clone(),
            created_at: time_of(first),
            steps: BTreeMap::new(),
            cancelled: None,
            ended: None,
        };
        run.follow(records);
        Some(run)
    }

    /// Takes in the records that came after those it knows.
    pub(crate) fn follow(&mut self, records: &[Arc<Record<Vec<Entry>>>]) {
        for record in records.iter().skip(self.records) {
            let at = time_of(record);
            for entry in &record.content {
                self.apply(entry, at);
            }
            self.records += 1;
        }
    }

    fn apply(&mut self, entry: &Entry, at: Time) {
        match entry {
            Entry::Created(_) => {}
            Entry::Claimed { step, owner, until, key } => {
                let claimed = self.at(step, at);
                claimed.state = State::Claimed { owner: owner.clone(), until: *until };
                claimed.attempts += 1;
                claimed.key = Some(*key);
                claimed.changed = at;
            }
            Entry::Renewed { owner: by, until: longer } => {
                for step in self.steps.values_mut() {
                    if let State::Claimed { owner, until } = &mut step.state
                        && owner == by
                    {
                        *until = *longer;
                    }
                }
            }
            Entry::Finished { step, key, outputs, from } => {
                let finished = self.at(step, at);
                finished.state = State::Done { from: from.clone() };
                finished.key = Some(*key);
                finished.outputs = outputs.clone();
                finished.outages = 0;
                finished.changed = at;
            }
            Entry::Failed { step, failure, reason, retry_at } => {
                let failed = self.at(step, at);
                failed.state = retry_at.map_or(State::Failed, |until| State::Waiting { until });
                match failure {
                    FailureKind::Lost => {}
                    FailureKind::Unavailable => failed.outages += 1,
                    FailureKind::Refused | FailureKind::Failed | FailureKind::TimedOut => {
                        failed.tries += 1;
                        failed.outages = 0;
                    }
                }
                failed.failures.push((*failure, reason.clone()));
                failed.changed = at;
            }
            Entry::LeftOut { step, why } => {
                let left_out = self.at(step, at);
                left_out.state = State::LeftOut { why: why.clone() };
                left_out.changed = at;
            }
            Entry::CancelAsked { by, reason } => self.cancelled = Some((by.clone(), reason.clone())),
            Entry::RetryAsked { .. } => self.reopen(at),
            Entry::Ended { outcome } => self.ended = Some((*outcome, at)),
        }
    }

    /// What failed, and what was left out because of it, may begin anew.
    fn reopen(&mut self, at: Time) {
        (self.cancelled, self.ended) = (None, None);
        let exits: Vec<StepId> = self
            .created
            .pipeline
            .steps
            .iter()
            .filter(|step| step.exit)
            .map(|step| StepId::whole(&step.name))
            .collect();
        self.steps.retain(|id, step| !matches!(step.state, State::LeftOut { .. }) && !exits.contains(id));
        for step in self.steps.values_mut().filter(|step| step.state == State::Failed) {
            (step.state, step.tries, step.outages, step.changed) = (State::Fresh, 0, 0, at);
        }
    }

    fn at(&mut self, step: &StepId, at: Time) -> &mut StepRun {
        self.steps.entry(step.clone()).or_insert_with(|| StepRun {
            state: State::Fresh,
            attempts: 0,
            tries: 0,
            outages: 0,
            key: None,
            outputs: Values::new(),
            failures: Vec::new(),
            began: at,
            changed: at,
        })
    }

    /// What a whole step gave under a name; of one that ran for each item, the list.
    #[must_use]
    pub fn output(&self, step: &str, output: &str) -> Option<Value> {
        let whole = self.steps.get(&StepId::whole(step))?;
        if !matches!(whole.state, State::Done { .. }) {
            return None;
        }
        whole.outputs.get(output).cloned()
    }

    /// How it stands with what counts: whether steps failed for good whose failure the run does not bear.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let counts = |id: &StepId| self.pipeline().find(&id.step).is_none_or(|step| !step.may_fail);
        let failed = |(id, step): &(&StepId, &StepRun)| step.state == State::Failed && counts(id);
        let mut failed = self.steps.iter().filter(failed).peekable();
        if self.cancelled.is_some() {
            Outcome::Cancelled
        } else if failed.peek().is_none() {
            Outcome::Succeeded
        } else if failed.all(|(_, step)| matches!(step.failures.last(), Some((FailureKind::Refused, _)))) {
            Outcome::Refused
        } else {
            Outcome::Failed
        }
    }

    /// Whether a step gave its outputs.
    #[must_use]
    pub fn is_done(&self, step: &str) -> bool {
        self.steps.get(&StepId::whole(step)).is_some_and(|step| matches!(step.state, State::Done { .. }))
    }
}

/// A record's time; records that cannot be dated count as the oldest.
fn time_of<T>(record: &Record<T>) -> Time {
    record.at.parse().unwrap_or_else(|_| Time::from(jiff::Timestamp::UNIX_EPOCH))
}
