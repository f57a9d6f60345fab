//! From facts to a sentence: the bank's own wording where it has one that fits, else ours.
//!
//! Ours are templates like the bank's and filled in by the same function, so a bank can copy one and change it.

use winback_table::Wording;

use super::{Typical, Value};

/// What a sentence may speak of, already in the form in which it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The column's name, as in the middle of a sentence.
    pub(super) name: &'a str,
    /// The same at the beginning of one.
    pub(super) capitalised: &'a str,
    /// The customer's value, unless it is missing.
    pub(super) value: Option<&'a str>,
    /// What is usual, where something of the value's kind is known.
    pub(super) typical: Option<&'a str>,
}

/// Where a value stands beside what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There is no value.
    Missing,
    /// A number below the typical one.
    Low,
    /// A number above the typical one.
    High,
    /// A moment before the typical one.
    Early,
    /// A moment after the typical one.
    Late,
    /// A number or a moment that is the typical one.
    AsTypical,
    /// A level or flag that is the most frequent one.
    Common,
    /// A level or flag that is not the most frequent one.
    Uncommon,
    /// A level or flag, and nothing to hold beside it.
    Alone,
    /// A number or a moment, and nothing to hold beside it: whether it is low or high cannot be said.
    Unplaced,
}

impl Place {
    /// Values that read alike are alike, however they differ in digits that are not shown.
    pub(super) fn of(value: &Value<'_>, typical: &Typical, facts: &Facts<'_>) -> Self {
        if facts.value.is_none() {
            return Self::Missing;
        }
        let is_alike = facts.value == facts.typical;
        match (value, typical) {
            (Value::Missing, _) => Self::Missing,
            (Value::Number(_) | Value::Time(_), _) if is_alike => Self::AsTypical,
            (Value::Number(number), Typical::Number(middle)) if number < middle => Self::Low,
            (Value::Number(number), Typical::Number(middle)) if middle < number => Self::High,
            (Value::Time(moment), Typical::Time(middle)) if moment < middle => Self::Early,
            (Value::Time(moment), Typical::Time(middle)) if middle < moment => Self::Late,
            (Value::Number(_) | Value::Time(_), _) => Self::Unplaced,
            (Value::Flag(_) | Value::Level(_), _) if is_alike => Self::Common,
            (Value::Flag(_) | Value::Level(_), _) if facts.typical.is_some() => Self::Uncommon,
            (Value::Flag(_) | Value::Level(_), _) => Self::Alone,
        }
    }

    /// Our own words for it; each needs only facts that its place implies.
    fn template(self) -> &'static str {
        match self {
            Self::Missing => "{name}: missing",
            Self::Low => "{name}: {value}, low; typical is {typical}",
            Self::High => "{name}: {value}, high; typical is {typical}",
            Self::Early => "{name}: {value}, early; typical is {typical}",
            Self::Late => "{name}: {value}, late; typical is {typical}",
            Self::AsTypical => "{name}: {value}, as is typical",
            Self::Common => "{name}: {value}, as is most common",
            Self::Uncommon => "{name}: {value}; most common is {typical}",
            Self::Alone | Self::Unplaced => "{name}: {value}",
        }
    }

    /// The bank's words for it, if it has some.
    fn wording(self, wording: &Wording) -> Option<&str> {
        let template = match self {
            Self::Missing => &wording.missing,
            Self::Low | Self::Early => &wording.low,
            Self::High | Self::Late => &wording.high,
            Self::AsTypical | Self::Common | Self::Uncommon | Self::Alone => &wording.level,
            Self::Unplaced => &None,
        };
        template.as_deref().map(str::trim).filter(|template| !template.is_empty())
    }
}

/// Appends the sentence for a value in its place, after what is said before it.
pub(super) fn push(text: &mut String, before: &str, place: Place, wording: &Wording, facts: &Facts<'_>) {
    text.push_str(before);
    let is_said = place.wording(wording).is_some_and(|template| push_filled(text, template, facts))
        || push_filled(text, place.template(), facts);
    if !is_said {
        // Not reached while the templates keep to their places; the name alone is still true.
        text.push_str(facts.capitalised);
    }
}

/// Appends a template with the facts filled in, in one pass, so that braces inside a value stay what they are; answers
/// whether it could: not, when the template asks for something typical and none is known. Then nothing is appended.
fn push_filled(sentence: &mut String, template: &str, facts: &Facts<'_>) -> bool {
    let lead = sentence.len();
    let mut rest = template;
    while let Some(brace) = rest.bytes().position(|byte| byte == b'{') {
        let (before, from_brace) = rest.split_at(brace);
        sentence.push_str(before);
        rest = if let Some(after) = from_brace.strip_prefix("{name}") {
            // Only the name: a value keeps its spelling wherever it stands.
            sentence.push_str(if sentence.len() == lead { facts.capitalised } else { facts.name });
            after
        } else if let Some(after) = from_brace.strip_prefix("{value}") {
            sentence.push_str(facts.value.unwrap_or("missing"));
            after
        } else if let Some(after) = from_brace.strip_prefix("{typical}") {
            let Some(typical) = facts.typical else {
                sentence.truncate(lead);
                return false;
            };
            sentence.push_str(typical);
            after
        } else {
            sentence.push('{');
            &from_brace[1..]
        };
    }
    sentence.push_str(rest);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: Option<&str>) {
        let facts = Facts { name: "orders", capitalised: "Orders", value: Some("{typical}"), typical: None };
        let mut sentence = "Protective: ".to_owned();
        let is_said = push_filled(&mut sentence, template, &facts);
        assert_eq!(is_said, expected.is_some(), "{template}");
        assert_eq!(sentence, format!("Protective: {}", expected.unwrap_or_default()), "{template}");
    }

    #[test]
    fn only_the_three_known_braces_are_filled_in() {
        check("{name}: {value}", Some("Orders: {typical}"));
        check("Few {name}, {value}", Some("Few orders, {typical}"));
        check("{{value}} {Value} {other} {", Some("{{typical}} {Value} {other} {"));
        check("no braces", Some("no braces"));
        check("é {name", Some("é {name"));
        check("typical is {typical}", None);
    }
}
