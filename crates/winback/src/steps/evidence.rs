//! Out-of-fold scores with their outcomes, as an artifact: what a new model is judged by against the champion. Rows are
//! known by a hash and their place. Format 1, JSON.

use serde::{Deserialize, Serialize};
use winback_learn::procedure::OutOfFold;

use crate::error::{Result, ResultExt as _, UserError};

const FORMAT: u32 = 1;

/// Rows that a model was not fitted on, with its scores of them.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) rows: Vec<OutOfFold>,
    /// For each row what belongs together with it.
    pub(crate) groups: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Place, identity, calibrated log-odds, outcome, group; hashes are hexadecimal.
    rows: Vec<(u32, String, f64, bool, String)>,
}

/// The bytes of the artifact.
pub(crate) fn save(rows: &[OutOfFold], groups: &[u64]) -> Result<Vec<u8>> {
    let hexadecimal = |hash: u64| format!("{hash:016x}");
    let rows = rows.iter().zip(groups).map(|(row, group)| {
        (row.row, hexadecimal(row.identity), row.log_odds, row.label, hexadecimal(*group))
    });
    Ok(serde_json::to_vec(&Stored { format: FORMAT, rows: rows.collect() })?)
}

/// What an artifact says.
pub(crate) fn load(bytes: &[u8]) -> Result<Evidence> {
    let stored: Stored =
        serde_json::from_slice(bytes).users("the evidence of the training cannot be read")?;
    if stored.format != FORMAT {
        let message = format!("the evidence has format {}; this program reads {FORMAT}", stored.format);
        return Err(UserError::new(message).into());
    }
    let parse = |text: &str| u64::from_str_radix(text, 16).users(format!("`{text}` is no identity of a row"));
    let mut evidence = Evidence { rows: Vec::with_capacity(stored.rows.len()), groups: Vec::new() };
    for (row, identity, log_odds, label, group) in stored.rows {
        evidence.rows.push(OutOfFold { row, identity: parse(&identity)?, log_odds, label });
        evidence.groups.push(parse(&group)?);
    }
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_goes_there_and_back() {
        let rows = [
            OutOfFold { row: 7, identity: u64::MAX, log_odds: -0.1, label: true },
            OutOfFold { row: 8, identity: 0, log_odds: 1.0 / 3.0, label: false },
        ];
        let loaded = load(&save(&rows, &[3, u64::MAX]).unwrap()).unwrap();
        assert_eq!(
            (loaded.rows.as_slice(), loaded.groups.as_slice()),
            (rows.as_slice(), [3, u64::MAX].as_slice())
        );
        assert!(load(br#"{"format":2,"rows":[]}"#).is_err() && load(b"{").is_err());
    }
}
