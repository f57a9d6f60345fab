//! Numbers to bins, by counting the borders that are not above them in two steps.

use crate::Borders;
use crate::borders::STEP;

/// See [`crate::Cpu::bins`].
#[inline(always)]
pub(crate) fn bins(borders: &Borders, values: &[f32], bins: &mut [u8]) {
    for (bin, value) in bins.iter_mut().zip(values) {
        let block = not_above(&borders.pivots, *value);
        // The last pivot is NaN, so there are always blocks left.
        let within = not_above(&borders.blocks[block % STEP], *value);
        *bin = found(block, within, *value);
    }
}

/// The bin of a value above so many whole blocks of borders, and so many borders of the next one.
#[inline(always)]
pub(crate) fn found(block: usize, within: usize, value: f32) -> u8 {
    let bin = 1 + (block * STEP + within) as u8;
    if value.is_nan() { 0 } else { bin }
}

/// How many of the borders are not above a value.
#[inline(always)]
fn not_above(borders: &[f32; STEP], value: f32) -> usize {
    borders.iter().map(|border| u32::from(*border <= value)).sum::<u32>() as usize
}
