//! Cleaning up: what nothing names any more goes, after a time in which whoever still needs it would have said so.
//!
//! Kept are artifacts that the registry names, that a run names which has not ended or was heard of within that time,
//! and that are younger than it. What is gone is made again when it is needed: a missing artifact is a missing skip,
//! never a wrong one. Old marks of work under way go too. Publications are never touched; of folders for them that no
//! manifest commits, the files go.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::artifact::artifact_path;
use crate::worker::MARKS;
use crate::{Digest, Entry, Registry, Result, Runs, Store, Time};

/// What was cleaned up, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects.
    pub objects: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// Removes what nothing has named for `grace`; `published` is the folder of publications, each a folder with a
/// `manifest.json`. With `dry`, only counts.
pub async fn sweep(
    store: &Store,
    runs: &Runs,
    registry: &Registry,
    published: &str,
    (now, grace): (Time, Duration),
    dry: bool,
) -> Result<Swept> {
    let is_old = |at: &str| at.parse::<Time>().is_ok_and(|at| at.plus(grace) < now);
    // What is named is read last: who names something old meanwhile is heard.
    let (artifacts, published) = (store.list("artifacts").await?, store.list(published).await?);
    let mut named: BTreeSet<String> = registry.artifacts().await?.iter().map(artifact_path).collect();
    let mut open_folders = BTreeSet::new();
    for line in runs.list().await? {
        if line.ended.as_ref().is_some_and(|(_, at)| is_old(at)) {
            continue;
        }
        let run = runs.find(&line.run).await?;
        let outputs = run.steps.values().flat_map(|step| step.outputs.values());
        let artifacts = outputs.chain(run.created.inputs.values()).flat_map(|value| value.artifacts());
        named.extend(artifacts.map(|artifact| artifact_path(&artifact.digest)));
        if run.ended.is_none() {
            open_folders.extend(line.object.map(|object| object.digest.short()));
        }
    }
    let mut gone: Vec<Entry> = artifacts;
    gone.retain(|entry| !named.contains(&entry.path));
    gone.extend(uncommitted(&published, &open_folders));
    gone.extend(store.list(MARKS).await?);
    gone.retain(|entry| is_old(&entry.modified));
    let mut swept = Swept::default();
    for entry in gone {
        if !dry {
            store.delete(&entry.path).await?;
        }
        swept.objects += 1;
        swept.bytes += entry.size;
    }
    Ok(swept)
}

/// Files in folders that hold no manifest and that no open run may still write one into.
fn uncommitted(entries: &[Entry], open: &BTreeSet<String>) -> Vec<Entry> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let committed = entries.iter().filter(|entry| entry.path.ends_with("/manifest.json"));
    let committed: BTreeSet<String> = committed.map(|entry| folder(&entry.path)).collect();
    let is_left = |entry: &&Entry| {
        let folder = folder(&entry.path);
        let name = folder.rsplit('/').next().unwrap_or_default();
        let digest = name.split("-r").next().unwrap_or_default();
        let is_publication = digest.len() == 12 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_publication && !committed.contains(&folder) && !open.contains(digest)
    };
    entries.iter().filter(is_left).cloned().collect()
}

impl Registry {
    /// The artifacts that versions of models name.
    async fn artifacts(&self) -> Result<BTreeSet<Digest>> {
        let versions = self.all().await?;
        let details = versions.iter().map(|version| &version.details);
        Ok(details.flat_map(|details| details.out_of_fold.into_iter().chain(details.evidence)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{NOW, clock, on_every_store};
    use crate::{Artifact, Pipeline, Request, RunId, Type, Value, Values};

    #[test]
    fn what_nobody_names_goes_in_time_and_nothing_else() {
        on_every_store(async |store| {
            let runs = Runs::new(store.clone(), clock()).unwrap();
            let registry = Registry::new(store.clone(), clock()).unwrap();
            let kept = store.put_artifact("named".into()).await.unwrap();
            let stray = store.put_artifact("stray".into()).await.unwrap();
            let file = Value::File(Artifact { digest: kept, size: 5, place: None });
            let request = Request {
                id: RunId::of("p", "s", 1),
                pipeline: Pipeline::new("p", "").takes("file", Type::file("x")),
                inputs: Values::from([("file".to_owned(), file)]),
                subject: String::new(),
                cause: String::new(),
                object: None,
                forced: false,
            };
            runs.submit(request).await.unwrap();
            for path in [
                "out/w.csv/00112233aabb/scores.csv",
                "out/w.csv/00112233aabc/scores.csv",
                "out/w.csv/notes/x",
            ] {
                store.put_new(path, "x".into()).await.unwrap();
            }
            store.put_new("out/w.csv/00112233aabc/manifest.json", "{}".into()).await.unwrap();
            store.put_new("state/busy/0011.p-1", "".into()).await.unwrap();
            // However the clock of the store stands, all of it is older than nothing, seen from the end of time.
            let end: Time = "9999-01-01T00:00:00Z".parse().unwrap();
            let swept = async |at: Time, grace, dry| {
                sweep(&store, &runs, &registry, "out", (at, grace), dry).await.unwrap().objects
            };
            assert_eq!(
                swept(NOW.parse().unwrap(), Duration::from_secs(1 << 40), false).await,
                0,
                "it is not old enough"
            );
            assert_eq!(swept(end, Duration::ZERO, true).await, 3);
            assert_eq!(swept(end, Duration::ZERO, false).await, 3);
            assert!(store.get_artifact(&kept).await.is_ok() && store.get_artifact(&stray).await.is_err());
            assert!(!store.exists("out/w.csv/00112233aabb/scores.csv").await.unwrap());
            assert!(store.exists("out/w.csv/00112233aabc/scores.csv").await.unwrap());
            assert!(store.exists("out/w.csv/notes/x").await.unwrap(), "no folder of ours");
            assert_eq!(swept(end, Duration::ZERO, false).await, 0);
        });
    }
}
