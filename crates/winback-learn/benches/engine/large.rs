//! Learning from more rows than the raw table of which would fit in memory: what it takes in time and memory.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use winback_learn::encode::{Encoded, Encoder};
use winback_learn::trees::{Booster, Matrix, prepare};
use winback_simulate::wide::{Shape, WideSource, WideTable};
use winback_table::{BatchIterator, Field, Role, Schema, Source};

use super::learning::{SETTINGS, mean_loss, peak_mib, seconds};
use crate::Result;

const TREES: usize = 60;
const TEST_ROWS: u64 = 250_000;

/// Grows a forest on so many rows, which are made anew in each pass; making them is not on the clock.
pub(crate) fn train(rows: u64) -> Result<Value> {
    let table = |rows, seed| WideSource::from(WideTable { shape: Shape::Churn, rows, seed });
    let source = Metered { source: table(rows, 1), spent: Mutex::default() };
    let learnt = |field: &Field| field.role == Role::Feature;

    let clock = Instant::now();
    let (encoder, _) = Encoder::learn(&source, &learnt)?;
    let data = Encoded::read(&source, &encoder)?;
    let making = source.spent();
    let encoding = clock.elapsed().saturating_sub(making.wall);
    let encoded_mib = peak_mib();
    let prepared = prepare(&data, &data.all_rows(), 0);
    let mut booster = Booster::new(&prepared, SETTINGS);
    for _ in 0..TREES {
        booster.round();
    }
    let spent = clock.elapsed().saturating_sub(making.wall);
    let cpu = cpu_of_process().map(|cpu| seconds(cpu.saturating_sub(making.cpu)));
    let trained_mib = peak_mib();

    let test = Encoded::read(&table(TEST_ROWS, 2), &encoder)?;
    let forest = booster.finish(TREES);
    let margins = forest.margins(&Matrix::of_all(&test.columns, &forest.lookups, test.len()));
    Ok(json!({
        "rows": rows, "trees": TREES, "seconds": seconds(spent), "encoding": seconds(encoding), "cpu_seconds": cpu,
        "making_rows": seconds(making.wall), "encoded_mib": encoded_mib, "peak_mib": trained_mib,
        "log_loss": mean_loss(&margins, &test.labels),
    }))
}

/// A source that notes what its batches take to make.
struct Metered {
    source: WideSource,
    spent: Mutex<Spent>,
}

/// Time, and work of the one thread that makes batches.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    cpu: Duration,
}

impl Metered {
    fn spent(&self) -> Spent {
        self.spent.lock().map_or_else(|poisoned| *poisoned.into_inner(), |spent| *spent)
    }
}

impl Source for Metered {
    fn schema(&self) -> &Schema {
        self.source.schema()
    }

    fn open(&self) -> winback_table::Result<BatchIterator<'_>> {
        let mut batches = self.source.open()?;
        let next = move || {
            let (clock, cpu) = (Instant::now(), cpu_of_thread().unwrap_or_default());
            let batch = batches.next();
            if let Ok(mut spent) = self.spent.lock() {
                spent.wall += clock.elapsed();
                spent.cpu += cpu_of_thread().unwrap_or_default().saturating_sub(cpu);
            }
            batch
        };
        Ok(Box::new(std::iter::from_fn(next)))
    }
}

/// What this thread has worked, where the system tells.
fn cpu_of_thread() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// What all threads of this process have worked, where the system tells.
fn cpu_of_process() -> Option<Duration> {
    let of_thread = |thread: std::fs::DirEntry| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    Some(Duration::from_nanos(threads.flatten().filter_map(of_thread).sum()))
}
