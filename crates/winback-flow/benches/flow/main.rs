//! What the engine and the ledger cost: a chain of steps that do next to nothing, beside a bare call of the same code; and
//! long ledgers, made for others to read.
//!
//! `cargo xtask bench pipelines --only engine` and `--only ledgers` run it in release. `flow chain` prints a JSON object of
//! microseconds a step. `flow ledgers FOLDER RUNS` leaves a store in that folder: one run of a chain that has ended, and an
//! index of so many runs that have.
#![expect(clippy::print_stdout, reason = "this program's output is its result")]
#![expect(clippy::disallowed_methods, reason = "a bench takes the time")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use winback_flow::{
    Bodies, Clock, Component, Components, Failure, Options, Outcome, Pipeline, Progress, Request, RunId,
    Source, Step, Store, Task, Type, Value, Values, Worker,
};

const STEPS: usize = 1_000;
const ROUNDS: usize = 3;
/// A bare call is so short that only many of them can be timed.
const BARE_CALLS: usize = 1_000_000;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    // `cargo bench` says `--bench`, which is nothing to us.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["chain"] => runtime.block_on(time_chains()),
        ["ledgers", folder, runs] => runtime.block_on(make_ledgers(Path::new(folder), runs.parse()?)),
        _ => Err("`flow chain`, or `flow ledgers FOLDER RUNS`".into()),
    }
}

/// What a step does.
fn next(number: i64) -> i64 {
    black_box(number) + 1
}

struct Work;

impl Bodies for Work {
    async fn attempt(&self, task: Task) -> Result<Values, Failure> {
        let number = task.inputs["n"].json().and_then(serde_json::Value::as_i64);
        let number = number.ok_or_else(|| Failure::Failed("`n` is no number".to_owned()))?;
        Ok(Values::from([("n".to_owned(), Value::of(next(number)))]))
    }

    async fn holds(&self, _what: &str) -> bool {
        true
    }
}

fn components() -> Components {
    Components::from([(
        "next",
        Component::new("next", 1, "").takes("n", Type::Number).gives("n", Type::Number),
    )])
}

/// A chain in which each step needs what the one before it gave.
fn chain(steps: usize) -> Pipeline {
    let name = |step: usize| format!("s{step}");
    let mut chain = Pipeline::new("chain", "").takes("n", Type::Number);
    for step in 0..steps {
        let source =
            step.checked_sub(1).map_or(Source::input("n"), |before| Source::output(&name(before), "n"));
        chain = chain.step(Step::new(&name(step), "next").with("n", source));
    }
    chain
}

fn worker(store: &Store) -> Result<Worker<Work>, Failed> {
    Ok(Worker::new(store.clone(), Clock::system(), components(), Work, Options::fresh()?)?)
}

async fn submit(worker: &Worker<Work>, pipeline: &Pipeline, number: usize) -> Result<RunId, Failed> {
    let id = RunId::of(&pipeline.name, &number.to_string(), 1);
    let given = pipeline.inputs.keys().map(|name| (name.clone(), Value::of(number as i64)));
    let request = Request {
        id: id.clone(),
        pipeline: pipeline.clone(),
        inputs: given.collect(),
        subject: format!("week-{number:06}.csv"),
        cause: "a bench".to_owned(),
        object: None,
        forced: false,
    };
    worker.runs().submit(request).await?;
    Ok(id)
}

async fn finish(worker: &Worker<Work>, id: &RunId) -> Result<(), Failed> {
    match worker.drive(id).await? {
        Progress::Over(Outcome::Succeeded) => Ok(()),
        other => Err(format!("{id} came to {other:?}").into()),
    }
}

fn open(root: &str, base: &Path) -> Result<Store, Failed> {
    Ok(Store::open(root, base, &BTreeMap::new())?)
}

async fn time_chains() -> Result<(), Failed> {
    let bare = median(|| {
        let began = Instant::now();
        black_box((0..BARE_CALLS).fold(0, |number, _| next(number)));
        Ok(began.elapsed() / (BARE_CALLS / STEPS) as u32)
    })?;
    let mut told = serde_json::Map::new();
    told.insert("bare".to_owned(), micros(bare).into());
    for root in ["memory:", "file:bank"] {
        for steps in [STEPS / 10, STEPS] {
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                let folder = tempfile::tempdir_in(".")?;
                let worker = worker(&open(root, folder.path())?)?;
                let began = Instant::now();
                let id = submit(&worker, &chain(steps), 0).await?;
                finish(&worker, &id).await?;
                times.push(began.elapsed() * (STEPS / steps) as u32);
            }
            times.sort_unstable();
            told.insert(format!("{root} {steps}"), micros(times[ROUNDS / 2]).into());
        }
    }
    // What the engine writes, without the engine: three creates for each step, one after another.
    let folder = tempfile::tempdir_in(".")?;
    let store = open("file:bank", folder.path())?;
    let began = Instant::now();
    for number in 0..STEPS * 3 {
        store.put_new(&format!("state/{}/{number}", number % 3), vec![b'x'; 300].into()).await?;
    }
    told.insert("file creates alone".to_owned(), micros(began.elapsed()).into());
    println!("{}", serde_json::Value::from(told));
    Ok(())
}

fn median(mut timed: impl FnMut() -> Result<Duration, Failed>) -> Result<Duration, Failed> {
    let mut times = (0..ROUNDS).map(|_| timed()).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}

/// Microseconds a step, of the time for all.
fn micros(all: Duration) -> f64 {
    all.as_secs_f64() * 1e6 / STEPS as f64
}

/// The long run is made where it is to lie. The index is made in memory, by the same calls, and its objects are written
/// out: to sync several hundred thousand files would take longer than anything that is measured.
async fn make_ledgers(folder: &Path, runs: usize) -> Result<(), Failed> {
    let place = std::path::absolute(folder)?;
    let on_disk = worker(&open(&format!("file://{}", place.display()), folder)?)?;
    let long = submit(&on_disk, &chain(STEPS), 0).await?;
    finish(&on_disk, &long).await?;
    let memory = open("memory:", folder)?;
    let many = worker(&memory)?;
    let short =
        Pipeline::new("weekly", "").step(Step::new("one", "next").with("n", Source::Constant(1.into())));
    for number in 0..runs {
        let id = submit(&many, &short, number).await?;
        finish(&many, &id).await?;
    }
    let index = place.join("state/runs");
    std::fs::remove_dir_all(&index)?;
    std::fs::create_dir_all(index.join("checkpoints"))?;
    for entry in memory.list("state/runs").await? {
        std::fs::write(place.join(&entry.path), memory.get(&entry.path).await?)?;
    }
    println!("{}", serde_json::json!({ "run": long, "runs": runs, "steps": STEPS }));
    Ok(())
}
