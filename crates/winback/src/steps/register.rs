//! From a package to a model version, and to champion where no gate stands closed.

use winback_flow::{Alias, Details, Digest, Gate, ModelVersion, Task};
use winback_learn::package::Package;
use winback_retain::findings::Finding;
use winback_retain::gates::{self, ChampionScores, Closed};
use winback_table::{Role, Source};

use super::evidence;
use super::ingest::History;
use super::out_of_fold;
use super::train::Made;
use crate::config::{Settings, VersionName};
use crate::desk::{Desk, Inputs as _};
use crate::error::{Result, in_one_line, is_outage};
use crate::wire::Bucket;

/// Who records what the program decides by itself.
const PROGRAM: &str = "winback train";
/// Who registers: the program with its version. The ledger keeps it, and no package does, for one that another version
/// makes alike is the same package.
const PROGRAM_AND_VERSION: &str = concat!("winback train ", env!("CARGO_PKG_VERSION"));

/// What became of a new model.
pub(crate) struct Registered {
    pub(crate) version: ModelVersion,
    pub(crate) promoted: bool,
    /// The gates that stand closed.
    pub(crate) closed: Vec<Closed>,
}

/// Registers a trained package and promotes it where it may be.
pub(crate) fn register(
    bucket: &Bucket,
    settings: &Settings,
    made: &Made,
    history: &History,
    history_digest: &str,
) -> Result<Registered> {
    let name = &settings.train.name;
    let scores = out_of_fold::save(&made.out_of_fold, &made.identities)?;
    let scores = bucket.wait(bucket.store.put_artifact(scores.into()))?;
    let before = bucket.wait(bucket.registry.versions(name))?;
    let evidence =
        bucket.wait(bucket.store.put_artifact(evidence::save(&made.out_of_fold, &made.groups)?.into()))?;
    let kept = Kept { out_of_fold: scores, evidence };
    let version = publish(bucket, name, made.package.files(), kept, &made.findings, history_digest)?;
    if version.aliases.contains(&Alias::Champion) {
        return Ok(Registered { version, promoted: true, closed: Vec::new() });
    }
    if before.iter().any(|known| known.version == version.version) {
        // Whether this very model becomes champion was decided when it was new, perhaps by a person since.
        return Ok(Registered { version, promoted: false, closed: vec![gates::decided()] });
    }
    let closed = closed(bucket, &version, &made.package, Some(history))?;
    let version = if closed.is_empty() {
        let reason = "no gate stands closed";
        bucket.wait(bucket.registry.promote(name, version.version, Alias::Champion, PROGRAM, reason, &[]))?
    } else {
        let gate = |closed: &Closed| Gate { gate: closed.gate.to_owned(), reason: closed.reason.clone() };
        let gates = closed.iter().map(gate).collect();
        bucket.wait(bucket.registry.refuse(name, version.version, Alias::Champion, gates))?
    };
    Ok(Registered { version, promoted: closed.is_empty(), closed })
}

/// The artifacts that judge a model later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) out_of_fold: Digest,
    pub(crate) evidence: Digest,
}

/// Makes a package a version of the model, or finds the version that it is already.
pub(crate) fn publish(
    bucket: &Bucket,
    name: &str,
    files: Vec<(String, Vec<u8>)>,
    kept: Kept,
    findings: &[Finding],
    history: &str,
) -> Result<ModelVersion> {
    // What could not be read again must not be registered.
    let package = Package::from_files(&files)?;
    let details = Details {
        out_of_fold: Some(kept.out_of_fold),
        evidence: Some(kept.evidence),
        ..details(&package, PROGRAM_AND_VERSION, history, findings)?
    };
    let files = files.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
    bucket.wait(bucket.registry.publish(name, files, details))
}

/// What is recorded about a package, without the artifacts that judge it.
fn details(package: &Package, by: &str, history: &str, findings: &[Finding]) -> Result<Details> {
    Ok(Details {
        by: by.to_owned(),
        schema: package.schema.fingerprint(),
        label: label(package),
        metrics: serde_json::to_value(&package.report)?,
        out_of_fold: None,
        history: history.to_owned(),
        findings: serde_json::to_value(findings)?,
        evidence: None,
    })
}

/// Registers a package that somebody copied into the bucket, when it is whole.
pub(crate) fn adopt(bucket: &Bucket, model: &str, number: u64) -> Result<ModelVersion> {
    let files = bucket.wait(bucket.registry.fetch_stray(model, number))?;
    let package = Package::from_files(&files)?;
    let manifest = files.iter().find(|(name, _)| name == winback_learn::package::MANIFEST);
    let digest = manifest.map(|(_, bytes)| Digest::of(bytes)).unwrap_or_else(|| Digest::of(b""));
    let details =
        details(&package, "copied into the bucket", "unknown: the package was copied into the bucket", &[])?;
    bucket.wait(bucket.registry.adopt(model, number, digest, details))
}

/// Whether nobody has decided yet what becomes of a version.
pub(crate) fn is_undecided(version: &ModelVersion) -> bool {
    version.aliases.is_empty() && version.promotions.is_empty() && version.refusals.is_empty()
}

/// The registered version that a step is given as `model`, and by its digest where it is given that too.
pub(crate) fn named(desk: &Desk, task: &Task) -> Result<ModelVersion> {
    let text: String = task.inputs.parameter("model")?;
    let version = called(desk, &text)?;
    let digest: Option<Digest> = task.inputs.parameter("digest")?;
    if digest.is_some_and(|digest| digest != version.digest) {
        anyhow::bail!("`{text}` is another package than it was: this is a fault of winback");
    }
    Ok(version)
}

/// The registered version of a name: `3`, `churn/3`.
pub(crate) fn called(desk: &Desk, text: &str) -> Result<ModelVersion> {
    let name: VersionName = text.parse()?;
    let model = name.model.unwrap_or_else(|| desk.settings.train.name.clone());
    desk.bucket.wait(desk.bucket.registry.version(&model, name.number))
}

/// The gates that stand closed for a version. Rows that the champion has no stored score of are scored from `history`,
/// if that is the one that the version learnt from; without evidence there is no comparison.
pub(crate) fn closed(
    bucket: &Bucket,
    version: &ModelVersion,
    package: &Package,
    history: Option<&History>,
) -> Result<Vec<Closed>> {
    let findings: Vec<Finding> = serde_json::from_value(version.details.findings.clone()).unwrap_or_default();
    let mut closed: Vec<Closed> = gates::leak(&findings).into_iter().collect();
    closed.extend(gates::calibration(package.report.metrics.calibration.slope));
    if let Some(champion) = bucket.wait(bucket.registry.champion(&version.model))?
        && champion.version != version.version
    {
        let compared = match &version.details.evidence {
            Some(evidence) => against_champion(bucket, &champion, package, evidence, history),
            None => Ok(Some(gates::unjudged())),
        };
        closed.extend(match compared {
            Ok(compared) => compared,
            // What passes by itself decides nothing.
            Err(error) if is_outage(&error) => return Err(error),
            // A champion that cannot be read is a matter for a person; the new model is registered all the same.
            Err(error) => Some(gates::unreadable(&in_one_line(error))),
        });
    }
    Ok(closed)
}

fn label(package: &Package) -> String {
    let column = package.schema.with_role(Role::Label).map_or("", |field| field.name.as_str());
    format!("{column} = {}", package.schema.positive.as_deref().unwrap_or(""))
}

/// The gate that compares a challenger with the champion on the new history.
fn against_champion(
    bucket: &Bucket,
    champion: &ModelVersion,
    package: &Package,
    evidence: &Digest,
    history: Option<&History>,
) -> Result<Option<Closed>> {
    let schema = &package.schema;
    if schema.fingerprint() != champion.details.schema {
        return Ok(Some(gates::incomparable(schema, &bucket.package(champion)?.schema)));
    }
    let mut scores = match &champion.details.out_of_fold {
        Some(digest) => out_of_fold::load(&bucket.wait(bucket.store.get_artifact(digest))?)?,
        None => ChampionScores::default(),
    };
    let evidence = evidence::load(&bucket.wait(bucket.store.get_artifact(evidence))?)?;
    if let Some(history) = history.filter(|_| scores.needs_direct(&evidence.rows)) {
        let model = bucket.package(champion)?.model;
        for batch in history.open()? {
            scores.direct.extend(model.score(&batch?)?);
        }
    }
    Ok(gates::champion(&evidence.rows, &evidence.groups, &scores))
}
