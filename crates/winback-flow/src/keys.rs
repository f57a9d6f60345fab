//! What steps gave, by key: `state/keys/<key>.json`, so that the same work is not done twice, in whichever run. With it
//! stands what the key was made of, which tells why a step ran again.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::artifact::artifact_path;
use crate::run::{RunId, StepId};
use crate::value::Values;
use crate::{Digest, Error, ErrorKind, Result, Store};

const FORMAT: u32 = 1;
/// Artifacts that are looked for at one time.
const LOOKS_AT_ONCE: usize = 16;

/// What is kept of a step that gave its outputs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    format: u32,
    /// The run that did the work.
    pub(crate) run: RunId,
    pub(crate) step: StepId,
    /// What the key was made of.
    pub(crate) of: Json,
    pub(crate) outputs: Values,
}

impl Kept {
    pub(crate) fn new(run: RunId, step: StepId, of: Json, outputs: Values) -> Self {
        Self { format: FORMAT, run, step, of, outputs }
    }
}

/// Keeps what a step gave; the first who does so is right, and others gave the same.
pub(crate) async fn keep(store: &Store, key: &Digest, kept: &Kept) -> Result<()> {
    let path = path(key);
    let bytes = serde_json::to_vec(kept).map_err(|source| Error::Encode { path: path.clone(), source })?;
    match store.put_new(&path, bytes.into()).await {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What was kept under a key. What cannot be read, or is of a later format, is as good as none.
pub(crate) async fn kept(store: &Store, key: &Digest) -> Result<Option<Kept>> {
    match store.get(&path(key)).await {
        Ok(bytes) => Ok(serde_json::from_slice::<Kept>(&bytes).ok().filter(|kept| kept.format == FORMAT)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was kept under a key if all its artifacts are still there: what was collected has to be made again.
pub(crate) async fn usable(store: &Store, key: &Digest) -> Result<Option<Kept>> {
    let Some(kept) = kept(store, key).await? else { return Ok(None) };
    let ours =
        kept.outputs.values().flat_map(|value| value.artifacts()).filter(|artifact| artifact.place.is_none());
    let paths: Vec<String> = ours.map(|artifact| artifact_path(&artifact.digest)).collect();
    let mut there =
        stream::iter(paths).map(|path| async move { store.exists(&path).await }).buffered(LOOKS_AT_ONCE);
    while let Some(is_there) = there.try_next().await? {
        if !is_there {
            return Ok(None);
        }
    }
    drop(there);
    Ok(Some(kept))
}

fn path(key: &Digest) -> String {
    format!("state/keys/{key}.json")
}
