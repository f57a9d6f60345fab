//! From a package to a model version, and to champion where no gate stands closed.

use winback_flow::{Alias, Details, Digest, Gate, ModelVersion, Task};
use winback_learn::package::Package;
use winback_retain::findings::Finding;
use winback_retain::gates::{self, ChampionScores, Closed};
use winback_table::{Role, Source};

use super::evidence::Evidence;
use super::ingest::History;
use super::out_of_fold;
use super::train::Made;
use crate::config::{Settings, VersionName};
use crate::desk::{Desk, Inputs as _};
use crate::error::Result;
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
    let version = publish(bucket, name, made.package.files(), scores, &made.findings, history_digest)?;
    if version.aliases.contains(&Alias::Champion) {
        return Ok(Registered { version, promoted: true, closed: Vec::new() });
    }
    if before.iter().any(|known| known.version == version.version) {
        // Whether this very model becomes champion was decided when it was new, perhaps by a person since.
        return Ok(Registered { version, promoted: false, closed: vec![gates::decided()] });
    }
    let evidence = Evidence { rows: made.out_of_fold.clone(), groups: made.groups.clone() };
    let closed = closed(bucket, &version, &made.package, Some((&evidence, history)))?;
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

/// Makes a package a version of the model, or finds the version that it is already.
pub(crate) fn publish(
    bucket: &Bucket,
    name: &str,
    files: Vec<(String, Vec<u8>)>,
    out_of_fold: Digest,
    findings: &[Finding],
    history: &str,
) -> Result<ModelVersion> {
    // What could not be read again must not be registered.
    let package = Package::from_files(&files)?;
    let details = Details {
        by: PROGRAM_AND_VERSION.to_owned(),
        schema: package.schema.fingerprint(),
        label: label(&package),
        metrics: serde_json::to_value(&package.report)?,
        out_of_fold: Some(out_of_fold),
        history: history.to_owned(),
        findings: serde_json::to_value(findings)?,
    };
    let files = files.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
    bucket.wait(bucket.registry.publish(name, files, details))
}

/// Whether nobody has decided yet what becomes of a version.
pub(crate) fn is_undecided(version: &ModelVersion) -> bool {
    version.aliases.is_empty() && version.promotions.is_empty() && version.refusals.is_empty()
}

/// The registered version that a step is given as `model`, and by its digest where it is given that too.
pub(crate) fn named(desk: &Desk, task: &Task) -> Result<ModelVersion> {
    let text: String = task.inputs.parameter("model")?;
    let name: VersionName = text.parse()?;
    let model = name.model.unwrap_or_else(|| desk.settings.train.name.clone());
    let version = desk.bucket.wait(desk.bucket.registry.version(&model, name.number))?;
    let digest: Option<Digest> = task.inputs.parameter("digest")?;
    if digest.is_some_and(|digest| digest != version.digest) {
        anyhow::bail!("`{text}` is another package than it was: this is a fault of winback");
    }
    Ok(version)
}

/// The gates that stand closed for a version. Without evidence and a history there is no comparison with a champion.
pub(crate) fn closed(
    bucket: &Bucket,
    version: &ModelVersion,
    package: &Package,
    judged: Option<(&Evidence, &History)>,
) -> Result<Vec<Closed>> {
    let findings: Vec<Finding> = serde_json::from_value(version.details.findings.clone()).unwrap_or_default();
    let mut closed: Vec<Closed> = gates::leak(&findings).into_iter().collect();
    closed.extend(gates::calibration(package.report.metrics.calibration.slope));
    if let Some(champion) = bucket.wait(bucket.registry.champion(&version.model))?
        && champion.version != version.version
    {
        let compared = match judged {
            Some((evidence, history)) => against_champion(bucket, &champion, package, evidence, history),
            None => Ok(Some(gates::unjudged())),
        };
        // A champion that cannot be read is a matter for a person; the new model is registered all the same.
        closed.extend(compared.unwrap_or_else(|error| Some(gates::unreadable(&format!("{error:#}")))));
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
    evidence: &Evidence,
    history: &History,
) -> Result<Option<Closed>> {
    let schema = &package.schema;
    if schema.fingerprint() != champion.details.schema {
        return Ok(Some(gates::incomparable(schema, &bucket.package(champion)?.schema)));
    }
    let mut scores = match &champion.details.out_of_fold {
        Some(digest) => out_of_fold::load(&bucket.wait(bucket.store.get_artifact(digest))?)?,
        None => ChampionScores::default(),
    };
    if scores.needs_direct(&evidence.rows) {
        let model = bucket.package(champion)?.model;
        for batch in history.open()? {
            scores.direct.extend(model.score(&batch?)?);
        }
    }
    Ok(gates::champion(&evidence.rows, &evidence.groups, &scores))
}
