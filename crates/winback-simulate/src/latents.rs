//! The hidden normals behind a customer's behaviour.
//!
//! There are sixteen for each customer and quarter; most of each lasts, the rest is new. Between two quarter days they
//! are blended, so behaviour moves a little from week to week and every week of a bank looks like every other, but for
//! the season. What they do to the columns is left to `events`.

use crate::calendar::{QUARTER_DAYS, quarter_of};
use crate::random::{Draws, Purpose};

const LATENTS: usize = 16;

/// The part of the variance of a hidden normal that lasts; the rest is new in each quarter.
const LASTING: f64 = 0.75;

/// The hidden normals of one customer on one day; each has mean 0 and deviation 1.
#[derive(Debug, Clone)]
pub(crate) struct Latents(pub(crate) [f64; LATENTS]);

impl Latents {
    /// The part that lasts as long as the customer.
    pub(crate) fn lasting(seed: u64, number: u64) -> Self {
        Self::drawn(Draws::new(seed, number, Purpose::Lasting, 0))
    }

    /// Those of the first day of a quarter, for the customer of whom this is the lasting part.
    pub(crate) fn of_quarter(&self, seed: u64, number: u64, quarter: i64) -> Self {
        let fresh = Draws::new(seed, number, Purpose::Latents, quarter as u64);
        let (lasting, passing) = (LASTING.sqrt(), (1.0 - LASTING).sqrt());
        self.joined(&Self::drawn(fresh), lasting, passing)
    }

    /// Those of any day from the history on, for the customer of whom this is the lasting part.
    pub(crate) fn on(&self, seed: u64, number: u64, day: i64) -> Self {
        let (quarter, passed) = quarter_of(day);
        let before = self.of_quarter(seed, number, quarter);
        if passed == 0 {
            return before;
        }
        let share = passed as f64 / QUARTER_DAYS as f64;
        // Two quarters are correlated by what lasts; divided so that the deviation stays 1 between them.
        let length = (1.0 - 2.0 * share * (1.0 - share) * (1.0 - LASTING)).sqrt();
        before.joined(&self.of_quarter(seed, number, quarter + 1), (1.0 - share) / length, share / length)
    }

    fn drawn(mut draws: Draws) -> Self {
        let mut values = [0.0; LATENTS];
        for pair in values.chunks_exact_mut(2) {
            pair.copy_from_slice(&draws.normals());
        }
        Self(values)
    }

    fn joined(&self, other: &Self, own_weight: f64, other_weight: f64) -> Self {
        Self(std::array::from_fn(|position| own_weight * self.0[position] + other_weight * other.0[position]))
    }
}
