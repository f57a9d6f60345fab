//! Which rows are kept apart for choosing, and which for reporting.
//!
//! A row's fold is a hash of its group with a fixed salt: it stays when history grows, and what belongs together stays
//! together.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// The fold of a group among `folds`, under a salt.
#[must_use]
pub fn fold_of(group: u64, salt: u64, folds: usize) -> usize {
    let mut hasher = SipHasher13::new_with_keys(0x5769_6e62_6163_6b02, salt);
    hasher.write_u64(group);
    ((u128::from(hasher.finish()) * folds as u128) >> 64) as usize
}

/// Rows to learn from and rows to look at, both ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Learn from these.
    pub training: Vec<u32>,
    /// Look at these.
    pub held_out: Vec<u32>,
}

/// Every group is held out once, in one of `folds` splits.
#[must_use]
pub fn cross(rows: &[u32], groups: &[u64], salt: u64, folds: usize) -> Vec<Split> {
    (0..folds).map(|fold| hold_out(rows, groups, salt, folds, fold)).collect()
}

/// The groups of one fold among `folds` are held out.
#[must_use]
pub fn hold_out(rows: &[u32], groups: &[u64], salt: u64, folds: usize, fold: usize) -> Split {
    let (held_out, training) =
        rows.iter().copied().partition(|row| fold_of(groups[*row as usize], salt, folds) == fold);
    Split { training, held_out }
}

/// The last fifth of the periods is held out; training ends one `gap` (seconds) before it begins, so that no outcome
/// learnt from was still open then. Nothing when there are too few periods to do so.
#[must_use]
pub fn latest(rows: &[u32], times: &[i64], gap: i64) -> Option<Split> {
    let mut periods: Vec<i64> = rows.iter().map(|row| times[*row as usize]).collect();
    periods.sort_unstable();
    periods.dedup();
    let held_out_periods = periods.len().div_ceil(5);
    if periods.len() < 2 {
        return None;
    }
    let begin = periods[periods.len() - held_out_periods];
    let at = |row: &u32| times[*row as usize];
    let training: Vec<u32> =
        rows.iter().copied().filter(|row| at(row).saturating_add(gap) <= begin && at(row) < begin).collect();
    let held_out: Vec<u32> = rows.iter().copied().filter(|row| at(row) >= begin).collect();
    (!training.is_empty()).then_some(Split { training, held_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_held_out_once_and_whole() {
        let groups: Vec<u64> = (0..1000_u64).map(|row| row / 3).collect();
        let rows: Vec<u32> = (0..1000).collect();
        let splits = cross(&rows, &groups, 7, 5);
        let mut seen = vec![0; 1000];
        for split in &splits {
            assert!(split.held_out.len() > 120, "folds are about equal: {}", split.held_out.len());
            for row in &split.held_out {
                seen[*row as usize] += 1;
                assert!(split.training.iter().all(|other| groups[*other as usize] != groups[*row as usize]));
            }
        }
        assert!(seen.iter().all(|count| *count == 1));
    }

    #[test]
    fn folds_stay_when_history_grows() {
        let before: Vec<usize> = (0..100).map(|group| fold_of(group, 1, 5)).collect();
        let after: Vec<usize> = (0..200).map(|group| fold_of(group, 1, 5)).collect();
        assert_eq!(before, after[..100]);
    }

    #[test]
    fn a_split_in_time_leaves_a_gap() {
        let times: Vec<i64> = (0..100).map(|row| row / 10).collect();
        let rows: Vec<u32> = (0..100).collect();
        let split = latest(&rows, &times, 2).unwrap();
        assert_eq!(split.held_out.first(), Some(&80));
        assert_eq!(split.training.last(), Some(&69));
        assert_eq!(latest(&rows, &[5; 100], 0), None);
        assert_eq!(latest(&rows, &times, 1000), None);
    }
}
