//! Shares of leavers with intervals: Wilson's, and the same where rows of one customer belong together.

use super::Figure;

/// Half the width of a 95 % interval, in standard errors.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a share (Wilson 1927): it stays within 0 and 1 and says something of few rows too.
fn wilson(positives: f64, rows: f64) -> Figure {
    if rows <= 0.0 {
        return Figure { value: 0.0, low: 0.0, high: 1.0 };
    }
    let share = positives / rows;
    let square = NORMAL_95 * NORMAL_95;
    let middle = (share + square / (2.0 * rows)) / (1.0 + square / rows);
    let half = NORMAL_95 / (1.0 + square / rows)
        * (share * (1.0 - share) / rows + square / (4.0 * rows * rows)).sqrt();
    Figure { value: share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// The share of leavers among some rows, with its 95 % interval. Rows of equal `groups` belong together: they count
/// for as many rows as would be as sure if each stood alone.
pub(crate) fn share_left(rows: &[usize], labels: &[bool], groups: &[u64]) -> Figure {
    let positives = rows.iter().filter(|row| labels[**row]).count() as f64;
    let effect = design_effect(rows, labels, groups);
    let found = wilson(positives / effect, rows.len() as f64 / effect);
    Figure { value: positives / (rows.len() as f64).max(1.0), ..found }
}

/// How many times more a share varies than that of as many rows that each stand alone (Kish 1965), at least 1; exactly
/// 1 where they do. Where all rows have one outcome nothing shows how alike the rows of a group are, so they are taken
/// to be all alike.
fn design_effect(rows: &[usize], labels: &[bool], groups: &[u64]) -> f64 {
    let mut members: Vec<(u64, bool)> = rows.iter().map(|row| (groups[*row], labels[*row])).collect();
    members.sort_unstable();
    if members.windows(2).all(|pair| pair[0].0 != pair[1].0) {
        return 1.0;
    }
    let left = |members: &[(u64, bool)]| members.iter().filter(|(_, left)| *left).count() as f64;
    let all = members.len() as f64;
    let share = left(&members) / all;
    let together = || members.chunk_by(|one, other| one.0 == other.0);
    let alone = share * (1.0 - share) * all;
    let effect = if alone > 0.0 {
        let off = |group: &[(u64, bool)]| left(group) - share * group.len() as f64;
        together().map(|group| off(group) * off(group)).sum::<f64>() / alone
    } else {
        together().map(|group| (group.len() * group.len()) as f64).sum::<f64>() / all
    };
    effect.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_the_textbooks() {
        let found = wilson(10.0, 100.0);
        assert!((found.low - 0.0552).abs() < 1e-4 && (found.high - 0.1744).abs() < 1e-4, "{found:?}");
        let none = wilson(0.0, 20.0);
        assert!(none.low.abs() < 1e-12 && (none.high - 0.1611).abs() < 1e-4, "{none:?}");
    }

    #[test]
    fn rows_that_stand_alone_have_wilsons_interval() {
        let labels: Vec<bool> = (0..100).map(|row| row % 10 == 0).collect();
        let rows: Vec<usize> = (0..100).collect();
        let groups: Vec<u64> = (0..100).map(|row| row * 7 % 101).collect();
        assert_eq!(share_left(&rows, &labels, &groups), wilson(10.0, 100.0));
    }

    #[test]
    fn five_equal_rows_of_a_customer_are_as_sure_as_one() {
        let rows: Vec<usize> = (0..500).collect();
        let groups: Vec<u64> = (0..500).map(|row| row / 5).collect();
        let labels: Vec<bool> = groups.iter().map(|group| group % 10 == 0).collect();
        let (found, expected) = (share_left(&rows, &labels, &groups), wilson(10.0, 100.0));
        assert!(
            (found.low - expected.low).abs() < 1e-9 && (found.high - expected.high).abs() < 1e-9,
            "{found:?}"
        );
        // The same where nobody left, and no row does not divide by zero.
        let none = share_left(&rows, &[false; 500], &groups);
        assert!((none.high - wilson(0.0, 100.0).high).abs() < 1e-9, "{none:?}");
        assert_eq!(share_left(&[], &[], &[]), wilson(0.0, 0.0));
    }
}
