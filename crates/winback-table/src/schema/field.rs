//! One column of a schema: its name, its kind, its role, and how it is spoken of.

use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

use super::{Kind, Role, Trend};
use crate::{Notation, cell};

/// How a column is spoken of to people; every part is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// The column's name in a sentence, for example `transactions in 12 months`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Said when the value is below the typical one; `{value}`, `{typical}` and `{name}` are filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<String>,
    /// Said when the value is above the typical one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<String>,
    /// Said of a category, a flag, or a number at its typical value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Said when the value is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// One column: its name in the file, its kind, its role and its wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The column's name as it stands in the file, trimmed.
    pub name: String,
    /// How its cells are to be understood.
    pub kind: Kind,
    /// What it is for.
    pub role: Role,
    /// How its numbers or dates are spelled, where that is not how programs write them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub notation: Notation,
    /// Spellings of "no value" in this column alone, besides those of the schema; a number counts by its value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missing: Vec<String>,
    /// What the risk may do as its values rise, where a person says so; else what the data say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monotone: Option<Trend>,
    /// How it is spoken of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wording: Wording,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Field {
    /// A field in plain notation, without trend, wording or spellings of "no value" of its own.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Kind, role: Role) -> Self {
        let (notation, wording) = (Notation::default(), Wording::default());
        Self { name: name.into(), kind, role, notation, missing: Vec::new(), monotone: None, wording }
    }

    /// Whether a cell spells "no value" in this column alone.
    #[must_use]
    pub fn is_missing(&self, cell: &str) -> bool {
        self.missing.iter().any(|spelling| spelling.trim().eq_ignore_ascii_case(cell.trim()))
    }

    /// Whether a number means "no value" in this column alone.
    #[must_use]
    pub fn is_missing_number(&self, value: f64) -> bool {
        let mut numbers = self.missing.iter().filter_map(|spelling| cell::number(spelling.trim()));
        numbers.any(|other| cell::same_number(other, value))
    }

    /// The Arrow type of the column in a batch: the label is the truth of "is positive", a key is text as written.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self.role {
            Role::Label => DataType::Boolean,
            Role::Key => DataType::Utf8,
            _ => self.kind.data_type(),
        }
    }
}
