//! What keeps the service from its work, said when it begins and not again at each look.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use winback_flow::RunId;

use crate::printer::Printer;

/// What something is said about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// A run.
    Run(RunId),
    /// An object of a watched folder.
    Object(String),
    /// A part of the work, in words: `the history`.
    Work(String),
}

impl fmt::Display for About {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(formatter, "{run}"),
            Self::Object(path) => write!(formatter, "`{}`", path.escape_debug()),
            Self::Work(what) => formatter.write_str(what),
        }
    }
}

/// What was said last of each.
#[derive(Debug)]
pub(super) struct Told {
    said: Mutex<BTreeMap<About, String>>,
    printer: Printer,
}

impl Told {
    pub(super) fn new(printer: Printer) -> Self {
        Self { said: Mutex::default(), printer }
    }

    /// Says why something cannot be done, unless just that was said of it last.
    pub(super) fn warn(&self, about: About, why: String) {
        let mut said = self.said();
        if said.get(&about) != Some(&why) {
            self.printer.warn(&format!("{about}: {why}"));
            said.insert(about, why);
        }
    }

    /// Nothing keeps it any more.
    pub(super) fn forget(&self, about: &About) {
        self.said().remove(about);
    }

    /// Of runs, only these are still open.
    pub(super) fn keep_runs(&self, open: &BTreeSet<&RunId>) {
        self.said().retain(|about, _| !matches!(about, About::Run(run) if !open.contains(run)));
    }

    /// In a folder, only these objects still cannot be taken up.
    pub(super) fn keep_objects(&self, folder: &str, left: &BTreeSet<String>) {
        let is_gone = |path: &String| path.starts_with(&format!("{folder}/")) && !left.contains(path);
        self.said().retain(|about, _| !matches!(about, About::Object(path) if is_gone(path)));
    }

    fn said(&self) -> MutexGuard<'_, BTreeMap<About, String>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
