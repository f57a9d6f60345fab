//! What the test suites of this crate share: the stores that every suite runs on, and a runtime to run it in. A suite
//! is a plain async function of a fresh, empty store; another kind of store is one more line here.

pub(crate) mod contract;
mod rough;
mod unreliable;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::{Clock, Store};

pub(crate) use self::rough::{Rough, World};
pub(crate) use self::unreliable::Unreliable;

/// The time of every record that tests write.
pub(crate) const NOW: &str = "2026-11-22T06:00:00.000Z";

/// Runs a suite on each kind of store.
pub(crate) fn on_every_store<F: Future<Output = ()>>(suite: impl Fn(Store) -> F) {
    block_on(suite(memory()));
    let folder = tempfile::tempdir().unwrap();
    block_on(suite(Store::open("file:bank", folder.path(), &BTreeMap::new()).unwrap()));
    // In memory nothing ever waits, so tasks would take turns only here.
    block_on(suite(Store::over(Arc::new(Unreliable::default()))));
}

pub(crate) fn memory() -> Store {
    Store::open("memory:", Path::new("/"), &BTreeMap::new()).unwrap()
}

pub(crate) fn clock() -> Clock {
    Clock::fixed(NOW).unwrap()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
