//! Code for every machine, laid out so that a compiler can vectorise it.
//!
//! Each function is inlined wherever it is called, so that [`crate::x86`] can compile it again for more than the
//! baseline. Integers and 32-bit floats in the order of the definitions: more lanes change no bit.
#![forbid(unsafe_code)]

mod bins;
mod gains;
mod histograms;
mod leaves;

pub(crate) use bins::{bins, found};
pub(crate) use gains::gains;
pub(crate) use histograms::{histograms, partition};
pub(crate) use leaves::{add_table, leaves};

use crate::Draw;
use crate::reference::{gradient_of, is_drawn};

/// See [`crate::Cpu::gradients`].
#[inline(always)]
pub(crate) fn gradients(margins: &[i32], labels: &[bool], gradients: &mut [i32], hessians: &mut [i32]) {
    let results = gradients.iter_mut().zip(hessians);
    for ((margin, label), (gradient, hessian)) in margins.iter().zip(labels).zip(results) {
        [*gradient, *hessian] = gradient_of(*margin, *label);
    }
}

/// See [`crate::Cpu::draw`].
#[inline(always)]
pub(crate) fn draw(draw: Draw, first: u32, gradients: &[i32], drawn: &mut [u8]) {
    for (row, (gradient, drawn)) in gradients.iter().zip(drawn).enumerate() {
        *drawn = u8::from(is_drawn(draw, first.wrapping_add(row as u32), *gradient));
    }
}
