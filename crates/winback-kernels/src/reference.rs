//! Each kernel as its definition: one row after the other, written to be read. All variants give these bits.
#![forbid(unsafe_code)]

use crate::{
    Draw, GRADIENT_UNIT, Histograms, LEAVES, MARGIN_UNIT, Packed, Question, Scale, WordQuestion, gradient,
    hessian,
};

/// The bin of each value: see [`crate::Cpu::bins`].
pub fn bins(borders: &[f32], values: &[f32], bins: &mut [u8]) {
    for (bin, value) in bins.iter_mut().zip(values) {
        let not_above = borders.iter().filter(|border| **border <= *value).count();
        *bin = if value.is_nan() { 0 } else { 1 + not_above as u8 };
    }
}

/// The leaf of each row: see [`crate::Cpu::leaves`].
pub fn leaves(questions: &[Question<'_>], leaves: &mut [u8]) {
    for (row, leaf) in leaves.iter_mut().enumerate() {
        *leaf = 0;
        for (bit, question) in questions.iter().enumerate() {
            if question.bins[row].wrapping_sub(question.shift) > question.above {
                *leaf |= 1 << bit;
            }
        }
    }
}

/// Adds the entry of each row's leaf: see [`crate::Cpu::add_table`].
pub fn add_table(table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]) {
    for (sum, leaf) in sums.iter_mut().zip(leaves) {
        *sum = sum.wrapping_add(table[usize::from(*leaf) % LEAVES]);
    }
}

/// Gradients and hessians of the log loss: see [`crate::Cpu::gradients`].
pub fn gradients(margins: &[i32], labels: &[bool], gradients: &mut [i32], hessians: &mut [i32]) {
    for row in 0..margins.len() {
        [gradients[row], hessians[row]] = gradient_of(margins[row], labels[row]);
    }
}

/// Gradient p − y and hessian p(1 − p) of one row, in units of 2⁻³⁰.
///
/// All follows from the probability of the outcome that the margin speaks against, which keeps its digits however sure
/// the margin is. 32-bit floats, operations in this order, none fused.
#[inline(always)]
#[must_use]
pub fn gradient_of(margin: i32, label: bool) -> [i32; 2] {
    let towards = (margin as f32 * MARGIN_UNIT).abs();
    let odds_against = exp_of_minus(towards);
    let against = odds_against / (1.0 + odds_against);
    // What the row's outcome was not expected to be: small where margin and label agree.
    let agrees = (0 < margin) == label;
    let surprise = if agrees { against } else { 1.0 - against };
    let gradient = units(surprise);
    [if label { -gradient } else { gradient }, units(against * (1.0 - against))]
}

/// Adding this to a float below 2²² rounds it to the nearest whole number, which the lower bits then hold. A cast would
/// do the same, but not in several lanes at once.
const ROUNDING: f32 = 12_582_912.0;

/// The whole number in the lower bits of a float to which [`ROUNDING`] was added.
#[inline(always)]
fn whole(rounded: f32) -> i32 {
    rounded.to_bits().wrapping_sub(ROUNDING.to_bits()) as i32
}

/// A number from 0 to 1 in units of 2⁻³⁰, in two parts of fifteen bits.
#[inline(always)]
fn units(number: f32) -> i32 {
    const HALF_OF_THEM: f32 = 32_768.0;
    let upper = number * HALF_OF_THEM + ROUNDING;
    let rest = number * HALF_OF_THEM - (upper - ROUNDING);
    let lower = rest * HALF_OF_THEM + ROUNDING;
    (whole(upper) << 15) + whole(lower)
}

/// e to the minus x, for x from 0 to 128, to within 2⁻²² of itself; below e⁻⁸⁰ it stays there.
#[inline(always)]
fn exp_of_minus(x: f32) -> f32 {
    let x = if x < 80.0 { x } else { 80.0 };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDING;
    let halvings = rounded - ROUNDING;
    // The rest of x beyond whole halvings, with ln 2 in two parts so that no digits are lost.
    let rest = (halvings * 0.693_145_75 - x) + halvings * 1.428_606_8e-6;
    let power = 1.0
        + rest
            * (1.0
                + rest
                    * (0.5
                        + rest
                            * (0.166_666_67
                                + rest * (0.041_666_668 + rest * (0.008_333_334 + rest * 0.001_388_889)))));
    let scale = f32::from_bits(((127 - whole(rounded)) << 23) as u32);
    power * scale
}

/// Which rows are drawn: see [`crate::Cpu::draw`].
pub fn draw(draw: Draw, first: u32, gradients: &[i32], drawn: &mut [u8]) {
    for (row, (gradient, drawn)) in gradients.iter().zip(drawn).enumerate() {
        *drawn = u8::from(is_drawn(draw, first.wrapping_add(row as u32), *gradient));
    }
}

/// Whether the luck of a row is below its chance: both squared, so that no root is taken.
#[inline(always)]
#[must_use]
pub fn is_drawn(draw: Draw, row: u32, gradient: i32) -> bool {
    let luck = (scattered(row, draw.seed) >> 8) as i32 as f32 * (1.0 / 16_777_216.0);
    luck * luck * draw.certain < square(gradient, draw.floor)
}

/// The square of a gradient, and what is added to it.
#[inline(always)]
#[must_use]
pub fn square(gradient: i32, floor: f32) -> f32 {
    let gradient = gradient as f32 * GRADIENT_UNIT as f32;
    gradient * gradient + floor
}

/// A number and a seed, scattered over all numbers of 32 bits by multiplying and folding.
#[inline(always)]
#[must_use]
pub fn scattered(number: u32, seed: u32) -> u32 {
    let mut mixed = number.wrapping_mul(0x9e37_79b1) ^ seed.wrapping_mul(0x85eb_ca77);
    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    mixed = (mixed ^ (mixed >> 12)).wrapping_mul(0x297a_2d39);
    mixed ^ (mixed >> 15)
}

/// What parting one leaf at each border is worth: see [`crate::Cpu::gains`].
pub fn gains(histogram: &[Packed], total: Packed, scale: Scale, gains: &mut [f32]) {
    let mut no: Packed = 0;
    for (gain, bin) in gains.iter_mut().zip(histogram) {
        no = no.wrapping_add(*bin);
        *gain += worth(no, scale) + worth(total.wrapping_sub(no), scale);
    }
}

/// What a leaf of these sums takes off the loss, doubled: G² / (H + λ).
#[inline(always)]
#[must_use]
pub fn worth(sums: Packed, scale: Scale) -> f32 {
    let (gradient, hessian) = (gradient(sums) as f32 * scale.gradient, hessian(sums) as f32 * scale.hessian);
    gradient * gradient / (hessian + scale.l2)
}

/// Sums packed gradients by bin: see [`crate::Cpu::histograms`].
pub fn histograms(words: &[u64], rows: &[u32], gradients: &[Packed], sums: &mut Histograms) {
    for (row, gradient) in rows.iter().zip(gradients) {
        for (histogram, bin) in sums.iter_mut().zip(words[*row as usize].to_le_bytes()) {
            let sum = &mut histogram[usize::from(bin)];
            *sum = sum.wrapping_add(*gradient);
        }
    }
}

/// Parts rows by a question: see [`crate::Cpu::partition`].
pub fn partition(question: WordQuestion<'_>, rows: &mut [u32], gradients: &mut [Packed]) -> usize {
    let moved: Vec<(u32, Packed)> = rows.iter().copied().zip(gradients.iter().copied()).collect();
    let (yes, no): (Vec<_>, Vec<_>) =
        moved.into_iter().partition(|(row, _)| question.is_yes(question.words[*row as usize]));
    let noes = no.len();
    for (place, (row, gradient)) in no.into_iter().chain(yes).enumerate() {
        (rows[place], gradients[place]) = (row, gradient);
    }
    noes
}
