//! Taking fields out of messages, so that every form refuses what is missing or odd in the same words.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{LONGEST_NAME, Malformed};

/// One form of message, as errors speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// As in "a Pub/Sub push".
    pub(super) name: &'static str,
    /// What to do at the sender if something is missing.
    pub(super) remedy: &'static str,
}

impl Form {
    pub(super) fn missing(self, field: &'static str) -> Malformed {
        Malformed::Missing { form: self.name, field, remedy: self.remedy }
    }

    pub(super) fn wrong(self, field: &'static str, expected: &'static str) -> Malformed {
        Malformed::Value { form: self.name, field, expected }
    }

    /// The name of a bucket or object: there, not empty, not longer than any cloud allows.
    pub(super) fn named(self, field: &'static str, found: Option<String>) -> Result<String, Malformed> {
        let name = found.filter(|name| !name.is_empty()).ok_or_else(|| self.missing(field))?;
        if LONGEST_NAME < name.len() {
            return Err(self.wrong(field, "a name of at most 4,096 bytes"));
        }
        Ok(name)
    }

    /// What tells contents apart: a text or a whole number, without the quotes that ETags have.
    pub(super) fn generation(
        self,
        field: &'static str,
        found: Option<&Value>,
    ) -> Result<Option<String>, Malformed> {
        let text = match found {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim_matches('"').to_owned(),
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            Some(_) => return Err(self.wrong(field, "a text or a whole number")),
        };
        if LONGEST_NAME < text.len() {
            return Err(self.wrong(field, "a text of at most 4,096 bytes"));
        }
        // S3 writes `null` for objects that were there before versions were kept.
        Ok((!text.is_empty() && text != "null").then_some(text))
    }

    /// A number of bytes, which Google writes as a text, or as a number in older messages.
    pub(super) fn size(self, field: &'static str, found: Option<&Value>) -> Result<Option<u64>, Malformed> {
        let size = match found {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
        };
        size.map(Some).ok_or_else(|| self.wrong(field, "a whole number of bytes"))
    }

    /// Undoes percent-encoding.
    pub(super) fn decoded(self, field: &'static str, text: &str) -> Result<String, Malformed> {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(|text| text.into_owned()).map_err(|_| self.wrong(field, "percent-encoded UTF-8"))
    }
}

/// The text under a path of keys; a number counts as its digits.
pub(super) fn text(message: &Value, path: &[&str]) -> Option<String> {
    match at(message, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn at<'a>(message: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(message, |value, key| value.get(key))
}
