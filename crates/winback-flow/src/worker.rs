//! A worker: drives runs by asking the engine what comes next, claiming it in the run's stream, doing it, and recording
//! what came of it. Any number of workers may drive the same run; the stream decides who does what.
//!
//! What a worker records of a step counts only while its claim stands, and that is decided by the same append. So one
//! that was thought dead, and comes back, cannot say anything any more; leases only spare double work.

mod driven;
mod elsewhere;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};

use self::driven::Driven;
pub(crate) use self::elsewhere::MARKS;
use self::elsewhere::{Elsewhere, Question};
use crate::component::{Bodies, Components, Failure, Stop, Task};
use crate::engine::{self, Action, Knowledge, Ready};
use crate::keys::{self, Kept};
use crate::ledger::draw_nonce;
use crate::pipeline::{Retry, Step};
use crate::run::{Entry, FailureKind, Outcome, RunId, State, StepId};
use crate::store::chaos;
use crate::value::Values;
use crate::{Clock, Digest, Presence, Result, Runs, Store, Time};

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name, never used before.
    pub owner: String,
    /// How long a claim holds that is not renewed.
    pub lease: Duration,
    /// Steps at one time.
    pub slots: usize,
    /// How often it looks whether somebody else has recorded something while its own steps run.
    pub look: Duration,
}

impl Options {
    /// Usual ones, under a name that was never used before.
    pub fn fresh() -> Result<Self> {
        let nonce = draw_nonce()?;
        Ok(Self {
            owner: format!("w-{}-{}", std::process::id(), &nonce[..12]),
            lease: Duration::from_secs(60),
            slots: 1,
            look: Duration::from_secs(2),
        })
    }
}

/// What came of driving a run as far as it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It has ended.
    Over(Outcome),
    /// There is nothing to do for this worker, until then or until something changes.
    Waits(Option<Time>),
}

/// Drives runs.
#[derive(Debug)]
pub struct Worker<B> {
    store: Store,
    clock: Clock,
    runs: Runs,
    components: Components,
    bodies: B,
    options: Options,
    presence: Presence,
    /// Keys of steps that are worked on here, in whichever run: another run waits for their outputs.
    busy: Mutex<BTreeSet<Digest>>,
    elsewhere: Elsewhere,
    /// How often it has begun to drive a run.
    drives: AtomicU64,
}

/// A key that is worked on, as long as this lives.
#[derive(Debug)]
struct Held<'a> {
    busy: &'a Mutex<BTreeSet<Digest>>,
    key: Digest,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The flags of attempts that are under way; when nobody waits for these any more, they are raised.
#[derive(Debug, Default)]
struct Stops(BTreeMap<StepId, Stop>);

impl Drop for Stops {
    fn drop(&mut self) {
        self.0.values().for_each(Stop::raise);
    }
}

/// An attempt that ended.
struct Ended {
    ready: Ready,
    outcome: Result<Values, (FailureKind, String)>,
}

/// What was decided.
enum Decision<'a> {
    /// Something was recorded: look again.
    Again,
    Begin(Vec<(Ready, Held<'a>)>),
    Wait(Option<Time>),
    Over(Outcome),
}

type Attempt<'a> = Pin<Box<dyn Future<Output = Ended> + 'a>>;

impl<B: Bodies> Worker<B> {
    /// A worker on the runs of a store.
    pub fn new(
        store: Store,
        clock: Clock,
        components: Components,
        bodies: B,
        options: Options,
    ) -> Result<Self> {
        let runs = Runs::new(store.clone(), clock.clone())?;
        let presence = Presence::announce(&store, &options.owner)?;
        let (busy, elsewhere, drives) = (Mutex::default(), Elsewhere::new(store.clone()), AtomicU64::new(0));
        Ok(Self { store, clock, runs, components, bodies, options, presence, busy, elsewhere, drives })
    }

    /// The runs it works on.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Drives a run as far as this worker can, and notes its end in the index. While steps are under way, a store that
    /// fails is asked again; their outcome is not given up for it.
    pub async fn drive(&self, id: &RunId) -> Result<Progress> {
        let owner = format!("{}.{}", self.options.owner, self.drives.fetch_add(1, Ordering::Relaxed));
        let mut driven = Driven { ledger: self.runs.stream(id)?, id, owner, run: None };
        let mut attempts: FuturesUnordered<Attempt<'_>> = FuturesUnordered::new();
        let mut stops = Stops::default();
        let mut renew_at = self.clock.now();
        loop {
            let room = self.options.slots.saturating_sub(attempts.len());
            match self.decide(&mut driven, room).await {
                Err(error) if attempts.is_empty() => return Err(error),
                Ok(Decision::Again) => continue,
                Ok(Decision::Over(outcome)) => {
                    self.runs.close(id, outcome).await?;
                    return Ok(Progress::Over(outcome));
                }
                Ok(Decision::Begin(begun)) => {
                    if attempts.is_empty() {
                        renew_at = self.renewal();
                    }
                    for (ready, held) in begun {
                        let stop = Stop::default();
                        stops.0.insert(ready.step.clone(), stop.clone());
                        attempts.push(Box::pin(self.attempt(id, ready, held, stop)));
                    }
                    continue;
                }
                Ok(Decision::Wait(until)) if attempts.is_empty() => return Ok(Progress::Waits(until)),
                Ok(Decision::Wait(_)) | Err(_) => {}
            }
            let look_at = self.clock.now().plus(self.options.look).min(renew_at);
            let wake = pin!(self.clock.sleep_until(look_at));
            match select(attempts.next(), wake).await {
                Either::Left((Some(ended), _)) => {
                    stops.0.remove(&ended.ready.step);
                    self.record(&mut driven, &ended).await?;
                }
                Either::Left((None, _)) => {}
                Either::Right(_) => {
                    if renew_at <= self.clock.now() && self.renew(&mut driven).await.is_ok() {
                        renew_at = self.renewal();
                    }
                    // Where this fails, the next look does it.
                    self.stop_unwanted(&mut driven, &stops.0).await.ok();
                }
            }
        }
    }

    fn renewal(&self) -> Time {
        self.clock.now().plus(self.options.lease / 3)
    }

    /// Asks the engine, and records what it says.
    async fn decide(&self, driven: &mut Driven<'_>, room: usize) -> Result<Decision<'_>> {
        let holding = self.holding(driven).await?;
        let now = self.clock.now();
        let dead = |owner: &str| self.presence.is_dead(owner.split('.').next().unwrap_or(owner));
        let holds = |what: &str| holding.contains(what);
        let ours = driven.owner.clone();
        let owner = ours.as_str();
        let lease = self.options.lease;
        let known =
            Knowledge { now, lease, components: &self.components, owner, holds: &holds, is_dead: &dead };
        let mut action = engine::next(driven.view().await?, &known);
        if matches!(action, Action::Over(_) | Action::Wait(_)) {
            // Before resting it looks whether others have recorded something. Where there is something to record, the
            // append tells.
            action = engine::next(driven.read().await?, &known);
        }
        let chosen = match action {
            Action::Over(outcome) => return Ok(Decision::Over(outcome)),
            Action::Wait(until) => return Ok(Decision::Wait(until)),
            Action::Record(_) => Vec::new(),
            Action::Start(_) if room == 0 => return Ok(Decision::Wait(None)),
            Action::Start(ready) => match self.looked_up(driven.id, ready, room, &known).await? {
                Ok(chosen) => chosen,
                Err(until) => return Ok(Decision::Wait(Some(until))),
            },
        };
        let until = now.plus(self.options.lease);
        let mut begun = Vec::new();
        driven
            .append(|run| {
                begun.clear();
                match engine::next(run, &known) {
                    Action::Record(entries) => Some(entries),
                    Action::Start(ready) => {
                        let still = |step: &StepId| ready.iter().any(|ready| ready.step == *step);
                        let chosen = chosen.iter().filter(|(ready, _)| still(&ready.step));
                        let entries: Vec<Entry> = chosen
                            .map(|(ready, kept)| {
                                let (step, key) = (ready.step.clone(), ready.key);
                                if let Some(Kept { run, outputs, .. }) = kept {
                                    let (outputs, from) = (outputs.clone(), Some(run.clone()));
                                    return Entry::Finished { step, key, outputs, from };
                                }
                                begun.push(ready.clone());
                                Entry::Claimed { step, owner: owner.to_owned(), until, key }
                            })
                            .collect();
                        if !begun.is_empty() {
                            chaos::claim();
                        }
                        (!entries.is_empty()).then_some(entries)
                    }
                    Action::Wait(_) | Action::Over(_) => None,
                }
            })
            .await?;
        let held = |ready: Ready| {
            self.busy().insert(ready.key);
            let held = Held { busy: &self.busy, key: ready.key };
            (ready, held)
        };
        Ok(if begun.is_empty() {
            Decision::Again
        } else {
            Decision::Begin(begun.into_iter().map(held).collect())
        })
    }

    fn busy(&self) -> MutexGuard<'_, BTreeSet<Digest>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What holds in the world of all that steps of the run wait for.
    async fn holding(&self, driven: &mut Driven<'_>) -> Result<BTreeSet<String>> {
        let run = driven.view().await?;
        // One whose attempt failed or was lost begins anew, and waits anew.
        let state = |step: &Step| run.steps.get(&StepId::whole(&step.name)).map(|step| &step.state);
        let waiting = run.pipeline().steps.iter().filter(|step| !state(step).is_some_and(State::is_over));
        let wanted: BTreeSet<String> = waiting.filter_map(|step| step.waits_for.clone()).collect();
        let mut holding = BTreeSet::new();
        for what in wanted {
            if self.bodies.holds(&what).await {
                holding.insert(what);
            }
        }
        Ok(holding)
    }

    /// Those steps whose outputs nobody is at, with what earlier runs gave under their keys where that may stand for them;
    /// or when to look again, if somebody is at all of them.
    async fn looked_up(
        &self,
        run: &RunId,
        ready: Vec<Ready>,
        room: usize,
        known: &Knowledge<'_>,
    ) -> Result<Result<Vec<(Ready, Option<Kept>)>, Time>> {
        let now = known.now;
        let stands = |owner: &str, until| now < until && !(known.is_dead)(owner);
        let mut again = now.plus(self.options.lease);
        let mut looked_up = Vec::new();
        for ready in ready {
            if looked_up.len() == room {
                break;
            }
            let kept = match ready.cache {
                false => None,
                true if self.busy().contains(&ready.key) => {
                    again = again.min(now.plus(self.options.look));
                    continue;
                }
                true => keys::usable(&self.store, &ready.key).await?,
            };
            if kept.is_none() && self.may_be_elsewhere(&ready) {
                let hold = self.options.look.max(self.options.lease / 4);
                let question = Question { key: &ready.key, run, now, hold, stands: &stands };
                if let Some(until) = self.elsewhere.until(&self.runs, &question).await {
                    again = again.min(until);
                    continue;
                }
                self.elsewhere.announce(&ready.key, run).await;
            }
            looked_up.push((ready, kept));
        }
        Ok(if looked_up.is_empty() { Err(again) } else { Ok(looked_up) })
    }

    /// Whether it is work that another run may be at, and that is worth waiting for.
    fn may_be_elsewhere(&self, ready: &Ready) -> bool {
        ready.cache && self.components.get(ready.component.as_str()).is_some_and(|component| component.long)
    }

    /// One attempt, in the time it may take.
    async fn attempt(&self, id: &RunId, ready: Ready, _held: Held<'_>, stop: Stop) -> Ended {
        let task = Task {
            run: id.clone(),
            step: ready.step.clone(),
            component: ready.component.clone(),
            attempt: ready.attempt,
            inputs: ready.inputs.clone(),
            stop: stop.clone(),
        };
        let body = self.bodies.attempt(task).map(|outcome| {
            outcome.map_err(|failure| match failure {
                Failure::Refused(reason) => (FailureKind::Refused, reason),
                Failure::Failed(reason) => (FailureKind::Failed, reason),
                Failure::Unavailable(reason) => (FailureKind::Unavailable, reason),
            })
        });
        let outcome = match ready.timeout {
            None => body.await,
            Some(seconds) => {
                let deadline = self.clock.now().plus(Duration::from_secs(seconds));
                match select(pin!(body), pin!(self.clock.sleep_until(deadline))).await {
                    Either::Left((outcome, _)) => outcome,
                    Either::Right(_) => {
                        // It may go on for a while; what it gives then is nobody's.
                        stop.raise();
                        Err((FailureKind::TimedOut, format!("it took longer than {seconds} s")))
                    }
                }
            }
        };
        let outcome = outcome.and_then(|outputs| self.fitting(&ready, outputs));
        Ended { ready, outcome }
    }

    /// Outputs that are what the component says it gives.
    fn fitting(&self, ready: &Ready, outputs: Values) -> Result<Values, (FailureKind, String)> {
        let fault =
            |problem: String| Err((FailureKind::Failed, format!("{problem}: this is a fault of winback")));
        let Some(component) = self.components.get(ready.component.as_str()) else { return Ok(outputs) };
        for port in &component.outputs {
            match outputs.get(port.name) {
                None if port.optional => {}
                Some(value) if port.of.admits(value) => {}
                None => return fault(format!("it gave no `{}`", port.name)),
                Some(_) => return fault(format!("what it gave as `{}` is no {}", port.name, port.of)),
            }
        }
        match outputs.keys().find(|name| !component.outputs.iter().any(|port| port.name == *name)) {
            Some(unknown) => fault(format!("it gave `{unknown}`, which it does not say it gives")),
            None => Ok(outputs),
        }
    }

    /// Records what an attempt came to, if its claim still stands. It may have taken hours, so a store that fails is
    /// asked again for a while.
    async fn record(&self, driven: &mut Driven<'_>, ended: &Ended) -> Result<()> {
        let Ended { ready, outcome } = ended;
        if let (Ok(outputs), Some(component)) = (outcome, self.components.get(ready.component.as_str())) {
            let of = engine::ingredients(component, &ready.inputs);
            let kept = Kept::new(driven.id.clone(), ready.step.clone(), of, outputs.clone());
            // Without it the same work is done again some day, nothing worse.
            keys::keep(&self.store, &ready.key, &kept).await.ok();
        }
        let mut waits = [1, 2, 4, 8].into_iter();
        let recorded = loop {
            match (self.record_once(driven, ended).await, waits.next()) {
                (Err(_), Some(seconds)) => {
                    self.clock.sleep_until(self.clock.now().plus(Duration::from_secs(seconds))).await;
                }
                (outcome, _) => break outcome,
            }
        };
        if self.may_be_elsewhere(ready) {
            self.elsewhere.withdraw(&ready.key, driven.id).await;
        }
        recorded
    }

    async fn record_once(&self, driven: &mut Driven<'_>, Ended { ready, outcome }: &Ended) -> Result<()> {
        let Ready { step, key, attempt, .. } = ready;
        let now = self.clock.now();
        let owner = driven.owner.clone();
        driven
            .append(|run| {
                let state = run.steps.get(step)?;
                let is_ours = matches!(&state.state, State::Claimed { owner: by, .. } if *by == owner);
                if !is_ours || state.attempts != *attempt {
                    return None;
                }
                Some(vec![match outcome.clone() {
                    Ok(outputs) => Entry::Finished { step: step.clone(), key: *key, outputs, from: None },
                    Err((failure, reason)) => {
                        let of_run = run.pipeline().find(&step.step);
                        let is_needed = of_run.is_none_or(|step| !step.may_fail);
                        let of_step = of_run.map(|step| step.retry).unwrap_or_default();
                        let (retry, tries) = match failure {
                            FailureKind::Unavailable if is_needed => (Retry::OUTAGE, state.outages + 1),
                            _ if is_needed => (of_step, state.tries + 1),
                            _ => (of_step, state.tries + state.outages + 1),
                        };
                        let again = failure != FailureKind::Refused
                            && tries < retry.attempts
                            && run.cancelled.is_none();
                        let retry_at = again.then(|| now.plus(retry.wait(tries)));
                        Entry::Failed { step: step.clone(), failure, reason, retry_at }
                    }
                }])
            })
            .await
    }

    /// Asks for more time for all that it has claimed.
    async fn renew(&self, driven: &mut Driven<'_>) -> Result<()> {
        let until = self.clock.now().plus(self.options.lease);
        let owner = driven.owner.clone();
        driven
            .append(|run| {
                let mut states = run.steps.values().map(|step| &step.state);
                let any =
                    states.any(|state| matches!(state, State::Claimed { owner: by, .. } if *by == owner));
                any.then(|| vec![Entry::Renewed { owner: owner.clone(), until }])
            })
            .await
    }

    /// Tells attempts to stop whose claim is gone, and all of them when somebody wants the run to end.
    async fn stop_unwanted(&self, driven: &mut Driven<'_>, stops: &BTreeMap<StepId, Stop>) -> Result<()> {
        let ours = driven.owner.clone();
        let run = driven.read().await?;
        for (step, stop) in stops {
            let state = run.steps.get(step).map(|step| &step.state);
            let is_ours = matches!(state, Some(State::Claimed { owner, .. }) if *owner == ours);
            if !is_ours || run.cancelled.is_some() {
                stop.raise();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
