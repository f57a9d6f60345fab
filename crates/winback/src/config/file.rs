//! The settings file as a person writes it: every part may be left out, nothing unknown may stand in it.
//!
//! What the parts mean, and what holds where one is left out, is left to the front of `config`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, de};
use winback_table::{Dates, Kind, Numbers, Trend, nearest_name};

use super::{Backlog, Effort, Learner, Verifier};
use crate::error::{Result, ResultExt as _};

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) root: Option<String>,
    /// `[store]`: settings of the client of a bucket, by the names that it knows them by.
    #[serde(default)]
    pub(crate) store: BTreeMap<String, Scalar>,
    #[serde(default)]
    pub(crate) data: DataPart,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, ColumnPart>,
    #[serde(default)]
    pub(crate) train: TrainPart,
    #[serde(default)]
    pub(crate) pipelines: PipelinesPart,
    #[serde(default)]
    pub(crate) serve: ServePart,
}

/// `[data]`: where the history is and what its columns are for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataPart {
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) history: Option<Vec<String>>,
    pub(crate) key: Option<String>,
    pub(crate) label: Option<LabelPart>,
    pub(crate) time: Option<String>,
    pub(crate) weight: Option<String>,
    pub(crate) horizon: Option<Scalar>,
    pub(crate) missing: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    #[serde(default)]
    pub(crate) protected: Vec<String>,
    pub(crate) delimiter: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) reject_limit: Option<f64>,
    pub(crate) unpacked_limit: Option<Scalar>,
    pub(crate) unpacked_ratio_limit: Option<u64>,
}

/// `label = { column = …, positive = … }`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelPart {
    pub(crate) column: String,
    pub(crate) positive: Scalar,
}

/// `[columns.NAME]`: the kind of a column, how its cells are spelled, what the risk may do as it
/// rises, and how it is spoken of.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnPart {
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) numbers: Option<Numbers>,
    pub(crate) unit: Option<String>,
    pub(crate) dates: Option<Dates>,
    #[serde(default)]
    pub(crate) missing: Vec<Scalar>,
    pub(crate) monotone: Option<Trend>,
    #[serde(default)]
    pub(crate) reason: ReasonPart,
}

/// `reason = { low = …, high = …, level = …, missing = … }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonPart {
    pub(crate) low: Option<String>,
    pub(crate) high: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) missing: Option<String>,
}

/// `[train]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainPart {
    pub(crate) name: Option<String>,
    pub(crate) learner: Option<Learner>,
    pub(crate) effort: Option<Effort>,
    pub(crate) seed: Option<u64>,
    pub(crate) learn_protected: Option<bool>,
    pub(crate) risk_high: Option<f64>,
    pub(crate) risk_medium: Option<f64>,
}

/// `[pipelines]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipelinesPart {
    pub(crate) lease: Option<Scalar>,
    pub(crate) look: Option<Scalar>,
    pub(crate) backlog: Option<Backlog>,
    pub(crate) drift_blocks: Option<bool>,
    pub(crate) keep: Option<Scalar>,
    #[serde(default)]
    pub(crate) schedules: Vec<SchedulePart>,
}

/// `[[pipelines.schedules]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchedulePart {
    pub(crate) cron: String,
    pub(crate) time_zone: Option<String>,
    pub(crate) pipeline: String,
}

/// `[serve]`: where the server listens, and who may send it events.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServePart {
    pub(crate) listen: Option<String>,
    pub(crate) metrics: Option<String>,
    pub(crate) events: Option<EventsPart>,
}

/// `[serve.events]`: whose tokens are good.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsPart {
    pub(crate) verify: Verifier,
    pub(crate) audience: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) issuers: Option<Vec<String>>,
    pub(crate) jwks_url: Option<String>,
}
/// A text, also where a person left the quotes out: `positive = 1`, `horizon = 90`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar(pub(crate) String);

impl ConfigFile {
    /// Understands the text of the file at `path`, which is only named.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self> {
        let parsed = toml::from_str(text);
        let advice = parsed.as_ref().err().map(|error: &toml::de::Error| advice(error.message()));
        parsed.users(format!("cannot understand `{}`", path.display())).hint(advice.unwrap_or_default())
    }
}

/// What helps, told from the message of the parser: a misspelt setting is named with the nearest one there is.
fn advice(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if message.starts_with("unknown field")
        && let Some((unknown, known)) = names.split_first()
        && let Some(nearest) = nearest_name(unknown, known.iter().copied())
    {
        return format!("did you mean `{nearest}`?");
    }
    "`winback init HISTORY --config other.toml` writes a settings file with every part explained".to_owned()
}

/// `"a.csv"` or `["a.csv", "b.csv"]`, with a message of our own where it is neither.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    from.deserialize_any(OneOrMany).map(Some)
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a file, or a list of files")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut files = Vec::new();
        while let Some(file) = items.next_element()? {
            files.push(file);
        }
        if files.is_empty() {
            return Err(A::Error::custom("the list is empty; leave `history` out to read `input_folder/`"));
        }
        Ok(files)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar(truth.to_string()))
    }
}
