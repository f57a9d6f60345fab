//! What the commands do, one step a file: each strings together a few calls of the crates below.

pub(crate) mod evidence;
pub(crate) mod ingest;
pub(crate) mod notes;
pub(crate) mod opened;
pub(crate) mod out_of_fold;
mod output;
pub(crate) mod partial;
pub(crate) mod pipeline;
pub(crate) mod quarantine;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod score;
pub(crate) mod shadow;
pub(crate) mod train;
