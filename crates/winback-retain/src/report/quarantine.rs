//! Which rows of a file could not be used, counted by reason and column. No value and no row is kept.

use serde::Serialize;
use winback_table::Reject;

/// Rows of counts, the last of them for all other reasons; a file with more has other worries.
const REASONS: usize = 40;
/// What stands for all reasons beyond those.
const OTHERS: &str = "other reasons";
/// Lines named.
const LINES: usize = 8;

/// The rejected rows of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Quarantine {
    /// Rejected rows.
    pub rows: u64,
    /// How many for which reason, the most frequent first; other reasons last.
    pub counts: Vec<QuarantineCount>,
    /// The first of them.
    pub first: Vec<QuarantineLine>,
}

/// Rows rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantineCount {
    /// Why.
    pub reason: String,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// Rows.
    pub rows: u64,
}

/// One rejected row, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantineLine {
    /// The file, by name: where it lies is nobody's business on a page.
    pub file: String,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
}

impl Quarantine {
    /// Counts some more rejected rows.
    pub fn add(&mut self, rejects: &[Reject]) {
        for reject in rejects {
            self.rows += 1;
            let (reason, column) = (reject.reason.to_string(), reject.column.clone());
            if self.first.len() < LINES {
                let file = reject.file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                let (column, reason) = (column.clone(), reason.clone());
                self.first.push(QuarantineLine { file, line: reject.line, column, reason });
            }
            self.count(reason, column);
        }
        self.counts.sort_by_key(|count| (count.reason == OTHERS, std::cmp::Reverse(count.rows)));
    }

    fn count(&mut self, reason: String, column: Option<String>) {
        let is_known = |count: &QuarantineCount| count.reason == reason && count.column == column;
        match self.counts.iter().position(is_known) {
            Some(place) => self.counts[place].rows += 1,
            None if self.counts.len() + 1 < REASONS => {
                self.counts.push(QuarantineCount { reason, column, rows: 1 });
            }
            None => match self.counts.iter_mut().find(|count| count.reason == OTHERS) {
                Some(others) => others.rows += 1,
                None => {
                    self.counts.push(QuarantineCount { reason: OTHERS.to_owned(), column: None, rows: 1 });
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use winback_table::{Kind, Reason};

    use super::*;

    #[test]
    fn reasons_are_counted_and_no_value_is_kept() {
        let reject = |line: u64, reason: Reason| Reject {
            file: "weekly_folder/week.csv".into(),
            line,
            column: Some("balance".to_owned()),
            value: Some("secret".to_owned()),
            reason,
            row: "secret".to_owned(),
        };
        let mut quarantine = Quarantine::default();
        quarantine.add(&[reject(3, Reason::NoKey)]);
        quarantine
            .add(&[reject(5, Reason::WrongKind(Kind::Number)), reject(9, Reason::WrongKind(Kind::Number))]);
        assert_eq!((quarantine.rows, quarantine.counts[0].rows), (3, 2));
        assert_eq!(quarantine.counts[0].reason, "not a number");
        assert_eq!(quarantine.first.iter().map(|line| line.line).collect::<Vec<_>>(), [3, 5, 9]);
        assert!(!serde_json::to_string(&quarantine).unwrap().contains("secret"));
        assert_eq!(quarantine.first[0].file, "week.csv");
        let many: Vec<Reject> =
            (0..100).map(|found| reject(1, Reason::FieldCount { expected: 200, found })).collect();
        // In two batches, between which the counts are sorted.
        quarantine.add(&many[..50]);
        quarantine.add(&many[50..]);
        quarantine.add(&many[..50]);
        assert_eq!(quarantine.counts.len(), REASONS);
        assert_eq!(quarantine.counts.iter().map(|count| count.rows).sum::<u64>(), 153);
        let others = quarantine.counts.iter().filter(|count| count.reason == OTHERS).count();
        assert_eq!((others, quarantine.counts[REASONS - 1].reason.as_str()), (1, OTHERS));
    }
}
