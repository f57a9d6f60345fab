//! Seeded draws whose sequence is fixed for ever: a named generator, and integers drawn by our own hand.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// A stream of draws, told apart from others of the same seed by its purpose.
pub(crate) struct Draws(Pcg64);

impl Draws {
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[16..24].copy_from_slice(&purpose.to_le_bytes());
        Self(Pcg64::from_seed(bytes))
    }

    /// A number below `bound`, which is not zero (multiply and shift, Lemire 2019, without the rejection: the bias is
    /// below `bound` / 2⁶⁴).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }
}
