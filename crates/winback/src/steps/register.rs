//! From a package to a model version, and to champion where no gate stands closed.

use winback_flow::{Alias, Details, Gate, ModelVersion};
use winback_learn::package::Package;
use winback_retain::gates::{self, ChampionScores, Closed};
use winback_table::{Role, Source};

use super::ingest::History;
use super::out_of_fold;
use super::train::Made;
use crate::config::Settings;
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
    let package = &made.package;
    let scores = out_of_fold::save(&made.out_of_fold, &made.identities)?;
    let artifact = bucket.wait(bucket.store.put_artifact(scores.into()))?;
    let files = package.files();
    // What could not be read again must not be registered.
    Package::from_files(&files)?;
    let files = files.into_iter().map(|(name, bytes)| (name, bytes.into())).collect();
    let details = Details {
        by: PROGRAM_AND_VERSION.to_owned(),
        schema: package.schema.fingerprint(),
        label: label(package),
        metrics: serde_json::to_value(&package.report)?,
        out_of_fold: Some(artifact),
        history: history_digest.to_owned(),
        findings: serde_json::to_value(&made.findings)?,
    };
    let champion = bucket.wait(bucket.registry.champion(name))?;
    let before = bucket.wait(bucket.registry.versions(name))?;
    let version = bucket.wait(bucket.registry.publish(name, files, details))?;
    if champion.as_ref().is_some_and(|champion| champion.version == version.version) {
        return Ok(Registered { version, promoted: true, closed: Vec::new() });
    }
    if before.iter().any(|known| known.version == version.version) {
        // Whether this very model becomes champion was decided when it was new, perhaps by a person since.
        return Ok(Registered { version, promoted: false, closed: vec![gates::decided()] });
    }
    let mut closed: Vec<Closed> = gates::leak(&made.findings).into_iter().collect();
    closed.extend(gates::calibration(package.report.metrics.calibration.slope));
    if let Some(champion) = champion {
        // A champion that cannot be read is a matter for a person; the new model is registered all the same.
        let compared = against_champion(bucket, &champion, made, history);
        closed.extend(compared.unwrap_or_else(|error| Some(gates::unreadable(&format!("{error:#}")))));
    }
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

fn label(package: &Package) -> String {
    let column = package.schema.with_role(Role::Label).map_or("", |field| field.name.as_str());
    format!("{column} = {}", package.schema.positive.as_deref().unwrap_or(""))
}

/// The gate that compares a challenger with the champion on the new history.
fn against_champion(
    bucket: &Bucket,
    champion: &ModelVersion,
    made: &Made,
    history: &History,
) -> Result<Option<Closed>> {
    let schema = &made.package.schema;
    if schema.fingerprint() != champion.details.schema {
        return Ok(Some(gates::incomparable(schema, &bucket.package(champion)?.schema)));
    }
    let mut scores = match &champion.details.out_of_fold {
        Some(digest) => out_of_fold::load(&bucket.wait(bucket.store.get_artifact(digest))?)?,
        None => ChampionScores::default(),
    };
    if scores.needs_direct(&made.out_of_fold) {
        let model = bucket.package(champion)?.model;
        for batch in history.open()? {
            scores.direct.extend(model.score(&batch?)?);
        }
    }
    Ok(gates::champion(&made.out_of_fold, &made.groups, &scores))
}
