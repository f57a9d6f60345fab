//! Numbers to 8-bit bins: borders from quantiles, missing as a bin of its own.

use winback_kernels::{Borders, Cpu};

/// Chooses borders from a sample in ascending order, without missing values: midway between all neighbours where there
/// are few distinct values, else so that bins hold about equally many.
///
/// Numbers are rounded to 32 bits first, as scoring does.
#[must_use]
pub fn borders(sorted: &[f64], most: usize) -> Vec<f32> {
    // A border must be finite; a value beyond 32 bits lies above or below all of them. Adding zero takes the sign off a
    // negative zero, which is no value of its own.
    let short = |value: &f64| (*value as f32).clamp(f32::MIN, f32::MAX) + 0.0;
    borders_of_counted(sorted.iter().map(|value| (short(value), 1)), most)
}

/// As [`borders`], of finite values in ascending order, each with how often it occurs.
pub(super) fn borders_of_counted(values: impl Iterator<Item = (f32, usize)>, most: usize) -> Vec<f32> {
    let mut distinct: Vec<(f32, usize)> = Vec::new();
    for (value, times) in values {
        match distinct.last_mut() {
            Some((last, count)) if last.total_cmp(&value).is_eq() => *count += times,
            _ => distinct.push((value, times)),
        }
    }
    if distinct.len() <= most + 1 {
        return distinct.windows(2).map(|pair| between(pair[0].0, pair[1].0)).collect();
    }
    let mut found = Vec::with_capacity(most);
    let rows: usize = distinct.iter().map(|(_, count)| count).sum();
    let (mut rows_left, mut bins_left, mut in_bin) = (rows, most + 1, 0);
    for pair in distinct.windows(2) {
        in_bin += pair[0].1;
        if bins_left > 1 && in_bin * bins_left >= rows_left {
            found.push(between(pair[0].0, pair[1].0));
            rows_left -= in_bin;
            bins_left -= 1;
            in_bin = 0;
        }
    }
    found
}

/// A border above `low` and not above `high`, so that the two always part.
fn between(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if middle > low { middle } else { high }
}

/// The bin of each value between some borders: missing is 0, a value on a border belongs above it.
#[must_use]
pub fn bins(borders: &[f32], values: &[f32]) -> Vec<u8> {
    let mut bins = vec![0; values.len()];
    Cpu::chosen().bins(&Borders::new(borders), values, &mut bins);
    bins
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As scoring does: numbers are rounded to 32 bits first.
    fn bins_of(values: &[f64], borders: &[f32]) -> Vec<u8> {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        bins(borders, &values)
    }

    #[test]
    fn few_distinct_values_are_parted_midway() {
        assert_eq!(borders(&[1.0, 1.0, 2.0, 4.0], 254), [1.5, 3.0]);
        assert_eq!(borders(&[], 254), [] as [f32; 0]);
        assert_eq!(borders(&[7.0; 5], 254), [] as [f32; 0]);
    }

    #[test]
    fn many_values_fill_the_bins_evenly() {
        let values: Vec<f64> = (0..10_000).map(f64::from).collect();
        let borders = borders(&values, 9);
        assert_eq!(borders.len(), 9);
        let mut counts = [0; 11];
        for bin in bins_of(&values, &borders) {
            counts[usize::from(bin)] += 1;
        }
        assert_eq!(counts, [0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]);
    }

    #[test]
    fn numbers_beyond_32_bits_have_finite_borders() {
        let borders = borders(&[-1e300, 0.0, 1e300], 254);
        assert!(borders.iter().all(|border| border.is_finite()), "{borders:?}");
        assert_eq!(bins_of(&[-1e300, 0.0, 1e300], &borders), [1, 2, 3]);
    }

    #[test]
    fn zeros_of_either_sign_are_one_value() {
        assert_eq!(borders(&[-0.0, 0.0, 1.0], 254), [0.5]);
        // The middle of the smallest number below zero and zero is a zero with a sign.
        let borders = borders(&[-1e-45, -0.0, 0.0], 254);
        assert_eq!(bins_of(&[-1e-45, -0.0, 0.0], &borders), [1, 2, 2]);
    }

    #[test]
    fn infinities_have_bins_and_nan_is_missing() {
        assert_eq!(bins(&[0.0], &[f32::NEG_INFINITY, f32::INFINITY, f32::NAN]), [1, 2, 0]);
    }

    proptest! {
        #[test]
        fn borders_ascend_and_bins_keep_the_order(mut values in prop::collection::vec(-1e30_f64..1e30, 1..600), most in 1_usize..254) {
            values.sort_unstable_by(f64::total_cmp);
            let borders = borders(&values, most);
            prop_assert!(borders.len() <= most);
            prop_assert!(borders.windows(2).all(|pair| pair[0] < pair[1]));
            let bins = bins_of(&values, &borders);
            prop_assert!(bins.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }
}
