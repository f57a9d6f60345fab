//! The kernels for AVX-512: sixteen comparisons at once, and tables of 64 entries held in four registers.

use std::arch::x86_64::{
    __m512i, _CMP_LE_OQ, _mm_loadu_si128, _mm512_add_epi32, _mm512_cmp_ps_mask, _mm512_cvtepu8_epi32,
    _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_blend_epi32, _mm512_permutex2var_epi32,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_storeu_si512, _mm512_test_epi32_mask,
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

/// See [`crate::Cpu::add_table`]: sixteen rows at a time, the table in four registers.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn add_table(table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]) {
    let (quarters, _) = table.as_chunks::<LANES>();
    let [a, b, c, d] = [0, 1, 2, 3].map(|quarter: usize| {
        // SAFETY: a quarter of the table has sixteen entries.
        unsafe { _mm512_loadu_si512(quarters[quarter].as_ptr().cast()) }
    });
    let upper_half = _mm512_set1_epi32(32);
    let (leaf_groups, last_leaves) = leaves.as_chunks::<LANES>();
    let (sum_groups, last_sums) = sums.as_chunks_mut::<LANES>();
    for (leaves, sums) in leaf_groups.iter().zip(sum_groups) {
        // SAFETY: a group has sixteen leaves.
        let leaves = unsafe { _mm_loadu_si128(leaves.as_ptr().cast()) };
        let leaves: __m512i = _mm512_cvtepu8_epi32(leaves);
        // Of each index the instruction takes the lower five bits; the sixth chooses the half.
        let low = _mm512_permutex2var_epi32(a, leaves, b);
        let high = _mm512_permutex2var_epi32(c, leaves, d);
        let entries = _mm512_mask_blend_epi32(_mm512_test_epi32_mask(leaves, upper_half), low, high);
        // SAFETY: a group has sixteen sums.
        let before = unsafe { _mm512_loadu_si512(sums.as_ptr().cast()) };
        let after = _mm512_add_epi32(before, entries);
        // SAFETY: as above, and they are ours to write.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), after) };
    }
    portable::add_table(table, last_leaves, last_sums);
}
