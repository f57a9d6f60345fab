//! A package is a set of named files, of which `manifest.json` gives the digest of every other. Here is the check that
//! it does, before it is stored and after it is read. What the files hold is not looked at.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

use crate::{Digest, Error, Result};

/// The name of the file that lists the others, and commits them.
pub(super) const MANIFEST: &str = "manifest.json";

/// The part of a manifest that is our business; its other fields are the packer's own.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    /// The SHA-256 of each file by its name in the package.
    pub(super) files: BTreeMap<String, Digest>,
}

impl Manifest {
    pub(super) fn parse(path: &str, bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|source| Error::Manifest { path: path.to_owned(), source })
    }
}

/// Checks that the files are exactly those of their manifest, and gives them by name, the manifest apart.
pub(super) fn open(model: &str, files: Vec<(String, Bytes)>) -> Result<(Bytes, BTreeMap<String, Bytes>)> {
    let refuse = |problem: String| Err(Error::Package { model: model.to_owned(), problem });
    let mut by_name = BTreeMap::new();
    for (name, bytes) in files {
        if let Some(first) = by_name.insert(name.clone(), bytes) {
            return refuse(format!("`{name}` is there twice, the first of {} bytes", first.len()));
        }
    }
    let Some(manifest_bytes) = by_name.remove(MANIFEST) else {
        return refuse(format!("it has no `{MANIFEST}`"));
    };
    let manifest = Manifest::parse(MANIFEST, &manifest_bytes)?;
    for (name, digest) in &manifest.files {
        match by_name.get(name) {
            None => return refuse(format!("`{MANIFEST}` lists `{name}`, which is not there")),
            Some(bytes) if Digest::of(bytes) != *digest => {
                return refuse(format!("`{name}` has another sha-256 than `{MANIFEST}` says"));
            }
            Some(_) => {}
        }
    }
    if let Some(extra) = by_name.keys().find(|name| !manifest.files.contains_key(*name)) {
        return refuse(format!("`{extra}` is not listed in `{MANIFEST}`"));
    }
    Ok((manifest_bytes, by_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], problem: &str) {
        let files =
            files.iter().map(|(name, text)| ((*name).to_owned(), Bytes::from((*text).to_owned()))).collect();
        let error = open("churn", files).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }

    #[test]
    fn a_package_that_its_manifest_does_not_describe_is_refused() {
        let abc = Digest::of(b"abc");
        let manifest = format!(r#"{{"files":{{"model.bin":"{abc}"}}}}"#);
        check(&[("model.bin", "abc")], "has no `manifest.json`");
        check(&[("manifest.json", &manifest)], "lists `model.bin`, which is not there");
        check(&[("manifest.json", &manifest), ("model.bin", "abd")], "`model.bin` has another sha-256");
        check(&[("manifest.json", &manifest), ("model.bin", "abc"), ("x", "")], "`x` is not listed");
        check(&[("manifest.json", &manifest), ("x", "1"), ("x", "22")], "`x` is there twice");
        check(&[("manifest.json", r#"{"files":{"x":"y"}}"#)], "is not a manifest");
    }
}
