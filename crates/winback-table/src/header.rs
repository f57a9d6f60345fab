//! The column names of a file: cleaned, and found again even where case or blanks differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::HeaderFlaw;
use crate::oddity::{Oddities, OddityKind, Place};
use crate::{Error, Result, Schema, nearest_name};

/// More columns than this are no table of customers; each costs memory in a profile.
const MOST_COLUMNS: usize = 20_000;

/// The columns of one file.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    place: Place,
    /// The names, trimmed; a column without one is called by its position.
    pub(crate) names: Vec<String>,
    /// The trimmed names as they stand in the file.
    written: Vec<String>,
    /// The columns of each name.
    exact: BTreeMap<String, Columns>,
    /// The columns of each name, whatever its case and blanks.
    alike: BTreeMap<String, Columns>,
}

/// The first column that is called so, and the second if there is one.
type Columns = (usize, Option<usize>);

impl Header {
    /// The names of a file's columns; `line` is where they stand.
    pub(crate) fn new<'a>(
        file: &Arc<str>,
        line: Option<u64>,
        names: impl Iterator<Item = &'a str>,
        oddities: &mut Oddities,
    ) -> Result<Self> {
        let place = Place { file: file.clone(), line };
        let mut written = Vec::new();
        for name in names {
            if written.len() == MOST_COLUMNS {
                return Err(Error::Header { file: file.to_string(), flaw: HeaderFlaw::TooMany });
            }
            let trimmed = trim(name);
            // A carriage return belongs to the end of the line.
            if !trimmed.is_empty() && name.trim_end_matches('\r') != trimmed {
                oddities.note(OddityKind::PaddedName, &place, Some(trimmed), Some(name));
            }
            written.push(trimmed.to_owned());
        }
        let named = |(index, name): (usize, &String)| match name.as_str() {
            "" => format!("column {}", index + 1),
            name => name.to_owned(),
        };
        let names: Vec<String> = written.iter().enumerate().map(named).collect();
        let exact = columns(names.iter().cloned());
        let alike = columns(names.iter().map(|name| alike(name)));
        let header = Self { place, names, written, exact, alike };
        header.note_names(oddities);
        Ok(header)
    }

    /// Notes columns without a name, and names that differ only in case or blanks.
    fn note_names(&self, oddities: &mut Oddities) {
        for (name, written) in self.names.iter().zip(&self.written) {
            if written.is_empty() {
                oddities.note(OddityKind::UnnamedColumn, &self.place, Some(name), None);
            }
            let first = self.alike.get(&alike(name)).map(|(first, _)| &self.names[*first]);
            if let Some(other) = first.filter(|other| *other != name) {
                let kind = OddityKind::AlikeNames { other: other.clone() };
                oddities.note(kind, &self.place, Some(name), None);
            }
        }
    }

    /// Whether the fields of a row are the names again.
    pub(crate) fn is_again<'a>(&self, mut fields: impl Iterator<Item = &'a str>) -> bool {
        // Nearly every row ends here.
        let Some(first) = fields.next() else { return false };
        let Some((name, others)) = self.written.split_first() else { return false };
        // A single column may well have its own name among its values.
        trim(first) == name
            && !others.is_empty()
            && others.iter().all(|name| fields.next().is_some_and(|field| trim(field) == name))
            && fields.next().is_none()
            && self.written.iter().any(|name| !name.is_empty())
    }

    /// Refuses a name that is there twice.
    pub(crate) fn check_unique(&self) -> Result<()> {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, name) in self.names.iter().enumerate() {
            if let Some(first) = seen.insert(name, index) {
                return Err(self.repeated(name, first, index));
            }
        }
        Ok(())
    }

    /// The position of the column called `wanted`: of that very name, else of one that differs only in case or blanks.
    pub(crate) fn position(&self, wanted: &str, oddities: &mut Oddities) -> Result<usize> {
        match self.exact.get(wanted) {
            Some((found, None)) => return Ok(*found),
            Some((first, Some(second))) => return Err(self.repeated(wanted, *first, *second)),
            None => {}
        }
        match self.alike.get(&alike(wanted)) {
            Some((found, None)) => {
                let kind = OddityKind::FoundAlike { found: self.names[*found].clone() };
                oddities.note(kind, &self.place, Some(wanted), None);
                Ok(*found)
            }
            Some((first, Some(second))) => Err(Error::AmbiguousColumn {
                file: self.place.file.to_string(),
                column: wanted.to_owned(),
                found: [*first, *second].map(|index| self.numbered(index)).join(" and "),
            }),
            None => Err(Error::MissingColumn {
                file: self.place.file.to_string(),
                column: wanted.to_owned(),
                nearest: nearest_name(wanted, self.names.iter().map(String::as_str)).map(str::to_owned),
            }),
        }
    }

    /// The positions of columns by their names. No column is found twice: where two names differ only in case or blanks
    /// and the file has one of them, the other is missing.
    pub(crate) fn positions<'a>(
        &self,
        names: impl Iterator<Item = &'a str> + Clone,
        oddities: &mut Oddities,
    ) -> Result<Vec<usize>> {
        let positions: Vec<usize> =
            names.clone().map(|name| self.position(name, oddities)).collect::<Result<_>>()?;
        let mut owners: Vec<Option<&str>> = vec![None; self.names.len()];
        let mut missing = None;
        for (name, position) in names.zip(&positions) {
            // Of two that would have it the one whose very name it is keeps it.
            let owner = &mut owners[*position];
            let loser = match *owner {
                Some(_) if self.names[*position] != name => Some(name),
                _ => owner.replace(name),
            };
            missing = missing.or(loser);
        }
        let Some(column) = missing else { return Ok(positions) };
        let free = self.names.iter().zip(&owners).filter(|(_, owner)| owner.is_none());
        Err(Error::MissingColumn {
            file: self.place.file.to_string(),
            column: column.to_owned(),
            nearest: nearest_name(column, free.map(|(name, _)| name.as_str())).map(str::to_owned),
        })
    }

    /// Finds each field of the schema; answers their positions and the names left over.
    pub(crate) fn places(
        &self,
        schema: &Schema,
        oddities: &mut Oddities,
    ) -> Result<(Vec<usize>, Vec<String>)> {
        let positions = self.positions(schema.fields.iter().map(|field| field.name.as_str()), oddities)?;
        let mut is_used = vec![false; self.names.len()];
        positions.iter().for_each(|position| is_used[*position] = true);
        let unused = self.names.iter().zip(is_used).filter(|(_, is_used)| !is_used);
        let unused = unused.map(|(name, _)| name.clone()).collect();
        Ok((positions, unused))
    }

    /// A column's name with its position, from 1.
    fn numbered(&self, index: usize) -> String {
        format!("`{}` (column {})", self.names[index], index + 1)
    }

    fn repeated(&self, column: &str, first: usize, second: usize) -> Error {
        let (first, second) = (first + 1, second + 1);
        Error::RepeatedColumn { file: self.place.file.to_string(), column: column.to_owned(), first, second }
    }
}

fn columns(names: impl Iterator<Item = String>) -> BTreeMap<String, Columns> {
    let mut columns: BTreeMap<String, Columns> = BTreeMap::new();
    for (index, name) in names.enumerate() {
        let known = columns.entry(name).or_insert((index, None));
        if known.0 != index && known.1.is_none() {
            known.1 = Some(index);
        }
    }
    columns
}

/// Without outer blanks, of which a byte order mark within a line is one too.
fn trim(name: &str) -> &str {
    name.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// What two names have in common that differ only in case or blanks.
fn alike(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Kind, Role};

    fn header(names: &[&str]) -> (Header, Vec<String>) {
        let mut oddities = Oddities::default();
        let header = Header::new(&"h.csv".into(), Some(1), names.iter().copied(), &mut oddities).unwrap();
        (header, oddities.list().iter().map(ToString::to_string).collect())
    }

    fn position(names: &[&str], wanted: &str) -> Result<usize, String> {
        let (header, _) = header(names);
        header.position(wanted, &mut Oddities::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_cleaned_and_what_is_odd_is_said() {
        let (header, said) = header(&[" id ", "", "Call  Failure", "call failure", "n\r"]);
        assert_eq!(header.names, ["id", "column 2", "Call  Failure", "call failure", "n"]);
        assert_eq!(
            said,
            [
                "`h.csv` line 1, column `id`: blanks around its name; it is used without them",
                "`h.csv` line 1, column `column 2`: it has no name in the header; it is called `column 2` here",
                "`h.csv` line 1, column `call failure`: `Call  Failure` differs from it only in case or blanks; rename \
                 one, or exclude it",
            ]
        );
    }

    #[test]
    fn a_column_is_found_exactly_or_alike_or_not() {
        assert_eq!(position(&["a", "A"], "A"), Ok(1), "the very name wins");
        assert_eq!(position(&["x", "Call  Failure"], "call failure"), Ok(1));
        assert_eq!(
            position(&["ID", "x", "Id"], "id"),
            Err("`h.csv` has no column `id`, but two that differ from it only in case or blanks: `ID` (column 1) and \
                 `Id` (column 3); rename one of them"
                .to_owned())
        );
        assert_eq!(
            position(&["id", "x", "id"], "id"),
            Err("`h.csv` has the column `id` twice, as column 1 and column 3; rename one of them".to_owned())
        );
        assert_eq!(
            position(&["idx"], "id"),
            Err("`h.csv` has no column `id`; the nearest is `idx`".to_owned())
        );
    }

    #[test]
    fn a_column_is_found_for_one_name_alone() {
        let found = |names: &[&str], wanted: &[&str]| {
            let (header, _) = header(names);
            header
                .positions(wanted.iter().copied(), &mut Oddities::default())
                .map_err(|error| error.to_string())
        };
        assert_eq!(found(&["age", "Age"], &["Age", "age"]), Ok(vec![1, 0]));
        for wanted in [["age", "Age"], ["Age", "age"]] {
            let told = found(&["age", "n"], &wanted);
            assert_eq!(
                told,
                Err("`h.csv` has no column `Age`".to_owned()),
                "the other one has its very name"
            );
        }
        assert_eq!(
            found(&["AGE", "Agee"], &["age", "Age"]).unwrap_err(),
            "`h.csv` has no column `Age`; the nearest is `Agee`"
        );
    }

    /// Looking at every name for each field, as was done once, took this test minutes.
    #[test]
    fn as_many_columns_as_there_may_be_are_found_in_another_case() {
        let names: Vec<String> = (0..MOST_COLUMNS).map(|index| format!("Column {index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (header, _) = header(&names);
        let fields = (0..MOST_COLUMNS).rev().map(|index| format!("column {index}"));
        let fields = fields.map(|name| Field::new(name, Kind::Number, Role::Feature)).collect();
        let schema = Schema::new(fields, None).unwrap();
        let (positions, unused) = header.places(&schema, &mut Oddities::default()).unwrap();
        assert!(positions.into_iter().eq((0..MOST_COLUMNS).rev()));
        assert!(unused.is_empty());
    }

    #[test]
    fn a_row_is_the_header_again_or_not() {
        let (header, _) = header(&["id", "n", ""]);
        assert!(header.is_again([" id", "n ", "\r"].into_iter()));
        for other in [&["id", "n"][..], &["id", "n", "", ""], &["id", "n", "x"], &["x", "n", ""]] {
            assert!(!header.is_again(other.iter().copied()), "{other:?}");
        }
    }
}
