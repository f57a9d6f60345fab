//! How many of several intervals may miss what they should hold before it is more than chance.

use crate::report::Figure;

/// How often an interval of 95 % misses the truth.
const MISSES: f64 = 0.05;

/// The most misses among so many intervals that chance alone brings with 95 %: of 12 intervals two.
pub(super) fn most_by_chance(intervals: usize) -> usize {
    // The probability of exactly so many misses, and of so many or fewer.
    let mut exactly = (0..intervals).fold(1.0, |product, _| product * (1.0 - MISSES));
    let mut together = exactly;
    let mut misses = 0;
    while together < 0.95 && misses < intervals {
        exactly *= (intervals - misses) as f64 / (misses + 1) as f64 * MISSES / (1.0 - MISSES);
        misses += 1;
        together += exactly;
    }
    misses
}

/// Where a value lies that an interval should hold: below it, in it, above it.
pub(super) fn place(value: f64, interval: Figure) -> std::cmp::Ordering {
    if value < interval.low {
        std::cmp::Ordering::Less
    } else if interval.high < value {
        std::cmp::Ordering::Greater
    } else {
        std::cmp::Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_by_chance_is_the_binomials() {
        assert_eq!([0, 1, 2, 12, 16, 40].map(most_by_chance), [0, 0, 1, 2, 2, 4]);
    }
}
