//! What a column is (kind) and what it is for (role).

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

/// How the cells of a column are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A finite decimal number.
    Number,
    /// One of a set of levels.
    Category,
    /// Yes or no, in the usual spellings.
    Flag,
    /// A date, or a date and time of day, without zone.
    Time,
    /// Free text.
    Text,
    /// A code that names something, leading zeros included.
    Identifier,
}

impl Kind {
    /// The Arrow type that holds a column of this kind.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Second, None),
            Self::Category | Self::Text | Self::Identifier => DataType::Utf8,
        }
    }

    /// The kind in the words of a message: `a number`, `a date` …
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Category => "a category",
            Self::Flag => "a yes or no",
            Self::Time => "a date",
            Self::Text => "a text",
            Self::Identifier => "an identifier",
        }
    }

    /// Whether its values stand in an order that a [`Trend`] can follow.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::Flag | Self::Time)
    }

    /// The word used in settings and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Flag => "flag",
            Self::Time => "time",
            Self::Text => "text",
            Self::Identifier => "identifier",
        }
    }
}

/// What the risk may do as the values of a column rise, all else equal. Missing values stand outside this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// It never falls.
    Rising,
    /// It never rises.
    Falling,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Names the customer.
    Key,
    /// The outcome to learn.
    Label,
    /// Learnt from.
    Feature,
    /// The moment the row describes.
    Time,
    /// How much the row counts: above 0, as if it were there so many times.
    Weight,
    /// A protected attribute: reported on, learnt from only when asked, never a reason.
    Protected,
    /// Not read at all.
    Excluded,
}

impl Role {
    /// The word used in settings and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Label => "label",
            Self::Feature => "feature",
            Self::Time => "time",
            Self::Weight => "weight",
            Self::Protected => "protected",
            Self::Excluded => "excluded",
        }
    }
}
