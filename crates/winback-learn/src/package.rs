//! The model package: the files that together are a model, and the manifest that seals them.
//!
//! A package stands alone and holds nothing of when, where or by whom it was made, so the same data and settings give
//! the same bytes. Reading and writing files is left to others: here a package is names and bytes.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use winback_table::Schema;

use crate::importance::ColumnImportance;
use crate::procedure::Report;
use crate::profile::Profile;
use crate::{Error, Model, Result, file, onnx, smoke};

/// The name of the manifest among a package's files.
pub const MANIFEST: &str = "manifest.json";
/// The name of the model for other programs among a package's files.
pub const ONNX: &str = "model.onnx";
/// The name of the page among a package's files.
pub const PAGE: &str = "report.html";
/// The name of the smoke test among a package's files.
pub const SMOKE: &str = "smoke.json";
const FORMAT: u32 = 1;

/// Everything a model is served with.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The model (`model.bin`), and the same for other programs (`model.onnx`), which is written but never read:
    /// packages of old have none.
    pub model: Model,
    /// What its columns mean (`schema.json`).
    pub schema: Schema,
    /// How good it is (`metrics.json`).
    pub report: Report,
    /// What its training data looked like (`profile.json`).
    pub profile: Profile,
    /// What moves its scores (`importance.json`).
    pub importance: Vec<ColumnImportance>,
    /// The same for people (`card.md`).
    pub card: String,
    /// The same with charts, for a browser (`report.html`); packages of old have none.
    pub page: Option<String>,
}

/// The content of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// The SHA-256 of each other file, in hexadecimal.
    files: BTreeMap<String, String>,
}

impl Package {
    /// The files of the package, the manifest last.
    #[must_use]
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![
            ("card.md".to_owned(), self.card.clone().into_bytes()),
            ("importance.json".to_owned(), json(&self.importance)),
            ("metrics.json".to_owned(), json(&self.report)),
            ("model.bin".to_owned(), file::save(&self.model)),
            (ONNX.to_owned(), onnx::save(&self.model, &self.schema)),
            ("profile.json".to_owned(), json(&self.profile)),
            ("schema.json".to_owned(), self.schema.to_json()),
            (SMOKE.to_owned(), smoke::record(&self.model, &self.profile)),
        ];
        files.extend(self.page.iter().map(|page| (PAGE.to_owned(), page.clone().into_bytes())));
        let digests = files.iter().map(|(name, bytes)| (name.clone(), digest(bytes)));
        let manifest = Manifest { format: FORMAT, files: digests.collect() };
        files.push((MANIFEST.to_owned(), json(&manifest)));
        files
    }

    /// The package in some files, each checked against the manifest.
    ///
    /// # Errors
    /// [`Error::Package`] when a file is missing, altered or cannot be read, or when the parts do not fit together.
    pub fn from_files(files: &[(String, impl AsRef<[u8]>)]) -> Result<Self> {
        let find = |name: &str| {
            let found = files.iter().find(|(other, _)| other == name).map(|(_, bytes)| bytes.as_ref());
            found.ok_or_else(|| Error::Package(format!("`{name}` is missing")))
        };
        let manifest: Manifest = parse(MANIFEST, find(MANIFEST)?)?;
        if manifest.format > FORMAT {
            let format = manifest.format;
            return Err(Error::Package(format!("it has format {format}; this program reads up to {FORMAT}")));
        }
        for (name, expected) in &manifest.files {
            if digest(find(name)?) != *expected {
                return Err(Error::Package(format!(
                    "`{name}` is not the file that the manifest names: it was cut or altered"
                )));
            }
        }
        let listed = |name: &str| {
            let bytes = find(name)?;
            let is_listed = manifest.files.contains_key(name);
            if is_listed {
                Ok(bytes)
            } else {
                Err(Error::Package(format!("the manifest does not name `{name}`")))
            }
        };
        let has_page = manifest.files.contains_key(PAGE);
        let page = has_page.then(|| find(PAGE)).transpose()?;
        let package = Self {
            model: file::load(listed("model.bin")?)?,
            schema: Schema::from_json(listed("schema.json")?)?,
            report: parse("metrics.json", listed("metrics.json")?)?,
            profile: parse("profile.json", listed("profile.json")?)?,
            importance: parse("importance.json", listed("importance.json")?)?,
            card: String::from_utf8_lossy(listed("card.md")?).into_owned(),
            page: page.map(|page| String::from_utf8_lossy(page).into_owned()),
        };
        package.check()?;
        Ok(package)
    }

    /// Whether model, schema and profile speak of the same columns.
    fn check(&self) -> Result<()> {
        let columns = &self.model.encoder.columns;
        for (index, column) in columns.iter().enumerate() {
            let in_schema = self.schema.field(&column.name).is_some_and(|field| field.kind == column.kind);
            let in_profile =
                self.profile.columns.get(index).is_some_and(|profile| profile.name == column.name);
            if !in_schema || !in_profile {
                let name = &column.name;
                return Err(Error::Package(format!("its files do not agree about the column `{name}`")));
            }
        }
        if self.profile.columns.len() != columns.len() || self.importance.len() != columns.len() {
            return Err(Error::Package("its files do not agree about the number of columns".to_owned()));
        }
        Ok(())
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("a package holds only numbers, texts and lists");
    bytes.push(b'\n');
    bytes
}

fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::Package(format!("`{name}` cannot be read: {error}")))
}
