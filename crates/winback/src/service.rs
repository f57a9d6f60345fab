//! The service: looks at the watched folders, hears of events, keeps schedules, and drives whatever run is open, until it
//! is told to end. Every trigger ends in the same claim, so none of them needs to be complete: what an event told and
//! was lost, the next look finds.

mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;
use winback_flow::trigger::{Change, ChangeKind};
use winback_flow::{
    Clock, Entry, ErrorKind, Line, Outcome, Progress, RunId, Swept, Time, Watch, is_whole_name, sweep,
};
use winback_server::{Accepted, EventSink, Ignored, Later};

use self::told::{About, Told};
use crate::components::OURS;
use crate::config::{Settings, Timed};
use crate::error::{Result, in_one_line};
use crate::failures::{reason, waiting};
use crate::notices::Notices;
use crate::printer::Printer;
use crate::wire::INPUT_FOLDER;
use crate::work::{NEVER, Shop, WATCHED};

/// Runs that are driven at one time: while one learns, another file is scored.
const AT_ONCE: usize = 2;
/// How often what nothing names any more is removed.
const CLEANED_EVERY: Duration = Duration::from_secs(86_400);
/// How long after its start a server first does so: it reads many runs, and has better things to do then.
const CLEANED_AFTER: Duration = Duration::from_secs(3_600);
/// A file that an event tells of is read to its digest before the answer, up to this size. A larger one is taken up by
/// the look that the event brings about, so that the answer comes in time.
const READ_AT_ONCE: u64 = 64 << 20;

/// Takes up what comes, and does it.
pub(crate) struct Service {
    shop: Arc<Shop>,
    settings: Settings,
    printer: Printer,
    clock: Clock,
    /// Something may be new.
    wake: Arc<Notify>,
    /// Something is to be driven.
    submitted: Notify,
    notices: Notices,
    /// Versions whose deployment was asked for.
    deployed: Mutex<BTreeSet<String>>,
    told: Told,
}

impl Service {
    pub(crate) fn new(shop: Arc<Shop>, settings: Settings, printer: Printer) -> Arc<Self> {
        let clock = Clock::system();
        let (wake, deployed) = (Arc::<Notify>::default(), Mutex::default());
        let folders =
            WATCHED.iter().filter_map(|(folder, _)| shop.bucket.store.local_path(folder).ok().flatten());
        let folders: Vec<_> = folders.collect();
        for folder in &folders {
            // Whoever wants to drop a file finds the place. Where it cannot be made, looking tells.
            std::fs::create_dir_all(folder).ok();
        }
        let notices = Notices::listen(&folders, &wake);
        let (submitted, told) = (Notify::new(), Told::new(printer));
        Arc::new(Self { shop, settings, printer, clock, wake, submitted, notices, deployed, told })
    }

    /// Works for ever: looking, keeping time, cleaning and driving each go their own way, so that none keeps a claim
    /// from being renewed.
    pub(crate) async fn work(&self) {
        tokio::join!(self.look_on(), self.keep_time(), self.clean_up(), self.drive_on());
    }

    /// Drives what is open.
    async fn drive_on(&self) {
        let mut driven = FuturesUnordered::new();
        // Runs that are driven now, and until when others need not be looked at.
        let mut busy: BTreeMap<RunId, Option<Time>> = BTreeMap::new();
        loop {
            let now = self.clock.now();
            let again = now.plus(self.settings.pipelines.look);
            busy.retain(|_, until| until.is_none_or(|until| now < until));
            match self.shop.worker.runs().open().await {
                Err(error) => self.told.warn(work("the runs"), in_one_line(error)),
                Ok(open) => {
                    self.told.forget(&work("the runs"));
                    self.told.keep_runs(&open.iter().map(|line| &line.run).collect());
                    let room = AT_ONCE.saturating_sub(driven.len());
                    let idle: Vec<Line> =
                        open.into_iter().filter(|line| !busy.contains_key(&line.run)).collect();
                    for line in idle.into_iter().take(room) {
                        busy.insert(line.run.clone(), None);
                        driven.push(self.drive(line));
                    }
                }
            }
            let wait = self.clock.sleep_until(busy.values().flatten().copied().fold(again, Time::min));
            tokio::select! {
                Some((run, progress)) = driven.next(), if !driven.is_empty() => {
                    let later = self.clock.now().plus(self.settings.pipelines.look);
                    match progress {
                        Some(Progress::Over(_)) => drop(busy.remove(&run)),
                        Some(Progress::Waits(Some(until))) => drop(busy.insert(run, Some(until.min(later)))),
                        Some(Progress::Waits(None)) | None => drop(busy.insert(run, Some(later))),
                    }
                }
                () = self.submitted.notified() => {}
                () = wait => {}
            }
        }
    }

    /// Looks for what is new.
    async fn look_on(&self) {
        loop {
            let now = self.clock.now();
            let sooner = self.look(now).await;
            let again = now.plus(self.settings.pipelines.look);
            let again = sooner.map_or(again, |sooner| again.min(sooner));
            tokio::select! {
                () = self.wake.notified() => {}
                () = self.clock.sleep_until(again) => {}
            }
        }
    }

    /// Makes a run of each schedule that is due. Its name tells the moment, so two servers make one run.
    async fn keep_time(&self) {
        let begun = self.clock.now();
        let timed = self.settings.pipelines.schedules.iter();
        let mut timed: Vec<(&Timed, Time)> =
            timed.filter_map(|timed| Some((timed, timed.next_after(begun)?))).collect();
        while let Some(first) = timed.iter().map(|(_, due)| *due).min() {
            self.clock.sleep_until(first).await;
            let now = self.clock.now();
            for (schedule, due) in timed.iter_mut().filter(|(_, due)| *due <= now) {
                match self.shop.submit_timed(schedule, *due).await {
                    Ok(told) => {
                        self.tell(&told, &schedule.cron);
                        *due = schedule.next_after(*due).unwrap_or(Time::END);
                    }
                    // It stays due until it is recorded.
                    Err(error) => {
                        self.printer.warn(&format!(
                            "cannot begin `{}`: {}",
                            schedule.pipeline,
                            in_one_line(error)
                        ));
                        self.clock.sleep_until(now.plus(self.settings.pipelines.look)).await;
                    }
                }
            }
        }
    }

    /// Removes what nothing has named for long, now and then.
    async fn clean_up(&self) {
        let mut due = self.clock.now().plus(CLEANED_AFTER);
        loop {
            self.clock.sleep_until(due).await;
            let now = self.clock.now();
            self.clean(now).await;
            due = now.plus(CLEANED_EVERY);
        }
    }

    /// Removes what nothing has named for long.
    async fn clean(&self, now: Time) {
        let (bucket, keep) = (&self.shop.bucket, self.settings.pipelines.keep);
        let runs = self.shop.worker.runs();
        match sweep(&bucket.store, runs, &bucket.registry, OURS[0], (now, keep), false).await {
            Ok(Swept { objects: 0, .. }) => {}
            Ok(Swept { objects, bytes }) => {
                self.printer.say(&format!("cleaned up {objects} objects, {bytes} bytes"));
            }
            Err(error) => self.printer.warn(&format!("cannot clean up: {}", in_one_line(error))),
        }
    }

    /// Drives a run as far as it goes, and says what became of it; there is no progress where the ledger cannot be used.
    async fn drive(&self, line: Line) -> (RunId, Option<Progress>) {
        let Line { run, subject, .. } = line;
        let progress = match self.shop.worker.drive(&run).await {
            Ok(progress) => Some(progress),
            Err(error) => {
                self.told.warn(
                    About::Run(run.clone()),
                    format!("it cannot go on for now: {}", in_one_line(error)),
                );
                None
            }
        };
        let about = if subject.is_empty() { String::new() } else { format!(" about `{subject}`") };
        match progress {
            Some(Progress::Over(outcome)) => {
                let ended = format!("{run}{about}: {}", outcome.name());
                let is_well = !matches!(outcome, Outcome::Failed | Outcome::Refused);
                match if is_well { None } else { self.shop.worker.runs().find(&run).await.ok() } {
                    Some(found) => self.printer.warn(&format!("{ended}: {}", reason(&found))),
                    None => self.printer.say(&ended),
                }
            }
            Some(Progress::Waits(_)) => {
                let found = self.shop.worker.runs().find(&run).await;
                match found.ok().and_then(|found| waiting(&found)) {
                    Some(why) => self.told.warn(About::Run(run.clone()), format!("{why}; it is tried again")),
                    None => self.told.forget(&About::Run(run.clone())),
                }
            }
            None => {}
        }
        (run, progress)
    }

    /// Makes runs of what is new; answers when a file may be whole that is being written. What cannot be looked at now
    /// keeps nothing else waiting.
    async fn look(&self, now: Time) -> Option<Time> {
        let mut again: Option<Time> = None;
        for (folder, pipeline) in WATCHED {
            let looked = self.look_into(folder, pipeline, now).await;
            again = again.into_iter().chain(self.told_of(&format!("`{folder}`"), looked).flatten()).min();
        }
        let trained = self.shop.submit_training().await;
        self.told_of("the history", trained).flatten().iter().for_each(|told| self.tell(told, "the history"));
        let deployed = self.deploy_undecided().await;
        self.told_of("the models", deployed);
        again
    }

    /// What a part of the work gave; that it could not be done is told.
    fn told_of<T>(&self, what: &str, outcome: Result<T>) -> Option<T> {
        match outcome {
            Ok(given) => {
                self.told.forget(&work(what));
                Some(given)
            }
            Err(error) => {
                self.told.warn(work(what), format!("cannot be looked at: {}", in_one_line(error)));
                None
            }
        }
    }

    async fn look_into(&self, folder: &str, pipeline: &str, now: Time) -> Result<Option<Time>> {
        let store = &self.shop.bucket.store;
        let watch = Watch::new(store.clone(), folder);
        let is_told = |entry: &Entry| {
            store.local_path(&entry.path).ok().flatten().is_some_and(|file| self.notices.take(&file))
        };
        let look = watch.look(self.shop.worker.runs(), now, &is_told).await?;
        let mut left = BTreeSet::new();
        for path in look.odd {
            self.told.warn(About::Object(path.clone()), NEVER.to_owned());
            left.insert(path);
        }
        for entry in self.shop.due(look.found, folder, pipeline).await? {
            match self.shop.submit_file(&entry, pipeline, "found in the folder", false).await {
                Ok(told) => self.tell(&told, &entry.path),
                // One that is being replaced, or is gone again, keeps no other waiting.
                Err(error) => {
                    let why = format!("it is left for the next look: {}", in_one_line(error));
                    self.told.warn(About::Object(entry.path.clone()), why);
                    left.insert(entry.path);
                }
            }
        }
        self.told.keep_objects(folder, &left);
        Ok(look.again)
    }

    /// Asks for the deployment of versions that nobody has decided about.
    async fn deploy_undecided(&self) -> Result<()> {
        for found in self.shop.undecided(&self.settings.train.name).await? {
            let name = found.name();
            let is_asked = |asked: &BTreeSet<String>| asked.contains(&name);
            if !is_asked(&self.deployed.lock().unwrap_or_else(PoisonError::into_inner)) {
                self.tell(&self.shop.submit_deploy(&found).await?, &name);
                // What was asked for once is not asked for at each look.
                self.deployed.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            }
        }
        Ok(())
    }

    fn tell(&self, (run, is_new): &(RunId, bool), about: &str) {
        if *is_new {
            self.printer.say(&format!("{run} begins, about `{about}`"));
        }
        self.submitted.notify_one();
    }

    /// What an event about an object brings about.
    async fn take(&self, change: Change) -> std::result::Result<Accepted, Later> {
        let store = &self.shop.bucket.store;
        match change.kind {
            ChangeKind::Removed => return Ok(Accepted::Ignored(Ignored::Removed)),
            ChangeKind::Other => return Ok(Accepted::Ignored(Ignored::Unchanged)),
            ChangeKind::Created => {}
        }
        if change.is_placeholder() {
            return Ok(Accepted::Ignored(Ignored::Placeholder));
        }
        let Some(path) = store.path_of(&change.bucket, &change.name) else {
            return Ok(Accepted::Ignored(Ignored::Elsewhere));
        };
        let is_under = |folder: &str| path.starts_with(&format!("{folder}/"));
        if is_under("models") || is_under(INPUT_FOLDER) {
            self.wake.notify_one();
            return Ok(Accepted::Noticed);
        }
        if OURS.into_iter().any(is_under) {
            return Ok(Accepted::Ignored(Ignored::OwnOutput));
        }
        if !WATCHED.iter().any(|(folder, _)| is_under(folder)) || !is_whole_name(&path) {
            return Ok(Accepted::Ignored(Ignored::Elsewhere));
        }
        let entry = match store.head(&path).await {
            Ok(entry) => entry,
            // It is gone again; what replaces it is told of by its own event.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Accepted::Ignored(Ignored::Removed));
            }
            Err(error) => return Err(Later::new(error)),
        };
        if READ_AT_ONCE < entry.size {
            self.wake.notify_one();
            return Ok(Accepted::Noticed);
        }
        let known =
            self.shop.worker.runs().of_version(&entry.path, &entry.version).await.map_err(Later::new)?;
        if let Some(run) = known {
            return Ok(Accepted::Known { run: run.to_string() });
        }
        let pipeline =
            WATCHED.iter().find(|(folder, _)| is_under(folder)).map_or("weekly", |(_, pipeline)| *pipeline);
        match self.shop.submit_file(&entry, pipeline, "an event", false).await {
            Ok((run, is_new)) => {
                self.tell(&(run.clone(), is_new), &entry.path);
                let run = run.to_string();
                Ok(if is_new { Accepted::Started { run } } else { Accepted::Known { run } })
            }
            Err(error) => Err(Later::new(error)),
        }
    }
}

fn work(what: &str) -> About {
    About::Work(what.to_owned())
}

impl EventSink for Service {
    fn accept(&self, change: Change) -> BoxFuture<'_, std::result::Result<Accepted, Later>> {
        self.take(change).boxed()
    }

    fn refuse(&self, reason: String) -> BoxFuture<'_, std::result::Result<(), Later>> {
        let recorded = self.shop.refuse_event(reason);
        async move { recorded.await.map_err(Later::new) }.boxed()
    }
}

#[cfg(test)]
mod tests;
