//! What the records of a run say. A kind of entry, once released, is read for ever; new kinds and new optional fields
//! may come.

use serde::{Deserialize, Serialize};

use crate::artifact::Digest;
use crate::pipeline::Pipeline;
use crate::value::Values;
use crate::{RunId, StepId, Time};

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// The run is to be; always the first.
    Created(Box<Created>),
    /// A worker begins an attempt.
    Claimed {
        /// The step.
        step: StepId,
        /// The worker.
        owner: String,
        /// How long the claim holds if it is not renewed.
        until: Time,
        /// The step's key.
        key: Digest,
    },
    /// A worker goes on with all it has claimed.
    Renewed {
        /// The worker.
        owner: String,
        /// How long its claims hold now.
        until: Time,
    },
    /// A step has given its outputs.
    Finished {
        /// The step.
        step: StepId,
        /// Its key.
        key: Digest,
        /// What it gave.
        outputs: Values,
        /// The run that made them, if this one did not have to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<RunId>,
    },
    /// An attempt ended without outputs.
    Failed {
        /// The step.
        step: StepId,
        /// In which way.
        failure: FailureKind,
        /// Why, in words.
        reason: String,
        /// When it is tried again, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
    },
    /// A step does not run.
    LeftOut {
        /// The step.
        step: StepId,
        /// Why, in words.
        why: String,
    },
    /// Somebody wants the run to end.
    CancelAsked {
        /// Who.
        by: String,
        /// Why, in words.
        reason: String,
    },
    /// Somebody wants what failed to be tried again.
    RetryAsked {
        /// Who.
        by: String,
    },
    /// Nothing more happens.
    Ended {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What a run is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// The graph, as it was when the run was made.
    pub pipeline: Pipeline,
    /// What the run is given.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub inputs: Values,
    /// What it is about, in words: the name of the weekly file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What started it, in words.
    pub cause: String,
    /// Whether outputs of earlier runs may not stand for its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}

/// In which way an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// What it was given can never succeed.
    Refused,
    /// It went wrong.
    Failed,
    /// A store, a disk or the network could not be used.
    Unavailable,
    /// It took too long.
    TimedOut,
    /// Its worker was not heard of any more.
    Lost,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No step failed.
    Succeeded,
    /// Some steps failed, none because of what it was given.
    Failed,
    /// What it was given was refused.
    Refused,
    /// Somebody asked for its end.
    Cancelled,
}

impl Outcome {
    /// The outcome in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of each kind, as it lies in buckets.
    const ENTRIES_1: [&str; 10] = [
        r#"{"kind":"created","pipeline":{"name":"weekly","about":"a file","inputs":{"file":{"type":{"file":"customers"}}},"steps":[{"name":"score","component":"score","inputs":{"file":{"input":"file"},"model":{"output":{"step":"choose","output":"model","if_given":true}},"n":{"constant":1}},"after":["train"],"when":[{"source":{"input":"file"},"equals":true}],"waits_for":"champion","each":"file","retry":{"attempts":2,"first_wait":10,"longest_wait":20},"timeout":60,"cache":false,"may_fail":true},{"name":"close","component":"close","inputs":{"status":"status"},"exit":true}]},"inputs":{"file":{"parameter":1}},"subject":"w.csv","cause":"found","forced":true}"#,
        r#"{"kind":"claimed","step":"score[3]","owner":"w-1","until":"2026-11-22T06:00:30.000Z","key":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#,
        r#"{"kind":"renewed","owner":"w-1","until":"2026-11-22T06:01:00.000Z"}"#,
        r#"{"kind":"finished","step":"score","key":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","outputs":{"rows":{"parameter":7}},"from":"weekly-00ff"}"#,
        r#"{"kind":"failed","step":"score","failure":"timed_out","reason":"it took longer than 60 s","retry_at":"2026-11-22T06:01:00.000Z"}"#,
        r#"{"kind":"failed","step":"score","failure":"unavailable","reason":"the disk is full"}"#,
        r#"{"kind":"left_out","step":"deploy","why":"nothing is new"}"#,
        r#"{"kind":"cancel_asked","by":"ada","reason":"wrong file"}"#,
        r#"{"kind":"retry_asked","by":"ada"}"#,
        r#"{"kind":"ended","outcome":"refused"}"#,
    ];

    #[test]
    fn every_kind_of_format_1_is_read_and_written_to_the_byte() {
        for text in ENTRIES_1 {
            let entry: Entry = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&entry).unwrap(), text);
        }
    }
}
