//! What a history looks like before anything is learnt from it: the page of `winback init`.

use serde::Serialize;

use crate::findings::Finding;

/// A history at a glance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProfileReport {
    /// What was looked at, by name.
    pub source: String,
    /// Rows read that can be used.
    pub rows: u64,
    /// Rows that cannot.
    pub rejected: u64,
    /// What counts as leaving, in words (`Attrition_Flag is Attrited Customer`); nothing when no label was found.
    pub label: Option<String>,
    /// Rows with that outcome.
    pub positives: u64,
    /// The columns, in the order of the file.
    pub columns: Vec<ProfileColumn>,
    /// What a person should know before training.
    pub findings: Vec<ShownFinding>,
    /// What was assumed and can be changed in the settings, a sentence each.
    pub assumptions: Vec<String>,
}

/// One column of a history.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProfileColumn {
    /// The name in the file.
    pub name: String,
    /// Number, category, flag …
    pub kind: String,
    /// Feature, key, label …
    pub role: String,
    /// The share of rows without a value, 0 to 1.
    pub missing: f64,
    /// Different values.
    pub distinct: u64,
    /// Smallest to largest, or the commonest levels, in words.
    pub range: String,
    /// Rows by equal steps of the value, or by level; empty where there is nothing to draw.
    pub histogram: Vec<u64>,
    /// How well the column alone tells who leaves: its out-of-fold AUC, 0.5 to 1.
    pub strength: Option<f64>,
    /// What to know of it; empty where there is nothing.
    pub note: String,
}

/// A finding as a page shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ShownFinding {
    /// `block`, `warn` or `note`.
    pub severity: String,
    /// What kind of thing it is, in one word.
    pub kind: String,
    /// The columns concerned.
    pub columns: Vec<String>,
    /// The figure that shows it.
    pub evidence: String,
    /// The finding in a sentence.
    pub message: String,
}

impl From<&Finding> for ShownFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: finding.severity.name().to_owned(),
            kind: finding.kind.clone(),
            columns: finding.columns.clone(),
            evidence: finding.evidence.clone(),
            message: finding.message.clone(),
        }
    }
}
