//! A number as people write it: a sign, a currency or percent sign, groups of three, a decimal point or comma.

use crate::cell;

/// Signs that may stand before or after a number. What is not among them makes no number of a text.
const UNITS: [&str; 24] = [
    "€", "$", "£", "¥", "₹", "%", "‰", "EUR", "USD", "GBP", "CHF", "JPY", "INR", "PLN", "CZK", "SEK", "NOK",
    "DKK", "HUF", "CAD", "AUD", "BRL", "kr", "zł",
];

/// No number that a bank writes has more digits and separators.
const LONGEST: usize = 64;

/// A text that is a number in some notation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spelled {
    /// Its currency or percent sign.
    pub(crate) unit: Option<&'static str>,
    /// Its value where the point parts the decimals, if it is a number then.
    pub(crate) as_point: Option<f64>,
    /// Its value where the comma parts the decimals, if it is a number then.
    pub(crate) as_comma: Option<f64>,
}

/// What a number says of the notation of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Digits alone: any notation has it.
    Bare,
    /// Groups parted by blanks or apostrophes alone: no plain number, and any decimal sign.
    Grouped,
    /// It has a decimal point, or commas between groups.
    Point,
    /// It has a decimal comma, or points between groups.
    Comma,
    /// `1.234`, which may be either.
    PointMaybe,
    /// `1,234`, which may be either.
    CommaMaybe,
}

impl Spelled {
    /// What it says of the notation; `text` is where it comes from.
    pub(crate) fn form(&self, text: &str) -> Form {
        match (self.as_point, self.as_comma) {
            (Some(_), None) => Form::Point,
            (None, _) => Form::Comma,
            (Some(point), Some(comma)) if cell::same_number(point, comma) => {
                let inner = text.bytes().filter(u8::is_ascii_digit).count();
                let body = body(text).map_or(0, |body| body.text.len());
                if body == inner { Form::Bare } else { Form::Grouped }
            }
            _ if text.contains(',') => Form::CommaMaybe,
            _ => Form::PointMaybe,
        }
    }
}

/// The number in a text, under either decimal sign; nothing when it is none under both.
pub(crate) fn spelled(text: &str) -> Option<Spelled> {
    // Most words end here.
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let body = body(text)?;
    let signed = |value: f64| if body.is_negative { -value } else { value };
    let as_point = parse(body.text, b'.').or_else(|| cell::number(body.text)).map(signed);
    let as_comma = parse(body.text, b',').map(signed);
    let some = as_point.is_some() || as_comma.is_some();
    some.then_some(Spelled { unit: body.unit, as_point, as_comma })
}

/// A text without its sign and unit.
struct Body<'a> {
    text: &'a str,
    unit: Option<&'static str>,
    is_negative: bool,
}

fn body(text: &str) -> Option<Body<'_>> {
    let (text, before) = signed(text.trim());
    // No unit begins or ends with a digit.
    let units_unless = |digit: Option<&u8>| {
        let units = if digit.is_some_and(u8::is_ascii_digit) { &UNITS[..0] } else { &UNITS[..] };
        units.iter().copied()
    };
    let (first, last) = (text.as_bytes().first(), text.as_bytes().last());
    let prefix = units_unless(first).find_map(|unit| Some((unit, text.strip_prefix(unit)?)));
    let (text, unit) = match prefix {
        Some((unit, rest)) => (rest.trim_start(), Some(unit)),
        None => {
            let suffix = units_unless(last).find_map(|unit| Some((unit, text.strip_suffix(unit)?)));
            suffix.map_or((text, None), |(unit, rest)| (rest.trim_end(), Some(unit)))
        }
    };
    let (text, after) = signed(text);
    let is_number = text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_digit() || ".,".contains(first));
    // Two signs are no number that anybody writes.
    let is_number = is_number && !(before.is_some() && after.is_some());
    is_number.then_some(Body { text, unit, is_negative: before.or(after) == Some(true) })
}

/// A text without its sign, and whether that was a minus.
fn signed(text: &str) -> (&str, Option<bool>) {
    if let Some(rest) = text.strip_prefix(['-', '\u{2212}']) {
        (rest.trim_start(), Some(true))
    } else if let Some(rest) = text.strip_prefix('+') {
        (rest.trim_start(), Some(false))
    } else {
        (text, None)
    }
}

/// Digits, perhaps in groups of three, and decimals after `decimal`.
fn parse(text: &str, decimal: u8) -> Option<f64> {
    let mut plain = [0_u8; LONGEST];
    let mut length = 0;
    let mut push = |byte: u8| {
        plain[length] = byte;
        length += 1;
    };
    let mut separator = None;
    let mut run = 0;
    let mut in_decimals = false;
    let starts_with_zero = text.starts_with('0');
    for character in text.chars() {
        match character {
            digit @ '0'..='9' => {
                run += 1;
                push(digit as u8);
            }
            _ if in_decimals => return None,
            sign if sign == char::from(decimal) => {
                if separator.is_some() && run != 3 {
                    return None;
                }
                in_decimals = true;
                push(b'.');
            }
            '.' | ',' | ' ' | '\'' | '\u{2019}' | '\u{a0}' | '\u{202f}' => {
                // The first group has one to three digits, every other one three, all parted by the same sign.
                let is_regular = match separator {
                    None => (1..=3).contains(&run) && !starts_with_zero,
                    Some(known) => known == character && run == 3,
                };
                if !is_regular {
                    return None;
                }
                separator = Some(character);
                run = 0;
            }
            _ => return None,
        }
    }
    if separator.is_some() && !in_decimals && run != 3 {
        return None;
    }
    cell::number(std::str::from_utf8(&plain[..length]).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_what_it_can_of_its_notation() {
        let form = |text: &str| spelled(text).map(|found| found.form(text));
        assert_eq!(form("1234"), Some(Form::Bare));
        assert_eq!(form("12 %"), Some(Form::Bare));
        assert_eq!(form("1 234"), Some(Form::Grouped));
        assert_eq!(form("1'234 €"), Some(Form::Grouped));
        for text in ["1.5", "0.123", "1234.567", "1,234.5", "1,234,567", "1e5", ".5"] {
            assert_eq!(form(text), Some(Form::Point), "{text}");
        }
        for text in ["1,5", "0,123", "1234,567", "1.234,5", "1.234.567", ",5"] {
            assert_eq!(form(text), Some(Form::Comma), "{text}");
        }
        assert_eq!(form("1.234"), Some(Form::PointMaybe));
        assert_eq!(form("$1,234"), Some(Form::CommaMaybe));
        for text in ["", "-", "€", "1,2,3", "1-2", "--1", "a1", "1 23", "12 km", "1.2.3", "1 234.567.8"] {
            assert_eq!(form(text), None, "{text}");
        }
    }

    #[test]
    fn long_texts_are_no_numbers() {
        assert_eq!(spelled(&"1".repeat(65)), None);
        assert!(spelled(&"1".repeat(64)).is_some());
    }
}
