//! A column's name as words: what a file calls `Total_Trans_Ct` or `numOfProducts`, a person reads as a phrase.
//!
//! Nothing is translated or spelt out, since a guess at `Ct` could be wrong; the bank names a column in its wording
//! where the words of the file do not do.

use winback_table::Field;

/// The name in the middle of a sentence: the wording's as it stands, else the words of the column's name.
pub(super) fn of(field: &Field) -> String {
    match field.wording.name.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => from_column(&field.name),
    }
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Words in lower case, but for those that are written in capitals inside a name of mixed case (`USD`, `Q4`): they
/// are short for something. A name that is all capitals is only written loudly.
fn from_column(column: &str) -> String {
    let has_lower = column.chars().any(char::is_lowercase);
    let quiet = if has_lower { column.to_owned() } else { column.to_lowercase() };
    let words: Vec<String> = split(&quiet)
        .iter()
        .map(|word| if word.chars().any(char::is_lowercase) { word.to_lowercase() } else { word.clone() })
        .collect();
    if words.is_empty() { column.to_owned() } else { words.join(" ") }
}

fn split(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &letter) in letters.iter().enumerate() {
        let is_gap = is_separator(&letters, index);
        if (is_gap || (0 < index && is_start(&letters, index)))
            && let Some(last) = words.last()
            && !last.is_empty()
        {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| !is_gap) {
            last.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Underscores, blanks, dots and dashes part words; a dot or dash between digits belongs to a number (`1.5`, `0-30`).
fn is_separator(letters: &[char], index: usize) -> bool {
    let is_digit =
        |index: Option<usize>| index.and_then(|index| letters.get(index)).is_some_and(char::is_ascii_digit);
    match letters[index] {
        '_' => true,
        '.' | '-' => !(is_digit(index.checked_sub(1)) && is_digit(Some(index + 1))),
        letter => letter.is_whitespace(),
    }
}

/// Whether a new word starts at a letter or digit that no separator parts from what is before it.
fn is_start(letters: &[char], index: usize) -> bool {
    let (before, here) = (letters[index - 1], letters[index]);
    let after = letters.get(index + 1).copied();
    let is_followed_by_lower = after.is_some_and(char::is_lowercase);
    if here.is_ascii_digit() {
        // `month3` are two words, `Q4` and `x1` are one.
        let is_long = 2 <= letters[..index].iter().rev().take_while(|letter| letter.is_alphabetic()).count();
        return before.is_alphabetic() && is_long && !is_single_capital(letters, index);
    }
    if before.is_ascii_digit() && here.is_uppercase() {
        // `12Months` and `Q4Q1` are two words, `3M` is one.
        return is_followed_by_lower || after.is_some_and(|after| after.is_ascii_digit());
    }
    if before.is_ascii_digit() && here.is_alphabetic() {
        // `90days` are two words, `3rd` and `12m` are one.
        return 3 <= letters[index..].iter().take_while(|letter| letter.is_lowercase()).count();
    }
    // `tradeVolume` has its border before the capital, `USDBalance` before the last of the capitals.
    here.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && is_followed_by_lower))
}

/// Whether the letter before a digit is a capital that begins a word of its own, as in `chngQ4`.
fn is_single_capital(letters: &[char], index: usize) -> bool {
    letters[index - 1].is_uppercase() && (index < 2 || !letters[index - 2].is_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn columns_become_words() {
        for (column, expected) in [
            ("Total_Trans_Ct", "total trans ct"),
            ("NumOfProducts", "num of products"),
            ("MonthlyCharges", "monthly charges"),
            ("IsActiveMember", "is active member"),
            ("StreamingTV", "streaming TV"),
            ("customerID", "customer ID"),
            ("USDBalance", "USD balance"),
            ("Total_Ct_Chng_Q4_Q1", "total ct chng Q4 Q1"),
            ("chngQ4Q1", "chng Q4 Q1"),
            ("AvgBalance3M", "avg balance 3M"),
            ("Last12Months", "last 12 months"),
            ("late_90days", "late 90 days"),
            ("PAY_AMT1", "pay amt 1"),
            ("LIMIT_BAL", "limit bal"),
            ("CLIENTNUM", "clientnum"),
            ("x1", "x1"),
            ("nr.employed", "nr employed"),
            ("euribor3m", "euribor 3m"),
            ("days_0-30", "days 0-30"),
            ("Balance (EUR)", "balance (EUR)"),
            ("KündigungsÜberhang", "kündigungs überhang"),
            ("2026", "2026"),
            ("___", "___"),
        ] {
            assert_eq!(from_column(column), expected);
        }
    }

    #[test]
    fn the_first_letter_may_need_two() {
        for (text, expected) in
            [("tenure", "Tenure"), ("état", "État"), ("ßa", "SSa"), ("3M", "3M"), ("", "")]
        {
            assert_eq!(capitalised(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(column in "[A-Za-z0-9_.Ää -]{1,24}") {
            let bare = |text: &str| text.to_lowercase().replace([' ', '_', '.', '-'], "");
            let words = from_column(&column);
            prop_assert_eq!(bare(&words), bare(&column));
            prop_assert!(!words.is_empty() && !words.contains("  ") || words == column);
        }
    }
}
