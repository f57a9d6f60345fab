//! What effects are a comparison with, as data and in words: the same words in a terminal and on pages.

use std::fmt;

use serde::Serialize;
use winback_table::parted;

/// What the effects that are shown compare a customer with. They mean nothing without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "background", rename_all = "snake_case")]
pub enum ComparedWith {
    /// The customers of the training: what is not known of a customer is as it was among those alike in what is.
    Training,
    /// Given customers: what is not known of a customer is taken from each of them in turn.
    Rows {
        /// How many.
        rows: u64,
        /// The file they are in, by name, or the first of them and how many more.
        file: String,
    },
}

impl fmt::Display for ComparedWith {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Training => formatter.write_str("the training distribution"),
            Self::Rows { rows, file } => formatter.write_str(&rows_of(*rows, file)),
        }
    }
}

/// Rows of a file, in words.
#[must_use]
pub fn rows_of(rows: u64, file: &str) -> String {
    match rows {
        1 => format!("the one row of {file}"),
        _ => format!("the {} rows of {file}", parted(rows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_with_is_said_in_words() {
        let rows = |rows| ComparedWith::Rows { rows, file: "week.csv".to_owned() }.to_string();
        assert_eq!(ComparedWith::Training.to_string(), "the training distribution");
        assert_eq!(
            [rows(1), rows(5780)],
            ["the one row of week.csv", "the 5,780 rows of week.csv"].map(str::to_owned)
        );
    }
}
