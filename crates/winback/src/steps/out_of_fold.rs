//! Out-of-fold scores as an artifact: what a later training compares its challenger with.
//!
//! Rows are known by a hash of key and time, so the artifact holds no customer's key. Format 1, JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use winback_learn::procedure::OutOfFold;

use crate::error::{Result, ResultExt as _, UserError};

/// Rows kept; of more, those with the smallest hashes, so that two trainings keep the same ones.
const MOST_ROWS: usize = 200_000;
const FORMAT: u32 = 1;

/// The artifact's content.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Whether every row of the training is here.
    complete: bool,
    /// The row's identity in hexadecimal, and its calibrated log-odds.
    rows: Vec<(String, f64)>,
}

/// The bytes of the artifact; `trained_rows` is the number of rows of the training.
pub(crate) fn save(rows: &[OutOfFold], trained_rows: u64) -> Result<Vec<u8>> {
    let mut kept: Vec<(u64, f64)> = rows.iter().map(|row| (row.identity, row.log_odds)).collect();
    kept.sort_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)));
    kept.truncate(MOST_ROWS);
    let complete = kept.len() as u64 == trained_rows;
    let rows = kept.iter().map(|(identity, log_odds)| (format!("{identity:016x}"), *log_odds));
    Ok(serde_json::to_vec(&Stored { format: FORMAT, complete, rows: rows.collect() })?)
}

/// The scores in an artifact, by identity, and whether they are all rows of the training.
pub(crate) fn load(bytes: &[u8]) -> Result<(BTreeMap<u64, f64>, bool)> {
    let stored: Stored =
        serde_json::from_slice(bytes).users("the champion's out-of-fold scores cannot be read")?;
    if stored.format != FORMAT {
        let message = format!("out-of-fold scores of format {}; this program reads {FORMAT}", stored.format);
        return Err(UserError::new(message)).hint("use the program version that wrote them, or a newer one");
    }
    let parse =
        |(identity, log_odds): &(String, f64)| Some((u64::from_str_radix(identity, 16).ok()?, *log_odds));
    Ok((stored.rows.iter().filter_map(parse).collect(), stored.complete))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_go_there_and_back_without_order() {
        let row = |identity, log_odds| OutOfFold { row: 0, identity, log_odds, label: true };
        let (rows, complete) = load(&save(&[row(9, 0.1), row(3, -2.5)], 2).unwrap()).unwrap();
        assert!(complete);
        assert_eq!(rows.into_iter().collect::<Vec<_>>(), [(3, -2.5), (9, 0.1)]);
        assert!(!load(&save(&[row(1, 0.0)], 5).unwrap()).unwrap().1);
    }
}
