//! The rows on which a tree is grown, with their gradients in the short form that histograms take.
//!
//! Of many rows a part is drawn, the likelier the larger their gradients are, and each counts by the inverse of its
//! chance: of all ways to draw so many, the one with the least variance (Ibragimov and Gusev 2019, "Minimal Variance
//! Sampling in Stochastic Gradient Boosting"). Gradients are then rounded to units so large that all their sums fit 31
//! bits, up or down by luck, so that no rounding adds up (as Shi and others 2022 do for quantised training). The luck
//! of a row depends on its number and the tree's, on nothing else.

use rayon::prelude::*;
use winback_kernels::{
    Cpu, Draw, Packed, Scale, pack,
    reference::{scattered, square},
};

use super::boost::{CHUNK, Gradients};

/// Chances are settled on so many rows, evenly spread.
const LOOKED_AT: usize = 2048;
/// Halvings until the share of drawn rows is as wished, to a five-hundredth of what the threshold can be.
const HALVINGS: usize = 10;
/// What the sums of packed gradients stay below.
const MOST: u64 = (1 << 31) - 1;
/// Units of the full gradients: 2⁻³⁰ each.
const FULL_BITS: i32 = 30;

/// Rows with their packed gradients.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Positions of the rows, ascending.
    pub(super) rows: Vec<u32>,
    /// The gradient of each, by its weight.
    pub(super) packed: Vec<Packed>,
    /// What one unit of them is worth.
    pub(super) units: [f32; 2],
}

/// The rows drawn from one chunk, with weighted gradients and hessians in full units, and their sums.
struct Drawn {
    rows: Vec<u32>,
    weighted: Vec<[i64; 2]>,
    sums: [u64; 2],
}

impl Sample {
    /// The scale of gains for a weight of squared leaf values.
    pub(super) fn scale(&self, l2: f64) -> Scale {
        Scale { gradient: self.units[0], hessian: self.units[1], l2: l2 as f32 }
    }

    /// Takes all rows; `tree` is the number of the tree.
    pub(super) fn take_all(&mut self, full: &Gradients, tree: u32) {
        let rows = full.gradients.len();
        if self.rows.len() != rows {
            self.rows = (0..rows as u32).collect();
        }
        let shifts = full.sums.map(|sum| shift(sum, rows as u64));
        self.units = shifts.map(unit);
        self.packed.clear();
        let both = full.gradients.iter().zip(&full.hessians);
        self.packed.extend(self.rows.iter().zip(both).map(|(row, (gradient, hessian))| {
            rounded([i64::from(*gradient), i64::from(*hessian)], shifts, *row, tree)
        }));
    }

    /// Draws about `share` of the rows, which are many; `tree` is the number of the tree.
    pub(super) fn draw(&mut self, cpu: Cpu, full: &Gradients, share: f64, tree: u32) {
        let draw = chances(full, share, tree);
        let chunks = full.gradients.par_chunks(CHUNK).zip(full.hessians.par_chunks(CHUNK)).enumerate();
        let drawn: Vec<Drawn> =
            chunks.map(|(chunk, both)| Drawn::from(cpu, draw, (chunk * CHUNK) as u32, both)).collect();
        let rows: usize = drawn.iter().map(|drawn| drawn.rows.len()).sum();
        let sum = |which: usize| drawn.iter().map(|drawn| drawn.sums[which]).sum();
        let shifts = [0, 1].map(|which| shift(sum(which), rows as u64));
        self.units = shifts.map(unit);
        self.rows.clear();
        self.packed.clear();
        for drawn in drawn {
            let both = drawn.rows.iter().zip(&drawn.weighted);
            self.packed.extend(both.map(|(row, weighted)| rounded(*weighted, shifts, *row, tree)));
            self.rows.extend_from_slice(&drawn.rows);
        }
    }
}

impl Drawn {
    fn from(cpu: Cpu, draw: Draw, first: u32, (gradients, hessians): (&[i32], &[i32])) -> Self {
        let mut is_drawn = [0; CHUNK];
        let is_drawn = &mut is_drawn[..gradients.len()];
        cpu.draw(draw, first, gradients, is_drawn);
        let mut drawn = Self { rows: Vec::new(), weighted: Vec::new(), sums: [0; 2] };
        // Every row is written, and only a drawn one moves the place on: no branch to guess wrong.
        let mut places = vec![0_u32; gradients.len() + 1];
        let mut count = 0;
        for (place, is_drawn) in is_drawn.iter().enumerate() {
            places[count] = place as u32;
            count += usize::from(*is_drawn);
        }
        for place in &places[..count] {
            let (gradient, hessian) = (gradients[*place as usize], hessians[*place as usize]);
            let weight = 1.0 / draw.chance(gradient);
            let weighted = [(gradient as f32 * weight) as i64, (hessian as f32 * weight) as i64];
            drawn.sums[0] += weighted[0].unsigned_abs();
            drawn.sums[1] += weighted[1].unsigned_abs();
            drawn.weighted.push(weighted);
        }
        places.truncate(count);
        places.iter_mut().for_each(|place| *place += first);
        Self { rows: places, ..drawn }
    }
}

/// By how many bits to shift gradients so that sums of their sizes stay within bounds.
fn shift(sum: u64, rows: u64) -> u32 {
    // Rounding may add a unit a row.
    (0..=FULL_BITS as u32 + 16).find(|shift| (sum >> shift) + rows < MOST).unwrap_or(FULL_BITS as u32 + 16)
}

/// The unit of shifted gradients: 2 to the shift less 30.
fn unit(shift: u32) -> f32 {
    f32::from_bits(((127 + shift as i32 - FULL_BITS) as u32) << 23)
}

/// Shifts gradient and hessian, rounding by the row's luck, and packs them.
fn rounded([gradient, hessian]: [i64; 2], shifts: [u32; 2], row: u32, tree: u32) -> Packed {
    let luck = u64::from(scattered(row, !tree));
    // Different bits for the two, so that they are not rounded alike.
    let round = |value: i64, shift: u32, luck: u64| {
        let below = (1_u64 << shift) - 1;
        (value + (luck & below) as i64) >> shift
    };
    pack(
        round(gradient, shifts[0], (luck * 0x9e37_79b9) >> 7) as i32,
        round(hessian, shifts[1], (luck * 0x85eb_ca6b) >> 11) as i32,
    )
}

/// The chances by which about a share of the rows is drawn.
fn chances(full: &Gradients, share: f64, tree: u32) -> Draw {
    let rows = full.gradients.len();
    let mean = full.sums[0] as f64 / rows as f64 * winback_kernels::GRADIENT_UNIT;
    let floor = (mean * mean) as f32;
    let looked_at = full.gradients.iter().step_by(rows.div_ceil(LOOKED_AT));
    let sizes: Vec<f32> = looked_at.map(|gradient| square(*gradient, floor).sqrt()).collect();
    let wanted = share * sizes.len() as f64;
    // A size is at most the gradient's and the mean, so the mean chance is at most twice the mean by the threshold.
    let (mut low, mut high) = (0.0_f32, (2.0 * mean / share) as f32);
    for _ in 0..HALVINGS {
        let middle = f32::midpoint(low, high);
        let drawn = crate::number::sum(sizes.iter().map(|size| f64::from((size / middle).min(1.0))));
        if drawn > wanted { low = middle } else { high = middle }
    }
    Draw { floor, certain: high * high, seed: tree }
}
