//! Kills this very process at the N-th operation of its stores, for the bench that looks whether anything is lost. It is a
//! real kill by the system, so nothing is flushed, freed or told.
//!
//! `WINBACK_CHAOS_KILL_AT=start:N` counts from the first operation of all, `claim:N` from the record by which the process
//! claims its first step. An odd N kills before the operation has any effect, an even N after it. Who wants the program
//! without this leaves the feature `chaos` off, as it is by default.
#![expect(clippy::disallowed_methods, reason = "a process is told by its environment when it is to die")]

use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static KILL_AT: LazyLock<Option<u64>> = LazyLock::new(kill_at);
static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static OPERATIONS: AtomicU64 = AtomicU64::new(0);
static IS_DYING: AtomicBool = AtomicBool::new(false);

/// An operation under way.
#[must_use]
pub(super) struct Operation {
    is_last: bool,
}

fn kill_at() -> Option<u64> {
    let told = std::env::var("WINBACK_CHAOS_KILL_AT").ok()?;
    let (from, number) = told.split_once(':')?;
    if from == "start" {
        IS_COUNTING.store(true, Ordering::SeqCst);
    }
    number.parse().ok()
}

/// A step is about to be claimed: from here on operations count.
pub(crate) fn claim() {
    IS_COUNTING.store(true, Ordering::SeqCst);
}

/// Counts an operation that begins.
pub(super) fn operation() -> Operation {
    let Some(last) = *KILL_AT else { return Operation { is_last: false } };
    if !IS_COUNTING.load(Ordering::SeqCst) {
        return Operation { is_last: false };
    }
    let number = OPERATIONS.fetch_add(1, Ordering::SeqCst) + 1;
    if last == number && last % 2 == 1 {
        die();
    }
    // Until the kill comes nobody begins anything any more.
    if IS_DYING.load(Ordering::SeqCst) {
        stay();
    }
    Operation { is_last: last == number }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if self.is_last {
            die();
        }
    }
}

fn die() -> ! {
    IS_DYING.store(true, Ordering::SeqCst);
    let own = std::process::id().to_string();
    drop(Command::new("kill").args(["-9", &own]).stderr(Stdio::null()).status());
    stay()
}

fn stay() -> ! {
    loop {
        std::thread::park();
    }
}
