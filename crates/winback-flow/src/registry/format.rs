//! What the stream `models` says, and what a reader makes of it. A record of a kind, once released, is read for ever;
//! new kinds and new optional fields may come.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Alias, Details, Digest, Gate, ModelVersion, Promotion, Record, Refusal};

/// One thing that happened to a version of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum ModelRecord {
    /// The number is taken; files may follow. A version that stays so was given up.
    Reserved { model: String, version: u64, by: String },
    /// The package is whole and stays.
    Registered {
        model: String,
        version: u64,
        package: String,
        digest: Digest,
        #[serde(flatten)]
        details: Box<Details>,
    },
    /// Gates kept it from an alias.
    Refused { model: String, version: u64, alias: Alias, gates: Vec<Gate> },
    /// From here on the alias means this version.
    Promoted {
        model: String,
        version: u64,
        alias: Alias,
        by: String,
        reason: String,
        overridden: Vec<String>,
    },
}

impl ModelRecord {
    /// The model and version that it is about.
    pub(super) fn subject(&self) -> (&str, u64) {
        match self {
            Self::Reserved { model, version, .. }
            | Self::Registered { model, version, .. }
            | Self::Refused { model, version, .. }
            | Self::Promoted { model, version, .. } => (model, *version),
        }
    }
}

/// The registered versions of `model`, lowest first, with all that befell each.
pub(super) fn versions(records: &[Arc<Record<ModelRecord>>], model: &str) -> Vec<ModelVersion> {
    let mut versions: Vec<ModelVersion> = Vec::new();
    for record in records.iter().filter(|record| record.content.subject().0 == model) {
        apply(&mut versions, record);
    }
    versions.sort_unstable_by_key(|version| version.version);
    versions
}

fn apply(versions: &mut Vec<ModelVersion>, record: &Record<ModelRecord>) {
    let at = record.at.clone();
    match record.content.clone() {
        ModelRecord::Reserved { .. } => {}
        ModelRecord::Registered { model, version, package, digest, details } => versions.push(ModelVersion {
            model,
            version,
            package,
            digest,
            details: *details,
            registered_at: at,
            aliases: Vec::new(),
            refusals: Vec::new(),
            promotions: Vec::new(),
        }),
        ModelRecord::Refused { version, alias, gates, .. } => {
            if let Some(found) = versions.iter_mut().find(|candidate| candidate.version == version) {
                found.refusals.push(Refusal { at, alias, gates });
            }
        }
        ModelRecord::Promoted { version, alias, by, reason, overridden, .. } => {
            for other in versions.iter_mut() {
                other.aliases.retain(|held| *held != alias);
            }
            if let Some(found) = versions.iter_mut().find(|candidate| candidate.version == version) {
                found.aliases.push(alias);
                found.promotions.push(Promotion { at, alias, by, reason, overridden });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One record of each kind, as format 1 has them.
    const RECORDS_1: [&str; 4] = [
        r#"{"kind":"reserved","model":"churn","version":1,"by":"ada"}"#,
        r#"{"kind":"registered","model":"churn","version":1,"package":"models/churn/1","digest":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","by":"ada","schema":"s1","label":"left = yes","metrics":{"auc":0.9931},"out_of_fold":null,"history":"h1","findings":[]}"#,
        r#"{"kind":"refused","model":"churn","version":1,"alias":"champion","gates":[{"gate":"leak","reason":"a column decides the label"}]}"#,
        r#"{"kind":"promoted","model":"churn","version":1,"alias":"champion","by":"grace","reason":"checked by hand","overridden":["leak"]}"#,
    ];

    #[test]
    fn every_kind_of_format_1_is_read_and_written_to_the_byte() {
        let contents = RECORDS_1.map(|text| serde_json::from_str::<ModelRecord>(text).unwrap());
        for (text, content) in RECORDS_1.iter().zip(&contents) {
            assert_eq!(&serde_json::to_string(content).unwrap(), text);
        }
        let records: Vec<_> = (1..)
            .zip(contents)
            .map(|(number, content)| {
                let (nonce, at) = (String::new(), format!("day {number}"));
                Arc::new(Record { number, nonce, at, content })
            })
            .collect();

        let found = versions(&records, "churn");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].registered_at, "day 2");
        assert_eq!(found[0].aliases, [Alias::Champion]);
        assert_eq!(found[0].refusals[0].gates[0].gate, "leak");
        assert_eq!(found[0].promotions[0].overridden, ["leak"]);
        assert_eq!(versions(&records, "upsell"), []);
        assert_eq!(versions(&records[..1], "churn"), [], "a reserved number is no version");
    }
}
