//! What passes between steps: parameters, which are small and stand in the ledger, and artifacts, which are bytes in the
//! store and stand there by digest. And the types that ports declare, so that a graph is checked before it runs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::Digest;

/// The type of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// A parameter: text.
    Text,
    /// A parameter: a number.
    Number,
    /// A parameter: true or false.
    Flag,
    /// A parameter: any JSON.
    Json,
    /// A file of that kind.
    File(String),
    /// Named files of that kind, as one: a model package.
    Folder(String),
    /// Any number of these.
    List(Box<Self>),
}

impl Type {
    /// A file of that kind.
    #[must_use]
    pub fn file(kind: &str) -> Self {
        Self::File(kind.to_owned())
    }

    /// Named files of that kind.
    #[must_use]
    pub fn folder(kind: &str) -> Self {
        Self::Folder(kind.to_owned())
    }

    /// Any number of these.
    #[must_use]
    pub fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// Whether a port of this type takes what one of type `given` gives.
    pub(crate) fn takes(&self, given: &Self) -> bool {
        let is_parameter = matches!(given, Self::Text | Self::Number | Self::Flag | Self::Json);
        self == given || (*self == Self::Json && is_parameter)
    }

    /// Whether `value` is of this type, as far as a value tells.
    pub(crate) fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::Parameter(json)) => json.is_string(),
            (Self::Number, Value::Parameter(json)) => json.is_number(),
            (Self::Flag, Value::Parameter(json)) => json.is_boolean(),
            (Self::Json, Value::Parameter(_))
            | (Self::File(_), Value::File(_))
            | (Self::Folder(_), Value::Folder(_)) => true,
            (Self::List(item), Value::List(values)) => values.iter().all(|value| item.admits(value)),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => formatter.write_str("text"),
            Self::Number => formatter.write_str("number"),
            Self::Flag => formatter.write_str("flag"),
            Self::Json => formatter.write_str("json"),
            Self::File(kind) => write!(formatter, "file of {kind}"),
            Self::Folder(kind) => write!(formatter, "folder of {kind}"),
            Self::List(item) => write!(formatter, "list of {item}"),
        }
    }
}

/// What a port gives or takes in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A parameter.
    Parameter(Json),
    /// A file.
    File(Artifact),
    /// Files by their names.
    Folder(BTreeMap<String, Artifact>),
    /// Several values, in order.
    List(Vec<Self>),
}

/// Bytes in the store, or beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The digest of the bytes.
    pub digest: Digest,
    /// How many there are.
    pub size: u64,
    /// Where they lie, if not among the artifacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Where bytes lie that somebody else put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// An object of the store, pinned to the version that was seen.
    Object {
        /// Its path under the root.
        path: String,
        /// What changes whenever its content does.
        version: String,
    },
    /// A file of this machine, outside the store.
    Local {
        /// Its absolute path.
        path: String,
    },
}

impl Value {
    /// A parameter.
    #[must_use]
    pub fn of(json: impl Into<Json>) -> Self {
        Self::Parameter(json.into())
    }

    /// The JSON of a parameter.
    #[must_use]
    pub fn json(&self) -> Option<&Json> {
        if let Self::Parameter(json) = self { Some(json) } else { None }
    }

    /// What stands for it in a step's key: digests, never places.
    pub(crate) fn fingerprint(&self) -> Json {
        match self {
            Self::Parameter(json) => json.clone(),
            Self::File(artifact) => artifact.digest.to_string().into(),
            Self::Folder(files) => {
                files.iter().map(|(name, artifact)| (name.clone(), artifact.digest.to_string())).collect()
            }
            Self::List(values) => values.iter().map(Self::fingerprint).collect(),
        }
    }

    /// The artifacts in it.
    pub fn artifacts(&self) -> Vec<&Artifact> {
        match self {
            Self::Parameter(_) => Vec::new(),
            Self::File(artifact) => vec![artifact],
            Self::Folder(files) => files.values().collect(),
            Self::List(values) => values.iter().flat_map(Self::artifacts).collect(),
        }
    }
}

/// The values of ports by name.
pub type Values = BTreeMap<String, Value>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(place: Option<Place>) -> Value {
        Value::File(Artifact { digest: Digest::of(b"x"), size: 1, place })
    }

    #[test]
    fn a_fingerprint_tells_what_but_not_where() {
        let here = Place::Local { path: "/a".to_owned() };
        assert_eq!(file(Some(here)).fingerprint(), file(None).fingerprint());
        assert_ne!(Value::of("x").fingerprint(), file(None).fingerprint());
    }

    #[test]
    fn a_type_takes_itself_and_json_takes_parameters() {
        let model = Type::folder("model");
        assert!(model.takes(&model.clone()) && !model.takes(&Type::file("model")));
        assert!(
            Type::Json.takes(&Type::Number) && !Type::Json.takes(&model) && !Type::Number.takes(&Type::Json)
        );
        assert!(Type::file("history").list().admits(&Value::List(vec![file(None), file(None)])));
        assert!(!Type::Number.admits(&Value::of("1")) && Type::Number.admits(&Value::of(1)));
    }

    /// Values as they stand in ledgers.
    #[test]
    fn values_are_written_as_ever() {
        let place = Place::Object { path: "weekly_folder/w.csv".to_owned(), version: "7".to_owned() };
        let digest = Digest::of(b"x");
        let values = Value::List(vec![file(Some(place)), Value::of(json!({"a": 1}))]);
        let text = format!(
            r#"{{"list":[{{"file":{{"digest":"{digest}","size":1,"place":{{"object":{{"path":"weekly_folder/w.csv","version":"7"}}}}}}}},{{"parameter":{{"a":1}}}}]}}"#
        );
        assert_eq!(serde_json::to_string(&values).unwrap(), text);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), values);
    }
}
