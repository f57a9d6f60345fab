//! What a person should know before trusting a model, with the evidence.

use serde::{Deserialize, Serialize};
use winback_learn::importance::ColumnImportance;
use winback_table::{Role, Schema};

/// How serious a finding is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The model must not become champion by itself.
    Block,
    /// Look at it before the model is used.
    Warn,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word used in files and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Warn => "warn",
            Self::Note => "note",
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// What kind of thing it is, in one word.
    pub kind: String,
    /// The columns concerned.
    pub columns: Vec<String>,
    /// The figure that shows it.
    pub evidence: String,
    /// The finding in a sentence.
    pub message: String,
}

/// Protected columns may carry this share of the mean absolute effect before it is worth a warning.
const PROTECTED_SHARE: f64 = 0.05;

/// Warns when protected columns, learnt from on request, carry much of the effect.
#[must_use]
pub fn protected(schema: &Schema, importance: &[ColumnImportance]) -> Option<Finding> {
    let is_protected = |name: &str| schema.field(name).is_some_and(|field| field.role == Role::Protected);
    let carriers: Vec<&ColumnImportance> =
        importance.iter().filter(|column| is_protected(&column.name)).collect();
    let share: f64 = carriers.iter().map(|column| column.share).sum();
    (share > PROTECTED_SHARE).then(|| Finding {
        severity: Severity::Warn,
        kind: "protected".to_owned(),
        columns: carriers.iter().map(|column| column.name.clone()).collect(),
        evidence: format!("{:.1} % of the mean absolute effect", 100.0 * share),
        message:
            "protected columns carry more than 5 % of the model's effects; they are never given as a reason"
                .to_owned(),
    })
}
