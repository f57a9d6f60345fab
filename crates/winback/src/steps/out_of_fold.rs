//! Out-of-fold scores as an artifact: what a later training compares its challenger with.
//!
//! Rows are known by a hash, so the artifact holds no customer's key. Of more than 200,000 rows those with the smallest
//! hashes are kept, so that two trainings keep the same ones. Format 1, JSON; `docs/formats/model.md` describes it.

use serde::{Deserialize, Serialize};
use winback_learn::procedure::OutOfFold;
use winback_retain::gates::ChampionScores;

use crate::error::{Result, ResultExt as _, UserError};

const MOST_ROWS: usize = 200_000;
const FORMAT: u32 = 1;

/// The artifact's content; identities are hexadecimal, since JSON's numbers do not hold 64 bits.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// The largest identity that is kept.
    known_up_to: String,
    /// Rows that were trained on and have no score here.
    unscored: Vec<String>,
    /// The row's identity, and its calibrated log-odds.
    rows: Vec<(String, f64)>,
}

/// The bytes of the artifact: the scores, and the identities of all rows of the training.
pub(crate) fn save(scores: &[OutOfFold], identities: &[u64]) -> Result<Vec<u8>> {
    let mut trained = identities.to_vec();
    trained.sort_unstable();
    trained.dedup();
    let known_up_to = trained.get(MOST_ROWS).map_or(u64::MAX, |beyond| beyond - 1);
    let mut kept: Vec<(u64, f64)> = scores.iter().map(|row| (row.identity, row.log_odds)).collect();
    kept.retain(|(identity, _)| *identity <= known_up_to);
    kept.sort_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)));
    kept.dedup_by_key(|(identity, _)| *identity);
    let is_unscored = |identity: &&u64| {
        **identity <= known_up_to && kept.binary_search_by_key(*identity, |(identity, _)| *identity).is_err()
    };
    let hexadecimal = |identity: u64| format!("{identity:016x}");
    Ok(serde_json::to_vec(&Stored {
        format: FORMAT,
        known_up_to: hexadecimal(known_up_to),
        unscored: trained.iter().filter(is_unscored).map(|identity| hexadecimal(*identity)).collect(),
        rows: kept.iter().map(|(identity, log_odds)| (hexadecimal(*identity), *log_odds)).collect(),
    })?)
}

/// What an artifact says of the champion.
pub(crate) fn load(bytes: &[u8]) -> Result<ChampionScores> {
    let stored: Stored = serde_json::from_slice(bytes).users("its out-of-fold scores cannot be read")?;
    if stored.format != FORMAT {
        let message =
            format!("its out-of-fold scores have format {}; this program reads {FORMAT}", stored.format);
        return Err(UserError::new(message).into());
    }
    let parse =
        |text: &String| u64::from_str_radix(text, 16).users(format!("`{text}` is no identity of a row"));
    let scored = |(identity, log_odds): &(String, f64)| Ok((parse(identity)?, *log_odds));
    Ok(ChampionScores {
        out_of_fold: stored.rows.iter().map(scored).collect::<Result<_>>()?,
        trained: stored.unscored.iter().map(parse).collect::<Result<_>>()?,
        known_up_to: parse(&stored.known_up_to)?,
        direct: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_rows_go_there_and_back_without_order() {
        let row = |identity, log_odds| OutOfFold { row: 0, identity, log_odds, label: true };
        let loaded = load(&save(&[row(9, 0.1), row(3, -2.5)], &[9, 3, 7]).unwrap()).unwrap();
        assert_eq!(loaded.out_of_fold.into_iter().collect::<Vec<_>>(), [(3, -2.5), (9, 0.1)]);
        assert_eq!(loaded.trained.into_iter().collect::<Vec<_>>(), [7]);
        assert_eq!(loaded.known_up_to, u64::MAX);
    }

    #[test]
    fn of_many_rows_the_smallest_identities_are_known() {
        let identities: Vec<u64> = (0..MOST_ROWS as u64 + 10).collect();
        let loaded = load(&save(&[], &identities).unwrap()).unwrap();
        assert_eq!(loaded.known_up_to, MOST_ROWS as u64 - 1);
        assert_eq!(loaded.trained.len(), MOST_ROWS);
    }
}
