//! What is odd about a file: found while it is read, named with its place, never mended in silence.
//!
//! Each [`Oddity`] is the first of its kind (and column) with a count of the rows that have it, so that what a file can
//! make us remember is bounded however odd it is.

use std::fmt;
use std::sync::Arc;

use crate::reject::shortened;
use crate::{Notation, Reason, parted};

/// Something odd in a file: where it first stands, how often it is there, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// The file in which it was first seen, as the user gave it.
    pub file: Arc<str>,
    /// The line of the first one, from 1; for Parquet the row's number; none for what is odd about a name there.
    pub line: Option<u64>,
    /// The column, if it is one.
    pub column: Option<String>,
    /// Rows that have it; 1 for what is odd about a name.
    pub rows: u64,
    /// What it is.
    pub kind: OddityKind,
    /// The first value that has it, cut at 200 characters.
    pub example: Option<String>,
}

/// What is odd.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OddityKind {
    /// Blanks stand around a column's name.
    PaddedName,
    /// A column has no name, and is called by its position.
    UnnamedColumn,
    /// Another column's name differs from this one's only in case or blanks.
    AlikeNames {
        /// The other name.
        other: String,
    },
    /// A column that the schema names was found under a name that differs only in case or blanks.
    FoundAlike {
        /// The name in the file.
        found: String,
    },
    /// A row that repeats the header.
    RepeatedHeader,
    /// A line that marks an unresolved merge.
    MergeMarker,
    /// The rows from here on are those from the beginning again.
    RepeatedTable,
    /// A row with another number of fields than the header.
    FieldCount,
    /// A quote that does not close where it should, or a line beyond all measure.
    Runaway,
    /// A row with bytes that are no text in the file's encoding.
    NotText,
    /// A row with zero bytes.
    ZeroBytes,
    /// A row that is UTF-8 in a file that is not.
    OtherEncoding,
    /// Cells of blanks alone in a column of numbers or dates.
    BlankCells,
    /// Numbers or dates in a notation of their own, which the schema keeps.
    Notation(Notation),
    /// Dates that can be read in one way, in more than one notation.
    SeveralDates,
    /// Cells of another notation, too few to change what the column is.
    StrayNotation(Notation),
    /// Numbers with a decimal comma and with a decimal point in one column.
    MixedNumbers,
    /// Numbers such as `1,234` alone, which have two meanings.
    AmbiguousNumbers,
    /// Numbers in several currencies, or some with a sign and some without.
    MixedUnits,
    /// Dates with the day first and with the month first in one column.
    MixedDates,
    /// Dates such as `01/02/2026` alone, which have two meanings.
    AmbiguousDates,
    /// Cells that are no numbers in a column where most are.
    NotNumbers {
        /// Whether they are few enough for the column to be one of numbers.
        are_few: bool,
    },
    /// A number far from all others that many rows have, as numbers that stand for "no value" do.
    Sentinel {
        /// The number as it is spelled in settings.
        value: String,
        /// The smallest and the largest of the others.
        others: (String, String),
    },
}

impl OddityKind {
    /// What a rejected row is an example of, if its reason is odd about the file and not about a value.
    #[must_use]
    pub fn of(reason: Reason) -> Option<Self> {
        match reason {
            Reason::RepeatedHeader => Some(Self::RepeatedHeader),
            Reason::MergeMarker => Some(Self::MergeMarker),
            Reason::FieldCount { .. } => Some(Self::FieldCount),
            Reason::Runaway => Some(Self::Runaway),
            Reason::NotText => Some(Self::NotText),
            Reason::ZeroBytes => Some(Self::ZeroBytes),
            Reason::WrongKind(_)
            | Reason::NoKey
            | Reason::RepeatedKey
            | Reason::NoLabel
            | Reason::NoTime
            | Reason::NoWeight => None,
        }
    }
}

impl Oddity {
    /// What is odd, where, and the way out, as one sentence without full stop.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// Whether it is about how columns are called, and so holds no value of a customer.
    #[must_use]
    pub fn is_about_names(&self) -> bool {
        matches!(
            self.kind,
            OddityKind::PaddedName
                | OddityKind::UnnamedColumn
                | OddityKind::AlikeNames { .. }
                | OddityKind::FoundAlike { .. }
        )
    }

    /// The same with no value of a column in it, for what is kept or sent.
    #[must_use]
    pub fn without_values(&self) -> Self {
        let mut oddity = self.clone();
        let left_out = || "…".to_owned();
        if let OddityKind::Sentinel { others, .. } = &mut oddity.kind {
            *others = (left_out(), left_out());
        }
        if oddity.kind != OddityKind::MergeMarker {
            oddity.example = oddity.example.map(|_| left_out());
        }
        oddity
    }

    fn rows(&self) -> String {
        if self.rows == 1 { "1 row".to_owned() } else { format!("{} rows", parted(self.rows)) }
    }

    #[expect(clippy::too_many_lines, reason = "one sentence for each kind, read as a list")]
    fn what(&self) -> String {
        let rows = self.rows();
        let example = self.example.as_deref().unwrap_or_default();
        let column = self.column.as_deref().unwrap_or_default();
        let table = settings_table(column);
        match &self.kind {
            OddityKind::PaddedName => "blanks around its name; it is used without them".to_owned(),
            OddityKind::UnnamedColumn => {
                format!("it has no name in the header; it is called `{column}` here")
            }
            OddityKind::AlikeNames { other } => {
                format!("`{other}` differs from it only in case or blanks; rename one, or exclude it")
            }
            OddityKind::FoundAlike { found } => {
                format!(
                    "it stands there as `{found}`, which differs only in case or blanks, and is taken for it"
                )
            }
            OddityKind::RepeatedHeader => {
                format!("the header again, {rows}; rejected, look whether two files were joined")
            }
            OddityKind::MergeMarker => format!(
                "`{example}` marks an unresolved merge, {rows}; rejected, and rows of both sides are in the file: \
                 resolve it"
            ),
            OddityKind::RepeatedTable => {
                format!("the rows from the beginning come again, {rows}; take them out, or they count twice")
            }
            OddityKind::FieldCount => format!(
                "{rows} with another number of fields than the header; rejected, mend them or quote what holds the \
                 delimiter"
            ),
            OddityKind::Runaway => {
                format!(
                    "a quote that does not close where it should, or a line over 1 MiB, {rows}; rejected, double \
                     quotes within a field"
                )
            }
            OddityKind::NotText => format!(
                "{rows} with bytes that are not text in the file's encoding; rejected, mend them or name the encoding \
                 with `encoding`"
            ),
            OddityKind::ZeroBytes => format!("{rows} with zero bytes; rejected, write the file anew"),
            OddityKind::OtherEncoding => format!(
                "{rows} of UTF-8 in a file that is not; read as the rest is, so letters look wrong: save the file in \
                 one encoding"
            ),
            OddityKind::BlankCells => format!("only blanks in {rows}; read as no value"),
            OddityKind::Notation(notation) => {
                format!("written as `{example}`, {rows}; read in the notation `{}`", notation.example())
            }
            OddityKind::SeveralDates => {
                format!(
                    "dates in several notations, such as `{example}`; each can be read in one way only, and is"
                )
            }
            OddityKind::StrayNotation(notation) => format!(
                "`{example}` is not written as the others are (`{}`), {rows}; rejected, write them alike",
                notation.example()
            ),
            OddityKind::MixedNumbers => format!(
                "decimal commas and decimal points are mixed, such as `{example}`, {rows}; not read as numbers: write \
                 them alike"
            ),
            OddityKind::AmbiguousNumbers => format!(
                "`{example}` may be over a thousand or have three decimals, {rows}; not read as numbers: say \
                 `numbers = \"point\"` or `numbers = \"comma\"` under `{table}`, by the sign before the \
                 decimals, and do not exclude it"
            ),
            OddityKind::MixedUnits => format!(
                "`{example}` has another sign than other cells, {rows}; not read as numbers: write all in one unit, \
                 with the sign or without"
            ),
            OddityKind::MixedDates => format!(
                "some dates have the day first and some the month, such as `{example}`, {rows}; not read as dates: \
                 write them as 2026-12-31"
            ),
            OddityKind::AmbiguousDates => format!(
                "`{example}` may have the day first or the month, {rows}; not read as dates: say \
                 `dates = \"day-first\"` or `dates = \"month-first\"` under `{table}`, and do not exclude it"
            ),
            OddityKind::NotNumbers { are_few: true } => format!(
                "`{example}` is not a number, {rows}; rejected, mend them, or say `missing = [\"{example}\"]` under \
                 `{table}` if it means no value"
            ),
            OddityKind::NotNumbers { are_few: false } => format!(
                "most cells are numbers, but `{example}` is not, {rows}; not read as numbers: mend them, or say \
                 `missing = [\"{example}\"]` under `{table}` if it means no value"
            ),
            OddityKind::Sentinel { value, others: (low, high) } => format!(
                "{value} in {rows}, far from all others ({low} to {high}); if it means no value, say \
                 `missing = [\"{value}\"]` under `{table}`"
            ),
        }
    }
}

/// The part of the settings that speaks of a column, its name quoted where it must be.
fn settings_table(column: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !column.is_empty() && column.bytes().all(is_bare) {
        return format!("[columns.{column}]");
    }
    format!("[columns.\"{}\"]", column.replace('\\', "\\\\").replace('"', "\\\""))
}

impl fmt::Display for Oddity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.file)?;
        if let Some(line) = self.line {
            write!(formatter, " line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(formatter, ", column `{column}`")?;
        }
        write!(formatter, ": {}", self.what())
    }
}

/// Oddities of each kind that are remembered: a file with more columns than anybody reads could have more, and none of
/// them may keep another kind from being told.
const MOST_OF_A_KIND: usize = 50;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: Option<u64>,
}

/// Oddities, the first of each kind and column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    found: Vec<Oddity>,
}

impl Oddities {
    /// Counts an oddity; the first of its kind and column is kept.
    pub(crate) fn note(
        &mut self,
        kind: OddityKind,
        place: &Place,
        column: Option<&str>,
        example: Option<&str>,
    ) {
        let known = |other: &&mut Oddity| other.kind == kind && other.column.as_deref() == column;
        if let Some(known) = self.found.iter_mut().find(known) {
            known.rows += 1;
            return;
        }
        self.push(Oddity {
            file: place.file.clone(),
            line: place.line,
            column: column.map(str::to_owned),
            rows: 1,
            kind,
            example: example.map(shortened),
        });
    }

    /// Adds an oddity whose rows were counted elsewhere.
    pub(crate) fn push(&mut self, oddity: Oddity) {
        let known = |other: &&mut Oddity| other.kind == oddity.kind && other.column == oddity.column;
        if let Some(known) = self.found.iter_mut().find(known) {
            known.rows += oddity.rows;
            return;
        }
        let kind = std::mem::discriminant(&oddity.kind);
        let alike = self.found.iter().filter(|other| std::mem::discriminant(&other.kind) == kind);
        if alike.count() < MOST_OF_A_KIND {
            self.found.push(oddity);
        }
    }

    pub(crate) fn list(&self) -> &[Oddity] {
        &self.found
    }

    pub(crate) fn into_list(self) -> Vec<Oddity> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_told_to_those_who_keep_notes() {
        let told = |kind, example: &str| {
            let column = (kind != OddityKind::MergeMarker).then(|| "n".to_owned());
            let file = "m".into();
            let oddity =
                Oddity { file, line: Some(7), column, rows: 2, kind, example: Some(example.to_owned()) };
            oddity.without_values().message()
        };
        let others = ("17".to_owned(), "42".to_owned());
        let sentinel = told(OddityKind::Sentinel { value: "999".to_owned(), others }, "999");
        assert!(sentinel.contains("column `n`: 999 in 2 rows, far from all others (… to …)"), "{sentinel}");
        assert!(
            told(OddityKind::AmbiguousNumbers, "1,234").contains("column `n`: `…` may be over a thousand")
        );
        assert!(told(OddityKind::MergeMarker, "=======").contains("`=======` marks an unresolved merge"));
    }

    #[test]
    fn many_rows_are_told_with_their_thousands_parted() {
        let mut oddities = Oddities::default();
        let place = Place { file: "m".into(), line: Some(2) };
        for _ in 0..12_000 {
            oddities.note(OddityKind::BlankCells, &place, Some("n"), None);
        }
        let said = oddities.list()[0].message();
        assert_eq!(said, "`m` line 2, column `n`: only blanks in 12,000 rows; read as no value");
    }

    #[test]
    fn no_kind_keeps_another_from_being_told() {
        let mut oddities = Oddities::default();
        let place = Place { file: "m".into(), line: Some(1) };
        for column in 0..250 {
            oddities.note(OddityKind::UnnamedColumn, &place, Some(&format!("column {column}")), None);
        }
        oddities.note(OddityKind::MergeMarker, &place, None, Some("<<<<<<< HEAD"));
        assert_eq!(oddities.list().len(), MOST_OF_A_KIND + 1);
        assert!(oddities.list().iter().any(|oddity| oddity.kind == OddityKind::MergeMarker));
    }
}
