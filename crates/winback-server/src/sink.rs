//! What becomes of an event, as the server needs it: someone records it durably and says in words what was done.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use winback_flow::trigger::Change;

/// Takes events. The program's own makes claims in the ledger; tests have others.
///
/// Both calls answer within seconds, because a cloud sends again what is not answered soon: they record and leave the
/// work to others. They are not dropped half way if the sender goes away, only if the program ends.
pub trait EventSink: Send + Sync + 'static {
    /// Records a change, once for each [`Change::key`] however often it is told of.
    fn accept(&self, change: Change) -> BoxFuture<'_, Result<Accepted, Later>>;

    /// Records that a message could not be read, and why, so that it may be answered as done.
    fn refuse(&self, reason: String) -> BoxFuture<'_, Result<(), Later>>;
}

/// What became of a change. Whatever it is, it was recorded, and sending the event again would bring no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// A run was started for it.
    Started {
        /// The run's id.
        run: String,
    },
    /// An earlier event, or a look into the folder, had started a run for it.
    Known {
        /// The run's id.
        run: String,
    },
    /// It will be taken up; what it tells of lies in the bucket, where a look finds it in any case.
    Noticed,
    /// It starts nothing.
    Ignored(Ignored),
    /// It should start something and cannot, now or later.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
}

/// Why a change starts nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// The object lies in no folder that is watched.
    Elsewhere,
    /// The program wrote the object itself.
    OwnOutput,
    /// The object was removed.
    Removed,
    /// The content stayed as it was.
    Unchanged,
    /// It stands for a folder and is no file.
    Placeholder,
}

impl fmt::Display for Ignored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Elsewhere => "it lies outside the watched folders",
            Self::OwnOutput => "it is our own output",
            Self::Removed => "it was removed",
            Self::Unchanged => "its content is unchanged",
            Self::Placeholder => "it stands for a folder",
        })
    }
}

/// Why an event could not be recorded now, though it may be later. The sender is only told when to try again.
#[derive(Debug, thiserror::Error)]
#[error("the event could not be recorded now; it will be sent again")]
pub struct Later {
    /// How long to wait, if more than usual.
    pub after: Option<Duration>,
    /// What went wrong, for the log.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl Later {
    /// An error that may pass by itself.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { after: None, source: source.into() }
    }
}
