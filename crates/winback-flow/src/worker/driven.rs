//! A run that is being driven: what is known of it, and the one way of adding to it.

use std::sync::Arc;

use crate::run::{Entry, Run, RunId};
use crate::runs::Stream;
use crate::{Error, Record, Result};

/// A run that is being driven.
pub(super) struct Driven<'a> {
    pub(super) ledger: Arc<Stream>,
    pub(super) id: &'a RunId,
    /// Who claims steps: the worker, and which time it drives. What an earlier drive had claimed when it broke off is
    /// nobody's that still works on it.
    pub(super) owner: String,
    pub(super) run: Option<Run>,
}

impl Driven<'_> {
    /// The run as it is known here.
    pub(super) async fn view(&mut self) -> Result<&Run> {
        if self.run.is_none() {
            return self.read().await;
        }
        self.run.as_ref().ok_or_else(|| Error::UnknownRun { run: self.id.to_string() })
    }

    /// The run as it is now.
    pub(super) async fn read(&mut self) -> Result<&Run> {
        let records = self.ledger.read().await?;
        follow(&mut self.run, self.id, &records);
        self.run.as_ref().ok_or_else(|| Error::UnknownRun { run: self.id.to_string() })
    }

    /// Appends what `decide` makes of the run as it is then.
    pub(super) async fn append(&mut self, mut decide: impl FnMut(&Run) -> Option<Vec<Entry>>) -> Result<()> {
        let (run, id) = (&mut self.run, self.id);
        let appended = self.ledger.append_with(|records| {
            follow(run, id, records);
            decide(run.as_ref()?)
        });
        appended.await.map(drop)
    }
}

fn follow(run: &mut Option<Run>, id: &RunId, records: &[Arc<Record<Vec<Entry>>>]) {
    match run {
        Some(run) => run.follow(records),
        None => *run = Run::begin(id, records),
    }
}
