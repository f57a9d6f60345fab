//! The outermost numbers of a column: where numbers that stand for "no value" stand, far from all others.

use crate::csv::decimal;
use crate::oddity::{Oddities, Oddity, OddityKind, Place};

/// Different values kept on either side: up to three may be codes, the next one is the first of the others.
const KEPT: usize = 4;

/// The smallest and the largest different numbers of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Extremes {
    numbers: u64,
    low: Vec<Extreme>,
    high: Vec<Extreme>,
}

#[derive(Debug, Clone)]
struct Extreme {
    value: f64,
    rows: u64,
    first: Place,
}

impl Extremes {
    pub(super) fn add(&mut self, value: f64, place: &Place) {
        self.numbers += 1;
        keep(&mut self.low, value, place, |new, kept| new < kept);
        keep(&mut self.high, value, place, |new, kept| new > kept);
    }

    /// Says which numbers may stand for "no value".
    pub(super) fn say(&self, column: &str, oddities: &mut Oddities) {
        let (Some(low), Some(high)) = (self.low.first(), self.high.first()) else { return };
        let high_codes = self.codes(&self.high, low.value);
        let low_codes = self.codes(&self.low, high.value);
        for (codes, outermost, far) in [(high_codes, &self.high, low), (low_codes, &self.low, high)] {
            let Some(next) = outermost.get(codes) else { continue };
            let mut others = [next.value, far.value];
            others.sort_by(f64::total_cmp);
            for code in &outermost[..codes] {
                oddities.push(Oddity {
                    file: code.first.file.clone(),
                    line: code.first.line,
                    column: Some(column.to_owned()),
                    rows: code.rows,
                    kind: OddityKind::Sentinel {
                        value: decimal(code.value),
                        others: (decimal(others[0]), decimal(others[1])),
                    },
                    example: Some(decimal(code.value)),
                });
            }
        }
    }

    /// How many of the outermost values are codes, with `far` the number on the other end.
    fn codes(&self, outermost: &[Extreme], far: f64) -> usize {
        if self.numbers < 20 {
            return 0;
        }
        let is_code = |count: &usize| {
            let Some((codes, rest)) = outermost.split_at_checked(*count) else { return false };
            let (Some(last), Some(next)) = (codes.last(), rest.first()) else { return false };
            let width = (next.value - far).abs();
            let gap = (last.value - next.value).abs();
            let rows: u64 = codes.iter().map(|code| code.rows).sum();
            let look_like_it = codes.iter().all(|code| looks_like_code(code.value));
            let is_lone_negative = *count == 1 && last.value < 0.0 && next.value >= 0.0;
            let is_frequent = rows > 1 && rows * 100 >= self.numbers;
            let is_rare_code = rows > 1 && rows * 1000 >= self.numbers;
            // Others that are one value only are no range to be far from.
            width > 0.0
                && ((look_like_it && gap > width && is_rare_code)
                    || (look_like_it && is_lone_negative && is_frequent)
                    || (*count == 1 && gap >= 10.0 * width && is_frequent))
        };
        (1..KEPT).rev().find(is_code).unwrap_or(0)
    }
}

fn keep(kept: &mut Vec<Extreme>, value: f64, place: &Place, is_outer: impl Fn(f64, f64) -> bool) {
    // Nearly every number lies further in than all that are kept.
    if kept.len() == KEPT && is_outer(kept[KEPT - 1].value, value) {
        return;
    }
    let at = kept.partition_point(|other| is_outer(other.value, value));
    match kept.get_mut(at) {
        Some(same) if same.value.total_cmp(&value).is_eq() => same.rows += 1,
        _ => {
            kept.insert(at, Extreme { value, rows: 1, first: place.clone() });
            kept.truncate(KEPT);
        }
    }
}

/// Whether a number is one that people take for "no value": -1, or all nines, or nearly so as in 96, 97, 98.
fn looks_like_code(value: f64) -> bool {
    let size = value.abs();
    if value < 0.0 && size <= 1.0 {
        return size >= 1.0;
    }
    let mut nines = 9.0;
    while nines < size {
        nines = nines * 10.0 + 9.0;
    }
    let below = nines - size;
    let eights = nines / 9.0 * 8.0;
    (below <= 3.0 && nines > 9.0) || below <= 0.0 || (eights - size).abs() <= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(numbers: impl IntoIterator<Item = f64>) -> Vec<(String, u64)> {
        let mut extremes = Extremes::default();
        let place = Place { file: "m".into(), line: Some(2) };
        numbers.into_iter().for_each(|number| extremes.add(number, &place));
        let mut oddities = Oddities::default();
        extremes.say("c", &mut oddities);
        let code = |oddity: &Oddity| (oddity.example.clone().unwrap_or_default(), oddity.rows);
        oddities.list().iter().map(code).collect()
    }

    fn counted(up_to: u32, codes: &[(f64, usize)]) -> Vec<f64> {
        let plain = (0..1000).map(|row| f64::from(row % up_to));
        plain.chain(codes.iter().flat_map(|(code, rows)| std::iter::repeat_n(*code, *rows))).collect()
    }

    #[test]
    fn codes_stand_apart_and_are_named() {
        assert_eq!(codes(counted(28, &[(999.0, 500)])), [("999".to_owned(), 500)]);
        assert_eq!(codes(counted(18, &[(96.0, 1), (98.0, 5)])), [("98".to_owned(), 5), ("96".to_owned(), 1)]);
        assert_eq!(codes(counted(100, &[(-999.0, 20)])), [("-999".to_owned(), 20)]);
        assert_eq!(codes(counted(900, &[(-1.0, 300)])), [("-1".to_owned(), 300)]);
        assert_eq!(codes(counted(30, &[(100_000.0, 50)])), [("100000".to_owned(), 50)]);
    }

    #[test]
    fn ordinary_numbers_are_no_codes() {
        assert!(codes(counted(1000, &[])).is_empty());
        assert!(codes(counted(2, &[])).is_empty());
        assert!(codes(counted(95, &[(98.0, 50)])).is_empty(), "the range goes on to there");
        assert!(codes(counted(30, &[(5000.0, 1)])).is_empty(), "one rich customer is no code");
        assert!(codes([999.0, 1.0, 2.0, 999.0]).is_empty(), "four rows tell nothing");
        assert!(codes(std::iter::repeat_n(0.0, 50).chain(std::iter::repeat_n(9.0, 50))).is_empty());
    }
}
