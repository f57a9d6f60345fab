//! What parting a leaf at each border is worth.

use crate::reference::worth;
use crate::{BINS, Packed, Scale};

/// See [`crate::Cpu::gains`]. Sums up to each border come first, one after the other; divisions then go side by side.
#[inline(always)]
pub(crate) fn gains(histogram: &[Packed], total: Packed, scale: Scale, gains: &mut [f32]) {
    let mut up_to: [Packed; BINS] = [0; BINS];
    let mut no: Packed = 0;
    for (sums, bin) in up_to.iter_mut().zip(histogram) {
        no = no.wrapping_add(*bin);
        *sums = no;
    }
    for (gain, no) in gains.iter_mut().zip(&up_to) {
        *gain += worth(*no, scale) + worth(total.wrapping_sub(*no), scale);
    }
}
