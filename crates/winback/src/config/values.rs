//! Single values as people write them: a span of days, a learner, a delimiter, an encoding.

use std::str::FromStr;

use serde::Deserialize;
use winback_table::csv::Encoding;

use crate::error::{Result, UserError};

/// Which learner is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Learner {
    /// Whichever does best on rows that were held out.
    Auto,
    /// Boosted trees.
    Trees,
    /// A logistic scorecard.
    Linear,
}

/// How much time a training may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effort {
    /// One setting for each learner: a first look.
    Quick,
    /// A few settings for each learner.
    Normal,
    /// A search over a dozen settings of trees.
    Thorough,
}

/// What is done with weekly files that lay there before the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backlog {
    /// They are scored after it.
    All,
    /// They are left alone.
    Newest,
}

/// Who looks at the tokens of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verifier {
    /// The server itself, by the keys of who issues them.
    Jwks,
    /// The platform in front of it, which lets no other request through.
    Platform,
}

/// A span of whole seconds: `90`, `90 s`, `5 min`, `2 h`, `30 d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) std::time::Duration);

impl FromStr for Span {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, UserError> {
        let wrong = || {
            UserError::new(format!(
                "`{text}` is no span of time; write it as `90 s`, `5 min`, `2 h` or `30 d`"
            ))
        };
        let text = text.trim();
        let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
        let count: u64 = text[..text.len() - unit.len()].parse().map_err(|_| wrong())?;
        let seconds = match unit.trim() {
            "" | "s" => count,
            "min" => count.checked_mul(60).ok_or_else(wrong)?,
            "h" => count.checked_mul(3_600).ok_or_else(wrong)?,
            "d" | "days" => count.checked_mul(86_400).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
        Ok(Self(std::time::Duration::from_secs(seconds)))
    }
}

/// A span of whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Horizon {
    pub(crate) days: u32,
}

/// A version of a model: `3`, or `churn/3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionName {
    /// Where it is left out, the settings name the model.
    pub(crate) model: Option<String>,
    pub(crate) number: u64,
}

impl FromStr for VersionName {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, UserError> {
        let (model, number) = match text.split_once('/') {
            Some((model, number)) => (Some(model.to_owned()), number),
            None => (None, text),
        };
        let wrong = |_| UserError::new(format!("`{text}` is no version; write it as `3` or `churn/3`"));
        Ok(Self { model, number: number.parse().map_err(wrong)? })
    }
}

impl FromStr for Learner {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, UserError> {
        clap::ValueEnum::from_str(text, true).map_err(UserError::new)
    }
}

impl FromStr for Effort {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, UserError> {
        clap::ValueEnum::from_str(text, true).map_err(UserError::new)
    }
}

impl FromStr for Horizon {
    type Err = UserError;

    /// `90 days`, `13 weeks`, `3 months` (of 30 days), or a plain number of days.
    fn from_str(text: &str) -> Result<Self, UserError> {
        let wrong = || {
            UserError::new(format!("`horizon` is `{text}`; write it as `90 days`, `13 weeks` or `3 months`"))
        };
        let text = text.trim().to_lowercase();
        let unit_start = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(unit_start);
        let days_of_unit = match unit.trim() {
            "" | "d" | "day" | "days" => 1,
            "w" | "week" | "weeks" => 7,
            "month" | "months" => 30,
            _ => return Err(wrong()),
        };
        let days = number.parse::<u32>().ok().and_then(|number| number.checked_mul(days_of_unit));
        days.filter(|days| *days > 0).map(|days| Self { days }).ok_or_else(wrong)
    }
}

/// A number of bytes, as `500 GB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) bytes: u64,
}

impl FromStr for Size {
    type Err = UserError;

    /// A whole number and a unit: `800 MB`, `500 GB`, `2 TB`.
    fn from_str(text: &str) -> Result<Self, UserError> {
        let wrong =
            || UserError::new(format!("`{text}` is no size; write it as `800 MB`, `500 GB` or `2 TB`"));
        let trimmed = text.trim();
        let unit_start = trimmed.find(|character: char| !character.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_start);
        let bytes_of_unit = match unit.trim().to_ascii_uppercase().as_str() {
            "MB" => 1_000_000_u64,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            _ => return Err(wrong()),
        };
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(bytes_of_unit));
        bytes.filter(|bytes| *bytes > 0).map(|bytes| Self { bytes }).ok_or_else(wrong)
    }
}

/// The byte between two fields: a character of ASCII, or the word `tab`.
pub(crate) fn delimiter(text: &str) -> Result<u8, UserError> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err(UserError::new(format!("`{text}` is no delimiter; name one character, or `tab`"))),
    }
}

/// The encoding of this name.
pub(crate) fn encoding(text: &str) -> Result<Encoding, UserError> {
    let unknown =
        || UserError::new(format!("the encoding `{text}` is not known; there are {}", Encoding::NAMES));
    Encoding::named(text).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_is_written_in_many_ways() {
        let days = |text: &str| text.parse::<Horizon>().map(|horizon| horizon.days).ok();
        assert_eq!(days("90 days"), Some(90));
        assert_eq!(days("90"), Some(90));
        assert_eq!(days("1 day"), Some(1));
        assert_eq!(days("13 Weeks"), Some(91));
        assert_eq!(days("3months"), Some(90));
        for wrong in ["", "days", "0 days", "-5 days", "1.5 weeks", "2 years", "4294967295 weeks"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
        let told = "soon".parse::<Horizon>().unwrap_err().to_string();
        assert_eq!(told, "`horizon` is `soon`; write it as `90 days`, `13 weeks` or `3 months`");
    }

    #[test]
    fn a_size_has_a_unit() {
        let bytes = |text: &str| text.parse::<Size>().map(|size| size.bytes).ok();
        assert_eq!(bytes("500 GB"), Some(500_000_000_000));
        assert_eq!(bytes("2tb"), Some(2_000_000_000_000));
        for wrong in ["", "500", "0 GB", "GB", "1.5 GB", "99999999999 TB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn delimiters_and_encodings_have_names() {
        assert_eq!(delimiter(";").unwrap(), b';');
        assert_eq!(delimiter("tab").unwrap(), b'\t');
        for wrong in ["", "ab", "a", "\"", "\n", "ü"] {
            assert!(delimiter(wrong).is_err(), "{wrong}");
        }
        assert_eq!(encoding("ISO-8859-1").unwrap(), Encoding::Latin1);
        assert!(encoding("ebcdic").is_err());
    }

    #[test]
    fn a_learner_is_named_without_regard_to_case() {
        assert_eq!("Trees".parse::<Learner>().unwrap(), Learner::Trees);
        assert!("forest".parse::<Learner>().is_err());
    }
}
