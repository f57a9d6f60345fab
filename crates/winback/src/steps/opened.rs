//! A model ready for use: from the registry or from a folder, and what scores and words with it under today's settings.

use std::path::Path;

use winback_flow::{Alias, ModelVersion};
use winback_learn::package::Package;
use winback_retain::report::Population;
use winback_retain::{Scorer, Teller};
use winback_table::Schema;

use crate::config::{Settings, VersionName};
use crate::error::{Result, ResultExt as _};
use crate::wire::Bucket;

/// A model that was opened.
pub(crate) struct Opened {
    pub(crate) package: Package,
    /// What its version is called.
    pub(crate) version: String,
    /// What a person should know who uses it: that somebody made it champion over a closed gate.
    pub(crate) warning: Option<String>,
}

/// The model to use.
pub(crate) fn open_model(settings: &Settings, model: Option<&str>) -> Result<Opened> {
    let named = |text: &str| {
        let version = text.parse::<VersionName>().ok()?;
        Some((version.model.unwrap_or_else(|| settings.train.name.clone()), version.number))
    };
    if let Some(folder) = model.filter(|text| named(text).is_none()) {
        let (package, version) = open_folder(Path::new(folder))?;
        return Ok(Opened { package, version, warning: None });
    }
    let bucket = Bucket::open(settings)?;
    let version = match model.and_then(named) {
        Some((name, number)) => bucket.wait(bucket.registry.version(&name, number))?,
        None => bucket.champion(settings)?,
    };
    let name = format!("{}/{}", version.model, version.version);
    Ok(Opened { package: bucket.package(&version)?, warning: overridden(&version), version: name })
}

/// What a person should know of a version that was promoted over closed gates.
pub(crate) fn overridden(version: &ModelVersion) -> Option<String> {
    let champion = version.promotions.iter().rfind(|promotion| promotion.alias == Alias::Champion);
    let promotion = champion.filter(|promotion| !promotion.overridden.is_empty())?;
    let gate = if promotion.overridden.len() == 1 { "gate" } else { "gates" };
    let gates = promotion.overridden.join("`, `");
    let (model, number, by, reason) = (&version.model, version.version, &promotion.by, &promotion.reason);
    Some(format!("`{model}/{number}` was made champion over the closed {gate} `{gates}` by {by}: {reason}"))
}

/// A package in a folder; its version is the digest of its manifest, since no ledger names it.
fn open_folder(folder: &Path) -> Result<(Package, String)> {
    let attempt = || format!("cannot read the model package in `{}`", folder.display());
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).users(attempt());
    for entry in entries.hint("`--model` takes a version number or the folder of a package")? {
        let path = entry.users(attempt())?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path).users(attempt())?));
        }
    }
    let package = Package::from_files(&files).users(attempt())?;
    let manifest = files.iter().find(|(name, _)| name == winback_learn::package::MANIFEST);
    let digest = manifest.map(|(_, bytes)| winback_flow::Digest::of(bytes).short()).unwrap_or_default();
    Ok((package, format!("sha256:{digest}")))
}

/// A scorer for a package; wording that the settings give today wins over the package's.
pub(crate) fn scorer(
    settings: &Settings,
    package: Package,
    key: Option<String>,
    version: &str,
) -> Result<Scorer> {
    let schema = worded(settings, &package);
    let teller = Teller::new(&package.model, &schema, &package.profile);
    let population = Population::new(&package.model, &schema, &package.profile);
    Ok(Scorer::new(package.model, teller, population, key, version.to_owned())?)
}

/// What tells reasons in words.
pub(crate) fn teller(settings: &Settings, package: &Package) -> Teller {
    Teller::new(&package.model, &worded(settings, package), &package.profile)
}

/// The package's schema with the wording that the settings give today.
fn worded(settings: &Settings, package: &Package) -> Schema {
    let mut schema = package.schema.clone();
    for field in &mut schema.fields {
        if let Some(said) = settings.columns.get(&field.name) {
            field.wording = said.wording.clone();
        }
    }
    schema
}
