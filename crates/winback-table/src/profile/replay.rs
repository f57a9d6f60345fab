//! Whether rows come again in the order in which they began, as when a table was pasted twice or a file copied.

use crate::keys;
use crate::oddity::{Oddities, Oddity, OddityKind, Place};

/// Rows from the beginning that are remembered: so many in the same order are no chance.
const REMEMBERED: usize = 1000;
/// Without the header again, so many different rows in the same order make a repeated table.
const TELLING: usize = 20;

/// Follows whether the first rows come again.
#[derive(Debug, Default)]
pub(super) struct Replay {
    beginning: Vec<u64>,
    /// Where the beginning seems to come again, and how many rows of it did.
    again: Option<(Place, usize)>,
    after_header: bool,
}

impl Replay {
    /// The header came again: what follows may be the same table.
    pub(super) fn header(&mut self) {
        self.after_header = true;
        self.again = None;
    }

    /// The next row, by its bytes.
    pub(super) fn row(&mut self, bytes: &[u8], place: &Place, oddities: &mut Oddities) {
        let hash = keys::hash_bytes(bytes);
        if let Some((_, came)) = &mut self.again {
            if self.beginning.get(*came) == Some(&hash) {
                *came += 1;
                return self.judge(oddities);
            }
            // It was no repetition: its rows belong to the beginning like any others.
            let came = *came;
            self.again = None;
            self.after_header = false;
            let room = REMEMBERED.saturating_sub(self.beginning.len());
            self.beginning.extend_from_within(..came.min(room));
        }
        if self.beginning.first() == Some(&hash) {
            self.again = Some((place.clone(), 1));
            return self.judge(oddities);
        }
        self.after_header = false;
        if self.beginning.len() < REMEMBERED {
            self.beginning.push(hash);
        }
    }

    fn judge(&mut self, oddities: &mut Oddities) {
        let Some((place, came)) = &self.again else { return };
        if *came < self.beginning.len() {
            return;
        }
        // Rows that are all alike come again at once and mean nothing.
        let mut different = self.beginning.clone();
        let is_told = self.after_header || {
            different.sort_unstable();
            different.dedup();
            different.len() >= TELLING
        };
        if !is_told {
            return;
        }
        oddities.push(Oddity {
            file: place.file.clone(),
            line: place.line,
            column: None,
            rows: *came as u64,
            kind: OddityKind::RepeatedTable,
            example: None,
        });
        self.again = None;
        self.after_header = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rows: &[u32], header_at: Option<usize>) -> Vec<(Option<u64>, u64)> {
        let (mut replay, mut oddities) = (Replay::default(), Oddities::default());
        for (index, row) in rows.iter().enumerate() {
            if header_at == Some(index) {
                replay.header();
            }
            let place = Place { file: "m".into(), line: Some(index as u64 + 2) };
            replay.row(row.to_string().as_bytes(), &place, &mut oddities);
        }
        oddities.list().iter().map(|oddity| (oddity.line, oddity.rows)).collect()
    }

    #[test]
    fn a_table_that_comes_twice_is_seen() {
        let twice: Vec<u32> = (0..30).chain(0..30).collect();
        assert_eq!(said(&twice, None), [(Some(32), 30)]);
        assert_eq!(said(&[1, 2, 1, 2], Some(2)), [(Some(4), 2)]);
        let long: Vec<u32> = (0..3000).chain(0..3000).collect();
        assert_eq!(said(&long, None), [(Some(3002), 1000)], "a thousand rows tell it");
    }

    #[test]
    fn equal_rows_alone_are_no_repeated_table() {
        assert!(said(&[1, 2, 1, 2], None).is_empty());
        assert!(said(&[1; 100], None).is_empty());
        let folded: Vec<u32> = (0..30).map(|row| row / 2).chain((0..30).map(|row| row / 2)).collect();
        assert!(said(&folded, None).is_empty(), "fifteen different rows tell nothing without a header");
        let other: Vec<u32> = (0..30).chain(0..29).chain([77]).collect();
        assert!(said(&other, None).is_empty());
        assert!(said(&[1, 2, 3, 4], Some(2)).is_empty());
    }
}
