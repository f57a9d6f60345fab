//! How often something was seen in a column, and where first.

use crate::oddity::{Oddities, Oddity, OddityKind, Place};
use crate::reject::shortened;

/// Rows that have something in common, and the first of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) rows: u64,
    first: Option<(Place, String)>,
}

impl Seen {
    pub(super) fn add(&mut self, place: &Place, value: &str) {
        self.rows += 1;
        if self.first.is_none() {
            self.first = Some((place.clone(), shortened(value)));
        }
    }

    /// Whether it was seen in at most one row of a hundred: those rows are rejected, and the column is what the others
    /// say.
    pub(super) fn is_stray(rows: u64, of: u64) -> bool {
        rows * 100 <= of
    }

    /// Says that it is odd, if it was seen at all.
    pub(super) fn say(&self, kind: OddityKind, column: &str, oddities: &mut Oddities) {
        let Some((place, value)) = &self.first else { return };
        oddities.push(Oddity {
            file: place.file.clone(),
            line: place.line,
            column: Some(column.to_owned()),
            rows: self.rows,
            kind,
            example: Some(value.clone()),
        });
    }
}
