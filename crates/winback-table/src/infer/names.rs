//! What the name of a column says: words that keys, labels, moments and protected attributes go by.

pub(super) const KEYS: [&str; 10] =
    ["customer", "client", "cust", "account", "clientnum", "customerid", "kunde", "user", "member", "party"];
/// Words that make a name that of a key, beside one of [`KEYS`].
pub(super) const NUMBERED: [&str; 4] = ["id", "key", "number", "num"];
/// Names that are keys without a further word.
pub(super) const WHOLE_KEYS: [&str; 2] = ["clientnum", "customerid"];
pub(super) const LABELS: [&str; 14] = [
    "churn",
    "churned",
    "exited",
    "attrition",
    "attrited",
    "left",
    "label",
    "target",
    "closed",
    "leaver",
    "y",
    "churner",
    "lapsed",
    "cancelled",
];
pub(super) const POSITIVES: [&str; 12] =
    ["1", "1.0", "yes", "true", "y", "t", "attrited", "churned", "left", "exited", "closed", "leaver"];
pub(super) const TIMES: [&str; 8] =
    ["as_of", "asof", "snapshot", "period", "month", "reference", "observation", "cutoff"];
pub(super) const PROTECTED: [&str; 16] = [
    "gender",
    "sex",
    "age",
    "race",
    "ethnicity",
    "religion",
    "nationality",
    "marital",
    "disability",
    "birth",
    "orientation",
    "pregnancy",
    "citizenship",
    "ethnic",
    "seniorcitizen",
    "married",
];

/// Whether one of the words of a column's name is in a list.
pub(super) fn has_word(name: &str, list: &[&str]) -> bool {
    words(name).iter().any(|word| list.contains(&word.as_str()))
}

/// A column's name as a whole, then its words (parted by punctuation, blanks or a capital), in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![name.to_lowercase()];
    let mut word = String::new();
    let mut after_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && after_lower) {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        after_lower = character.is_lowercase();
    }
    words.push(word);
    words
}

/// Whether a name is the one that a column without any is given.
pub(super) fn is_unnamed(name: &str) -> bool {
    let number = name.strip_prefix("column ");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a name is that of a mere number of the row.
pub(super) fn is_row_number(name: &str) -> bool {
    has_word(name, &["row", "index", "rownumber"]) || is_unnamed(name)
}

/// Whether a name is that of a key: `clientnum`, `customer_id`, `AccountNumber`; but not `num_accounts`, a count.
pub(super) fn is_key_name(name: &str) -> bool {
    let words = words(name);
    let is_number = words.last().is_some_and(|last| NUMBERED.contains(&last.as_str()));
    has_word(name, &WHOLE_KEYS) || has_word(name, &KEYS) && (is_number || has_word(name, &["id", "key"]))
}
