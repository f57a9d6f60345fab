//! The kernels for AVX-512: sixteen comparisons at once, and tables of 64 entries held in four registers.

use std::arch::x86_64::{
    _CMP_LE_OQ, _mm256_loadu_si256, _mm256_permutexvar_epi32, _mm256_setr_epi32, _mm512_add_epi32,
    _mm512_cmp_ps_mask, _mm512_cvtepu8_epi16, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_permutex2var_epi16,
    _mm512_set1_ps, _mm512_storeu_si512, _mm512_unpackhi_epi16, _mm512_unpacklo_epi16,
};

use crate::borders::STEP;
use crate::portable::found;
use crate::{Borders, Draw, LEAVES, Packed, Question, Scale, portable};

super::compiled! {
    "avx512f,avx512bw,avx512dq,avx512vl,popcnt":
    leaves(questions: &[Question<'_>], leaves: &mut [u8]);
    gradients(margins: &[i32], labels: &[bool], gradients: &mut [i32], hessians: &mut [i32]);
    draw(draw: Draw, first: u32, gradients: &[i32], drawn: &mut [u8]);
    gains(histogram: &[Packed], total: Packed, scale: Scale, gains: &mut [f32]);
}

/// Lanes of 32 bits in a register.
const LANES: usize = 16;

/// See [`crate::Cpu::bins`]: each step is one comparison of sixteen borders.
#[target_feature(enable = "avx512f,popcnt")]
pub(super) fn bins(borders: &Borders, values: &[f32], bins: &mut [u8]) {
    // SAFETY: there are sixteen pivots.
    let pivots = unsafe { _mm512_loadu_ps(borders.pivots.as_ptr()) };
    for (bin, value) in bins.iter_mut().zip(values) {
        let lanes = _mm512_set1_ps(*value);
        let block = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(pivots, lanes).count_ones() as usize;
        let block_borders: &[f32; STEP] = &borders.blocks[block % STEP];
        // SAFETY: a block has sixteen borders.
        let block_borders = unsafe { _mm512_loadu_ps(block_borders.as_ptr()) };
        let within = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(block_borders, lanes).count_ones() as usize;
        *bin = found(block, within, *value);
    }
}

/// See [`crate::Cpu::add_table`]: thirty-two rows at a time. A look-up of sixteen bits knows all 64 entries of a table and
/// answers 32 rows, so the lower and the upper halves of the entries are looked up apart and joined behind it.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn add_table(table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]) {
    let lower: [i16; LEAVES] = table.map(|entry| entry as i16);
    let upper: [i16; LEAVES] = table.map(|entry| (entry >> 16) as i16);
    let [lower_a, lower_b, upper_a, upper_b] =
        [&lower[..LEAVES / 2], &lower[LEAVES / 2..], &upper[..LEAVES / 2], &upper[LEAVES / 2..]].map(
            |part| {
                // SAFETY: each part has 32 numbers of 16 bits.
                unsafe { _mm512_loadu_si512(part.as_ptr().cast()) }
            },
        );
    // Joining goes by quarters of a register; this order of the rows makes it answer them in their own.
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let (leaf_groups, last_leaves) = leaves.as_chunks::<{ 2 * LANES }>();
    let (sum_groups, last_sums) = sums.as_chunks_mut::<{ 2 * LANES }>();
    for (leaves, sums) in leaf_groups.iter().zip(sum_groups) {
        // SAFETY: a group has 32 leaves.
        let leaves = unsafe { _mm256_loadu_si256(leaves.as_ptr().cast()) };
        // Of each index the look-up takes the lower six bits.
        let leaves = _mm512_cvtepu8_epi16(_mm256_permutexvar_epi32(order, leaves));
        let lower = _mm512_permutex2var_epi16(lower_a, leaves, lower_b);
        let upper = _mm512_permutex2var_epi16(upper_a, leaves, upper_b);
        let entries = [_mm512_unpacklo_epi16(lower, upper), _mm512_unpackhi_epi16(lower, upper)];
        for (entries, sums) in entries.into_iter().zip(sums.as_chunks_mut::<LANES>().0) {
            // SAFETY: half a group has sixteen sums.
            let before = unsafe { _mm512_loadu_si512(sums.as_ptr().cast()) };
            let after = _mm512_add_epi32(before, entries);
            // SAFETY: as above, and they are ours to write.
            unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), after) };
        }
    }
    portable::add_table(table, last_leaves, last_sums);
}
