//! Which versions of a model exist, which of them each alias means, and why: all of it read from the ledger, so it is
//! also the proof of who promoted what, and over which objections.
//!
//! A version is a package of files under `models/<name>/<version>/`. The registry has never heard of a model: metrics
//! and findings are opaque values, and which gates there are is decided by the caller.

mod format;
mod package;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::format::ModelRecord;
use self::package::{MANIFEST, Manifest};
use crate::error::check_name;
use crate::{Clock, Digest, Error, ErrorKind, Ledger, Record, Result, Store};

/// A name that means one version of a model at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alias {
    /// The version that scores.
    Champion,
    /// The version that is tried beside it.
    Challenger,
}

impl fmt::Display for Alias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Champion => "champion",
            Self::Challenger => "challenger",
        })
    }
}

/// What is recorded about a version when it is registered; the names of the fields are those of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// Who trained it.
    pub by: String,
    /// The fingerprint of the schema it was trained on.
    pub schema: String,
    /// What counts as the event, in words: versions with other labels cannot be compared.
    pub label: String,
    /// How good it is.
    pub metrics: Value,
    /// The artifact that holds its out-of-fold scores.
    pub out_of_fold: Option<Digest>,
    /// The history it learnt from: a digest, or words.
    pub history: String,
    /// What was found wrong with that history.
    pub findings: Value,
    /// The artifact with scores and outcomes of rows that it was not fitted on, for judging it against a champion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Digest>,
}

/// A gate that did not open, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The gate's name.
    pub gate: String,
    /// Why it stayed shut, in words.
    pub reason: String,
}

/// One time that gates kept a version from an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When: RFC 3339, UTC.
    pub at: String,
    /// The alias it was refused.
    pub alias: Alias,
    /// The gates that stayed shut.
    pub gates: Vec<Gate>,
}

/// One time that a version was given an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// When: RFC 3339, UTC.
    pub at: String,
    /// The alias it was given.
    pub alias: Alias,
    /// Who did it.
    pub by: String,
    /// Why, in words.
    pub reason: String,
    /// The gates that were shut and overridden.
    pub overridden: Vec<String>,
}

/// A registered version of a model, with all that befell it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVersion {
    /// The model's name.
    pub model: String,
    /// Counts from 1 for each model; numbers of trainings that were broken off are missing.
    pub version: u64,
    /// The folder of its files in the store.
    pub package: String,
    /// The digest of its `manifest.json`, and by that of every file.
    pub digest: Digest,
    /// What was recorded when it was registered.
    pub details: Details,
    /// When that was: RFC 3339, UTC.
    pub registered_at: String,
    /// The aliases that mean this version now.
    pub aliases: Vec<Alias>,
    /// When it was refused an alias, earliest first.
    pub refusals: Vec<Refusal>,
    /// When it was given an alias, earliest first.
    pub promotions: Vec<Promotion>,
}

/// Numbers of versions are below this; who copies a package in under a larger one would leave no room.
const MOST_VERSIONS: u64 = 1_000_000_000;

/// The files of a version by name, the manifest among them.
pub type Package = Vec<(String, Bytes)>;

/// The models of one store.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    ledger: Ledger<ModelRecord>,
}

impl Registry {
    /// The registry of that store; nothing is read or written yet.
    pub fn new(store: Store, clock: Clock) -> Result<Self> {
        let ledger = Ledger::new(store.clone(), clock, "models")?;
        Ok(Self { store, ledger })
    }

    /// Stores the files as the next version of `model`. They must hold a `manifest.json` with the SHA-256 of each other
    /// one: `{"files": {"model.bin": "ba78…"}}`.
    ///
    /// A package that is registered already, told by its manifest, creates nothing: that version is the answer.
    pub async fn publish(&self, model: &str, files: Package, details: Details) -> Result<ModelVersion> {
        check_name("model", model)?;
        let (manifest, others) = package::open(model, files)?;
        let digest = Digest::of(&manifest);
        let is_there = |records: &[Arc<Record<ModelRecord>>]| find(records, model, &digest).is_some();

        let reserve = |records: &[Arc<Record<ModelRecord>>]| {
            let version = next_version(records, model);
            let reserved = ModelRecord::Reserved { model: model.to_owned(), version, by: details.by.clone() };
            (!is_there(records)).then_some(reserved)
        };
        if let Some(reserved) = self.ledger.append_with(reserve).await? {
            let (_, version) = reserved.content.subject();
            let folder = format!("models/{model}/{version}");
            // The manifest goes last: who finds it finds the others.
            for (name, bytes) in others.into_iter().chain([(MANIFEST.to_owned(), manifest.clone())]) {
                self.store.put_once(&format!("{folder}/{name}"), bytes).await?;
            }
            let register = |records: &[Arc<Record<ModelRecord>>]| {
                let (model, package, details) = (model.to_owned(), folder.clone(), Box::new(details.clone()));
                let registered = ModelRecord::Registered { model, version, package, digest, details };
                (!is_there(records)).then_some(registered)
            };
            self.ledger.append_with(register).await?;
        }
        let records = self.ledger.read().await?;
        Ok(find(&records, model, &digest)
            .expect("it was registered above, by us or by a rival with the same package"))
    }

    /// Gives a version an alias, taking it from the version that had it. A version that has it keeps it, and nothing
    /// is recorded. `overridden` names the gates that were shut; then `by` and `reason` must say something.
    pub async fn promote(
        &self,
        model: &str,
        version: u64,
        alias: Alias,
        by: &str,
        reason: &str,
        overridden: &[String],
    ) -> Result<ModelVersion> {
        let unexplained = by.trim().is_empty() || reason.trim().is_empty();
        if !overridden.is_empty() && unexplained {
            let gates = quoted(overridden.iter());
            return Err(Error::Override { model: model.to_owned(), version, gates });
        }
        self.version(model, version).await?;
        let promoted = promotion(model, version, alias, by, reason, overridden);
        let promote = |records: &[Arc<Record<ModelRecord>>]| {
            let holder = holder(records, model, alias);
            (holder.map(|holder| holder.version) != Some(version)).then(|| promoted.clone())
        };
        self.ledger.append_with(promote).await?;
        self.version(model, version).await
    }

    /// Makes a version champion unless anything was decided about it before, or the champion is not `before` any more,
    /// whom it was judged against. So a decision that comes late, by a program that was thought dead, undoes nothing.
    pub async fn promote_first(
        &self,
        model: &str,
        version: u64,
        before: Option<u64>,
        by: &str,
        reason: &str,
    ) -> Result<ModelVersion> {
        let promoted = promotion(model, version, Alias::Champion, by, reason, &[]);
        let is_as_judged = |records: &[Arc<Record<ModelRecord>>]| {
            let champion = holder(records, model, Alias::Champion).map(|champion| champion.version);
            is_undecided(records, model, version) && champion == before
        };
        self.decide(model, version, |records| is_as_judged(records).then(|| promoted.clone())).await
    }

    /// Records that gates kept a version from being champion, unless anything was decided about it before.
    pub async fn refuse_first(&self, model: &str, version: u64, gates: Vec<Gate>) -> Result<ModelVersion> {
        let refused =
            ModelRecord::Refused { model: model.to_owned(), version, alias: Alias::Champion, gates };
        self.decide(model, version, |records| is_undecided(records, model, version).then(|| refused.clone()))
            .await
    }

    /// Makes a version that was refused the challenger, unless it was promoted to anything before.
    pub async fn challenge_first(
        &self,
        model: &str,
        version: u64,
        by: &str,
        reason: &str,
    ) -> Result<ModelVersion> {
        let promoted = promotion(model, version, Alias::Challenger, by, reason, &[]);
        let was_promoted = |record: &Arc<Record<ModelRecord>>| {
            record.content.subject() == (model, version)
                && matches!(record.content, ModelRecord::Promoted { .. })
        };
        self.decide(model, version, |records| (!records.iter().any(was_promoted)).then(|| promoted.clone()))
            .await
    }

    async fn decide(
        &self,
        model: &str,
        version: u64,
        decide: impl Fn(&[Arc<Record<ModelRecord>>]) -> Option<ModelRecord>,
    ) -> Result<ModelVersion> {
        self.version(model, version).await?;
        self.ledger.append_with(decide).await?;
        self.version(model, version).await
    }

    /// Records that gates kept a version from an alias. The same refusal twice running is recorded once.
    pub async fn refuse(
        &self,
        model: &str,
        version: u64,
        alias: Alias,
        gates: Vec<Gate>,
    ) -> Result<ModelVersion> {
        self.version(model, version).await?;
        let refused = ModelRecord::Refused { model: model.to_owned(), version, alias, gates };
        let refuse = |records: &[Arc<Record<ModelRecord>>]| {
            let about = |record: &&Arc<Record<ModelRecord>>| record.content.subject() == (model, version);
            let last = records.iter().rev().find(about).map(|record| &record.content);
            (last != Some(&refused)).then(|| refused.clone())
        };
        self.ledger.append_with(refuse).await?;
        self.version(model, version).await
    }

    /// Packages in the folder for them that nobody registered and that are whole, by model, number and manifest:
    /// somebody copied them there.
    pub async fn strays(&self) -> Result<Vec<(String, u64, Digest)>> {
        // Listed before the ledger is read: what was published since then is known by it.
        let entries = self.store.list("models").await?;
        let records = self.ledger.read().await?;
        let mut strays = Vec::new();
        for entry in &entries {
            let parts: Vec<&str> = entry.path.split('/').collect();
            let [_, model, number, MANIFEST] = parts.as_slice() else { continue };
            let Some(version) = number.parse().ok().filter(|version| (1..MOST_VERSIONS).contains(version))
            else {
                continue;
            };
            let is_known = records.iter().any(|record| record.content.subject() == (*model, version));
            if is_known || check_name("model", model).is_err() || version.to_string() != **number {
                continue;
            }
            // A package that is still being copied is not there yet, and one that was altered is a person's business.
            if let Ok(files) = self.fetch_stray(model, version).await
                && let Some((_, manifest)) = files.last()
            {
                strays.push(((*model).to_owned(), version, Digest::of(manifest)));
            }
        }
        Ok(strays)
    }

    /// The files of a package that nobody registered, each held to its manifest.
    pub async fn fetch_stray(&self, model: &str, version: u64) -> Result<Package> {
        check_name("model", model)?;
        let folder = format!("models/{model}/{version}");
        let manifest = self.store.get(&format!("{folder}/{MANIFEST}")).await?;
        let listed = Manifest::parse(&format!("{folder}/{MANIFEST}"), &manifest)?.files;
        let mut files = Vec::new();
        for (name, digest) in listed {
            let path = format!("{folder}/{name}");
            let bytes = self.store.get(&path).await?;
            digest.check(&path, &bytes)?;
            files.push((name, bytes));
        }
        files.push((MANIFEST.to_owned(), manifest));
        Ok(files)
    }

    /// Registers a package where it lies, unless its number is known.
    pub async fn adopt(
        &self,
        model: &str,
        version: u64,
        digest: Digest,
        details: Details,
    ) -> Result<ModelVersion> {
        check_name("model", model)?;
        if !(1..MOST_VERSIONS).contains(&version) {
            return Err(Error::UnknownVersion {
                model: model.to_owned(),
                version,
                existing: "no such numbers".to_owned(),
            });
        }
        let package = format!("models/{model}/{version}");
        let adopt = |records: &[Arc<Record<ModelRecord>>]| {
            let is_known = records.iter().any(|record| record.content.subject() == (model, version));
            let (model, package, details) = (model.to_owned(), package.clone(), Box::new(details.clone()));
            (!is_known).then_some(ModelRecord::Registered { model, version, package, digest, details })
        };
        self.ledger.append_with(adopt).await?;
        self.version(model, version).await
    }

    /// The version that scores, if any was promoted yet.
    pub async fn champion(&self, model: &str) -> Result<Option<ModelVersion>> {
        self.alias(model, Alias::Champion).await
    }

    /// The version that an alias means now.
    pub async fn alias(&self, model: &str, alias: Alias) -> Result<Option<ModelVersion>> {
        let records = self.ledger.read().await?;
        Ok(holder(&records, model, alias))
    }

    /// All registered versions, lowest first.
    pub async fn versions(&self, model: &str) -> Result<Vec<ModelVersion>> {
        let records = self.ledger.read().await?;
        Ok(format::versions(&records, model))
    }

    /// All registered versions of all models.
    pub(crate) async fn all(&self) -> Result<Vec<ModelVersion>> {
        let records = self.ledger.read().await?;
        let models: BTreeSet<&str> = records.iter().map(|record| record.content.subject().0).collect();
        Ok(models.into_iter().flat_map(|model| format::versions(&records, model)).collect())
    }

    /// The versions that an alias has meant, the latest last; one that it meant twice stands there twice.
    pub async fn succession(&self, model: &str, alias: Alias) -> Result<Vec<u64>> {
        let records = self.ledger.read().await?;
        let promoted = records.iter().filter_map(|record| match &record.content {
            ModelRecord::Promoted { model: of, version, alias: given, .. }
                if of == model && *given == alias =>
            {
                Some(*version)
            }
            _ => None,
        });
        Ok(promoted.collect())
    }

    /// One registered version; an error naming those that exist if it is none of them.
    pub async fn version(&self, model: &str, version: u64) -> Result<ModelVersion> {
        let versions = self.versions(model).await?;
        let existing = match versions.as_slice() {
            [] => "none yet; train it first".to_owned(),
            some => quoted(some.iter().map(|found| found.version)),
        };
        let found = versions.into_iter().find(|candidate| candidate.version == version);
        found.ok_or_else(|| Error::UnknownVersion { model: model.to_owned(), version, existing })
    }

    /// The files of a version, each checked against the manifest, and the manifest against the ledger.
    pub async fn fetch(&self, model: &str, version: u64) -> Result<Package> {
        let found = self.version(model, version).await?;
        let manifest_path = format!("{}/{MANIFEST}", found.package);
        let manifest_bytes = self.fetch_file(&found, &manifest_path, &found.digest).await?;
        let manifest = Manifest::parse(&manifest_path, &manifest_bytes)?;
        let mut files = Vec::with_capacity(manifest.files.len() + 1);
        for (name, digest) in manifest.files {
            let bytes = self.fetch_file(&found, &format!("{}/{name}", found.package), &digest).await?;
            files.push((name, bytes));
        }
        files.push((MANIFEST.to_owned(), manifest_bytes));
        Ok(files)
    }

    async fn fetch_file(&self, version: &ModelVersion, path: &str, digest: &Digest) -> Result<Bytes> {
        let bytes = self.store.get(path).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::Incomplete {
                model: version.model.clone(),
                version: version.version,
                path: path.to_owned(),
                source: Box::new(error),
            },
            ErrorKind::AlreadyExists | ErrorKind::Changed | ErrorKind::Other => error,
        })?;
        digest.check(path, &bytes)?;
        Ok(bytes)
    }
}

/// The record of a promotion.
fn promotion(
    model: &str,
    version: u64,
    alias: Alias,
    by: &str,
    reason: &str,
    overridden: &[String],
) -> ModelRecord {
    ModelRecord::Promoted {
        model: model.to_owned(),
        version,
        alias,
        by: by.to_owned(),
        reason: reason.to_owned(),
        overridden: overridden.to_vec(),
    }
}

/// Whether nothing was decided about a version yet.
fn is_undecided(records: &[Arc<Record<ModelRecord>>], model: &str, version: u64) -> bool {
    let mut about = records.iter().filter(|record| record.content.subject() == (model, version));
    !about.any(|record| matches!(record.content, ModelRecord::Promoted { .. } | ModelRecord::Refused { .. }))
}

fn next_version(records: &[Arc<Record<ModelRecord>>], model: &str) -> u64 {
    let subjects = records.iter().map(|record| record.content.subject());
    subjects.filter(|(name, _)| *name == model).map(|(_, version)| version).max().unwrap_or(0) + 1
}

fn find(records: &[Arc<Record<ModelRecord>>], model: &str, digest: &Digest) -> Option<ModelVersion> {
    format::versions(records, model).into_iter().find(|version| version.digest == *digest)
}

fn holder(records: &[Arc<Record<ModelRecord>>], model: &str, alias: Alias) -> Option<ModelVersion> {
    format::versions(records, model).into_iter().find(|version| version.aliases.contains(&alias))
}

fn quoted(items: impl Iterator<Item = impl fmt::Display>) -> String {
    items.map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
