//! Two servers on one store, in every order that a seed can think of: a store that fails, is slow, loses answers and is
//! full for a while; workers that are killed between any two of its operations; clocks that jump. The schedule is a
//! function of the seed, so what one finds can be looked at again.
//!
//! What must hold at the end: every file has one run, each run ended well, and what it published is what its ledger says
//! was made, though two attempts here never make the same.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use object_store::memory::InMemory;

use crate::component::{Bodies, Component, Components, Failure, Task};
use crate::testkit::{NOW, Rough, World};
use crate::value::{Artifact, Type, Value, Values};
use crate::{
    Clock, Digest, Object, Options, Outcome, Pipeline, Request, RunId, Source, Step, Store, Time, Worker,
};

/// The code of the steps: what each attempt makes is its own, so that a second truth would be seen.
#[derive(Debug)]
struct Work {
    store: Store,
    owner: String,
}

impl Bodies for Work {
    async fn attempt(&self, task: Task) -> Result<Values, Failure> {
        let outcome = match task.component.as_str() {
            "learn" => self.learn(&task).await,
            "score" => self.score(&task).await,
            _ => self.publish(&task).await,
        };
        outcome.map_err(|error| Failure::Unavailable(error.to_string()))
    }

    async fn holds(&self, _what: &str) -> bool {
        true
    }
}

impl Work {
    async fn learn(&self, task: &Task) -> crate::Result<Values> {
        let text = format!("{} of {} by {}", task.attempt, task.run, self.owner);
        self.store.put_artifact(text.clone().into()).await?;
        Ok(Values::from([("model".to_owned(), Value::of(text))]))
    }

    async fn score(&self, task: &Task) -> crate::Result<Values> {
        let name = task.inputs["name"].json().unwrap();
        let text = format!("{name} by {} at attempt {}", self.owner, task.attempt);
        let size = text.len() as u64;
        let digest = self.store.put_artifact(text.into()).await?;
        Ok(Values::from([("scores".to_owned(), Value::File(Artifact { digest, size, place: None }))]))
    }

    async fn publish(&self, task: &Task) -> crate::Result<Values> {
        let Value::File(scores) = &task.inputs["scores"] else { panic!("`scores` is a file") };
        let name = task.inputs["name"].json().unwrap().as_str().unwrap();
        let bytes = self.store.get_artifact(&scores.digest).await?;
        self.store.put_once(&format!("output/{name}/scores"), bytes).await?;
        self.store
            .put_once(&format!("output/{name}/manifest"), Bytes::from(scores.digest.to_string()))
            .await?;
        Ok(Values::new())
    }
}

fn components() -> Components {
    let learn = Component::new("learn", 1, "").gives("model", Type::Text).long();
    let score = Component::new("score", 1, "")
        .takes("name", Type::Text)
        .takes("model", Type::Text)
        .gives("scores", Type::file("scores"));
    let publish =
        Component::new("publish", 1, "").takes("name", Type::Text).takes("scores", Type::file("scores"));
    Components::from([("learn", learn), ("score", score), ("publish", publish)])
}

fn pipeline() -> Pipeline {
    let name = || Source::input("name");
    Pipeline::new("weekly", "")
        .takes("name", Type::Text)
        .step(Step::new("learn", "learn"))
        .step(
            Step::new("score", "score")
                .with("name", name())
                .with("model", Source::output("learn", "model"))
                .waits_for("luck")
                .always(),
        )
        .step(
            Step::new("publish", "publish")
                .with("name", name())
                .with("scores", Source::output("score", "scores"))
                .always(),
        )
}

/// What a server does: makes a run of every file that has none, and drives what is open.
async fn serve(store: Store, clock: Clock, owner: String) {
    let options = Options {
        owner: owner.clone(),
        lease: Duration::from_secs(10),
        slots: 2,
        look: Duration::from_secs(1),
    };
    let work = Work { store: store.clone(), owner };
    let worker = Worker::new(store.clone(), clock.clone(), components(), work, options).unwrap();
    loop {
        let round: crate::Result<()> = async {
            for entry in store.list("weekly_folder").await? {
                submit(&store, &worker, &entry.path).await?;
            }
            for line in worker.runs().open().await? {
                worker.drive(&line.run).await?;
            }
            Ok(())
        }
        .await;
        drop(round);
        clock.sleep_until(clock.now().plus(Duration::from_secs(1))).await;
    }
}

async fn submit(store: &Store, worker: &Worker<Work>, path: &str) -> crate::Result<()> {
    if worker.runs().of_version(path, "1").await?.is_some() {
        return Ok(());
    }
    let name = path.rsplit('/').next().unwrap();
    let digest = Digest::of(&store.get(path).await?);
    let object =
        Object { path: path.to_owned(), version: "1".to_owned(), digest, size: 1, modified: NOW.to_owned() };
    let request = Request {
        id: RunId::of("weekly", &format!("{path} {digest}"), 1),
        pipeline: pipeline(),
        inputs: Values::from([("name".to_owned(), Value::of(name))]),
        subject: path.to_owned(),
        cause: "found".to_owned(),
        object: Some(object),
        forced: false,
    };
    worker.runs().submit(request).await.map(drop)
}

type Server = Pin<Box<dyn Future<Output = ()>>>;

/// What a schedule came to.
#[derive(Debug, Default)]
struct Told {
    operations: u64,
    kills: u64,
    faults: u64,
    takeovers: u64,
}

const FILES: u64 = 3;

/// Plays one schedule of one or two servers to its end, and checks what must hold.
fn play(seed: u64, count: usize) -> Told {
    let world = Arc::new(Mutex::new(World::new(seed)));
    let inner = Arc::new(InMemory::new());
    let plain = Store::over(Arc::clone(&inner) as _);
    let store = Store::over(Arc::new(Rough::new(inner, Arc::clone(&world))));
    let begin: Time = NOW.parse().unwrap();
    let now = Cell::new(begin);
    let mut born = 0;
    let mut start = |store: &Store| {
        born += 1;
        let clock = Clock::fixed(NOW).unwrap();
        let server: Server = Box::pin(serve(store.clone(), clock.clone(), format!("server-{born}")));
        (server, clock)
    };
    let mut servers: Vec<Option<(Server, Clock)>> = (0..count).map(|_| Some(start(&store))).collect();
    // How far each server's clock is from the truth.
    let mut offsets = [Duration::ZERO; 2];
    let mut dropped = 0;
    let mut idle = 0;
    for turn in 0_u64.. {
        let chosen = {
            let mut world = world.lock().unwrap();
            if 4_000 < turn {
                world.is_rough = false;
            }
            world.draw.below(count as u64) as usize
        };
        let drawn = |count| world.lock().unwrap().draw.below(count);
        if dropped < FILES && (drawn(40) == 0 || 200 < idle) {
            let path = format!("weekly_folder/w{dropped}.csv");
            now_or_never(plain.put_new(&path, Bytes::from(format!("file {dropped}")))).unwrap();
            dropped += 1;
        }
        if drawn(400) == 0 {
            offsets[chosen] = Duration::from_secs(drawn(3_600));
        }
        let Some((server, clock)) = &mut servers[chosen] else {
            if drawn(30) == 0 {
                servers[chosen] = Some(start(&store));
            }
            continue;
        };
        clock.set(now.get().plus(offsets[chosen]));
        let before = world.lock().unwrap().operations;
        let polled = server.as_mut().poll(&mut Context::from_waker(futures::task::noop_waker_ref()));
        assert!(polled.is_pending(), "a server never ends by itself");
        let mut world = world.lock().unwrap();
        if std::mem::take(&mut world.is_killed) {
            world.kills += 1;
            servers[chosen] = None;
        }
        idle = if world.operations == before { idle + 1 } else { 0 };
        if 8 < idle || world.draw.one_in(50) {
            now.set(now.get().plus(Duration::from_millis(100 + world.draw.below(900))));
        }
        drop(world);
        if turn % 64 == 0 && dropped == FILES && is_over(&plain) {
            break;
        }
        assert!(turn < 200_000, "seed {seed}: a run is stuck");
    }
    let world = world.lock().unwrap();
    let takeovers = check(seed, &plain);
    Told { operations: world.operations, kills: world.kills, faults: world.faults, takeovers }
}

fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a store in memory answers at once")
}

fn runs(store: &Store) -> crate::Runs {
    crate::Runs::new(store.clone(), Clock::fixed(NOW).unwrap()).unwrap()
}

fn is_over(store: &Store) -> bool {
    let lines = now_or_never(runs(store).list()).unwrap();
    lines.len() as u64 == FILES && lines.iter().all(|line| line.ended.is_some())
}

/// Every file has one run that succeeded, and what is published is what that run's ledger says.
fn check(seed: u64, store: &Store) -> u64 {
    let runs = runs(store);
    let lines = now_or_never(runs.list()).unwrap();
    let files: BTreeMap<&str, &RunId> = lines.iter().map(|line| (line.subject.as_str(), &line.run)).collect();
    assert_eq!(files.len() as u64, FILES, "seed {seed}: {lines:?}");
    let mut takeovers = 0;
    for line in &lines {
        let run = now_or_never(runs.find(&line.run)).unwrap();
        assert_eq!(run.ended.map(|(outcome, _)| outcome), Some(Outcome::Succeeded), "seed {seed}: {run:?}");
        let Some(Value::File(scores)) = run.output("score", "scores") else {
            panic!("seed {seed}: no scores")
        };
        let name = line.subject.rsplit('/').next().unwrap();
        let manifest = now_or_never(store.get(&format!("output/{name}/manifest"))).unwrap();
        assert_eq!(
            manifest,
            Bytes::from(scores.digest.to_string()),
            "seed {seed}: another truth was published"
        );
        let published = now_or_never(store.get(&format!("output/{name}/scores"))).unwrap();
        assert_eq!(Digest::of(&published), scores.digest, "seed {seed}");
        takeovers += run.steps.values().map(|step| step.failures.len() as u64).sum::<u64>();
    }
    takeovers
}

#[test]
fn whatever_happens_each_file_is_published_once() {
    // Optimised there is time for more.
    let seeds = if cfg!(debug_assertions) { 300 } else { 10_000 };
    let mut told = Told::default();
    for seed in 0..seeds {
        let Told { operations, kills, faults, takeovers } = play(seed, 2);
        told.operations += operations;
        told.kills += kills;
        told.faults += faults;
        told.takeovers += takeovers;
    }
    // Schedules in which nothing happens would prove nothing.
    assert!(seeds < told.kills && seeds < told.faults && seeds < 2 * told.takeovers, "{told:?}");
}

#[test]
fn one_server_alone_finishes_what_it_began() {
    for seed in 0..100 {
        play(seed, 1);
    }
}
