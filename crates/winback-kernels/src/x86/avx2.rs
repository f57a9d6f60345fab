//! The kernels for AVX2. Looking up in a table of 64 entries goes no faster with its eight lanes than one by one.

use std::arch::x86_64::{
    __m256, _CMP_LE_OQ, _mm256_cmp_ps, _mm256_loadu_ps, _mm256_movemask_ps, _mm256_set1_ps,
};

use crate::borders::STEP;
use crate::portable::found;
use crate::{Borders, Draw, LEAVES, Packed, Question, Scale};

super::compiled! {
    "avx2,popcnt":
    leaves(questions: &[Question<'_>], leaves: &mut [u8]);
    add_table(table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]);
    gradients(margins: &[i32], labels: &[bool], gradients: &mut [i32], hessians: &mut [i32]);
    draw(draw: Draw, first: u32, gradients: &[i32], drawn: &mut [u8]);
    gains(histogram: &[Packed], total: Packed, scale: Scale, gains: &mut [f32]);
}

/// See [`crate::Cpu::bins`]: sixteen comparisons a step in two registers.
#[target_feature(enable = "avx2,popcnt")]
pub(super) fn bins(borders: &Borders, values: &[f32], bins: &mut [u8]) {
    for (bin, value) in bins.iter_mut().zip(values) {
        let lanes = _mm256_set1_ps(*value);
        let block = not_above(&borders.pivots, lanes);
        let within = not_above(&borders.blocks[block % STEP], lanes);
        *bin = found(block, within, *value);
    }
}

/// How many of the borders are not above the value in all lanes.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn not_above(borders: &[f32; STEP], lanes: __m256) -> usize {
    let (low, high) = borders.split_at(STEP / 2);
    // SAFETY: `low` has eight floats.
    let low = unsafe { _mm256_loadu_ps(low.as_ptr()) };
    // SAFETY: `high` has eight floats.
    let high = unsafe { _mm256_loadu_ps(high.as_ptr()) };
    let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(low, lanes));
    let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(high, lanes));
    (low | high << 8).count_ones() as usize
}
