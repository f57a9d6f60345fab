//! Reasons: which effects are worth telling, and the sentence for each.
//!
//! A sentence states the customer's value and what is usual in training, as they are. It never claims a change
//! ("fewer than before") because one row holds none, and a share ("most customers") only where one is known.

mod name;
pub(crate) mod number;
mod sentence;

use std::borrow::Cow;

use winback_table::Field;
use winback_table::cell::show_seconds;

use self::sentence::{Facts, Place};

/// Said before a reason that lowers the risk; at the front, because that is what stays visible in a narrow cell.
const PROTECTIVE: &str = "Protective: ";

/// A customer's value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Missing,
    /// A finite number; any other is told as missing.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Seconds since 1970-01-01T00:00:00, without zone.
    Time(i64),
    /// A level of a category, as written in the file.
    Level(&'a str),
}

/// What is usual in a column of the training data.
#[derive(Debug, Clone, PartialEq)]
pub enum Typical {
    /// The median of the numbers; finite.
    Number(f64),
    /// The more frequent answer.
    Flag(bool),
    /// The median moment, in seconds since 1970-01-01T00:00:00.
    Time(i64),
    /// The most frequent level, as written in the file.
    Level(String),
    /// Nothing is known; sentences then hold the value alone.
    None,
}

/// The effects that are told, and what the others add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Column index and effect, in the order in which they are told.
    pub reasons: Vec<(usize, f64)>,
    /// The sum of all effects that are not told, in log-odds.
    pub other_effect: f64,
}

/// Chooses at most `count` effects to tell.
///
/// `effects` holds one finite effect a column, in log-odds; `allowed` says of each column whether it may be a reason
/// (a feature, and not protected). Effects that raise the risk come first, strongest first; then, if there are fewer
/// than asked for, those that lower it, strongest first. Of equal ones the earlier column goes first. An effect of
/// zero is no reason, and neither is a column that `allowed` is too short to name.
///
/// The effects that are left, those of forbidden columns included, are added up in the order of the columns.
#[must_use]
pub fn choose(effects: &[f64], allowed: &[bool], count: usize) -> Chosen {
    let mut reasons: Vec<(usize, f64)> = Vec::with_capacity(count.min(effects.len()) + 1);
    // What a further effect must exceed.
    let mut weakest = if count == 0 { u64::MAX } else { 0 };
    for (column, (&effect, &is_allowed)) in effects.iter().zip(allowed).enumerate() {
        let has_effect = effect < 0.0 || 0.0 < effect;
        let weight = if is_allowed & has_effect { weight(effect) } else { 0 };
        if weight <= weakest {
            continue;
        }
        // Behind its equals, so that the earlier column stays first.
        let place = reasons.partition_point(|&(_, kept)| weight <= self::weight(kept));
        reasons.insert(place, (column, effect));
        reasons.truncate(count);
        if let Some(&(_, last)) = reasons.get(count - 1) {
            weakest = self::weight(last);
        }
    }
    let mut told: Vec<usize> = reasons.iter().map(|(column, _)| *column).collect();
    told.sort_unstable();
    let mut other_effect = 0.0;
    let mut from = 0;
    for end in told.into_iter().chain([effects.len()]) {
        for effect in &effects[from..end] {
            other_effect += effect;
        }
        from = end + 1;
    }
    Chosen { reasons, other_effect }
}

/// A number that is the larger the earlier an effect, not zero, is told: risk before protection, strong before weak.
/// The bits of floats of one sign are in the order of their sizes; with the sign turned round, those above zero come
/// after those below.
fn weight(effect: f64) -> u64 {
    effect.to_bits() ^ (1 << 63)
}

/// Tells the effects of one column: what is the same for all customers is made once.
#[derive(Debug, Clone)]
pub struct Speaker {
    /// The column.
    pub field: Field,
    typical: Typical,
    /// The column's name in a sentence, and at the beginning of one.
    names: [String; 2],
    /// What is typical, as people read it.
    typical_shown: Option<String>,
}

impl Speaker {
    /// For a column, and what is usual in it.
    #[must_use]
    pub fn new(field: Field, typical: Typical) -> Self {
        let name = name::of(&field);
        let names = [name.clone(), name::capitalised(&name)];
        let typical_shown = typical.shown();
        Self { field, typical, names, typical_shown }
    }

    /// The sentence that tells one column's effect on one customer.
    ///
    /// The form is the same for every column, and free of verbs that would have to agree with a name:
    /// `Transactions in 12 months: 22, low; typical is 67`. Times are `early` or `late`; a category or flag that differs
    /// from the most frequent one reads `Geography: Germany; most common is France`. What looks equal once it is written
    /// is told as equal, so no sentence says that 0.5 is lower than 0.5. A negative `effect` puts `Protective: ` in
    /// front.
    ///
    /// A wording of the field wins. Its `low` and `high` are said of numbers and times below and above the typical one,
    /// `level` of those equal to it and of any category or flag, `missing` of no value. In these, `{value}`, `{typical}`
    /// and `{name}` are filled in and all else stays as written, other braces included. A blank wording counts as none,
    /// and one that names `{typical}` is passed over where nothing typical of the value's kind is known.
    #[must_use]
    pub fn words(&self, value: &Value<'_>, effect: f64) -> String {
        let mut words = String::new();
        self.tell(value, effect, &mut words);
        words
    }

    /// Appends the sentence of [`Self::words`] to a text.
    pub(crate) fn tell(&self, value: &Value<'_>, effect: f64, text: &mut String) {
        let shown = value.shown();
        let typical = self.typical_shown.as_deref().filter(|_| self.typical.stands_beside(value));
        let [name, capitalised] = &self.names;
        let facts = Facts { name, capitalised, value: shown.as_deref(), typical };
        let place = Place::of(value, &self.typical, &facts);
        let before = if effect < 0.0 { PROTECTIVE } else { "" };
        sentence::push(text, before, place, &self.field.wording, &facts);
    }
}

impl Value<'_> {
    /// The value as people read it; nothing when it is missing.
    fn shown(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Number(number) if number.is_finite() => Some(number::shown(*number).into()),
            Self::Missing | Self::Number(_) => None,
            Self::Flag(flag) => Some(yes_or_no(*flag).into()),
            Self::Time(seconds) => Some(show_seconds(*seconds).into()),
            Self::Level(level) => Some((*level).into()),
        }
    }
}

impl Typical {
    /// What is usual as people read it.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Number(number) => number.is_finite().then(|| number::shown(*number)),
            Self::Flag(flag) => Some(yes_or_no(*flag).to_owned()),
            Self::Time(seconds) => Some(show_seconds(*seconds)),
            Self::Level(level) => Some(level.clone()),
            Self::None => None,
        }
    }

    /// Whether it can stand beside a value, being of its kind.
    fn stands_beside(&self, value: &Value<'_>) -> bool {
        matches!(
            (self, value),
            (_, Value::Missing)
                | (Self::Number(_), Value::Number(_))
                | (Self::Flag(_), Value::Flag(_))
                | (Self::Time(_), Value::Time(_))
                | (Self::Level(_), Value::Level(_))
        )
    }
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

#[cfg(test)]
mod tests;
