//! Draws that depend on nothing but a seed: the same numbers on every machine and with every version of our libraries.
//!
//! A generator is made afresh for each (seed, customer, purpose, turn), so a customer can be made without making those
//! before. Only raw 64-bit words come from the library; how they become numbers is written here, because libraries of
//! distributions change their streams between versions. What the draws mean is left to the other files.

use rand_core::Rng;
use rand_pcg::Pcg64;

/// What a stream of draws is for. Streams of different purposes are independent, so that a draw added to one leaves
/// the others as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Who the customer is.
    Traits = 1,
    /// How the customer feels and acts in one quarter.
    Latents = 2,
    /// Which of the customer's values the bank does not know.
    Blanks = 3,
    /// Whether and when the customer leaves.
    Fate = 4,
    /// What lasts of the feelings and actions.
    Lasting = 5,
    /// A small history.
    Small = 6,
    /// A wide table.
    Wide = 7,
}

/// A stream of draws.
#[derive(Debug)]
pub(crate) struct Draws {
    generator: Pcg64,
}

impl Draws {
    /// The stream of one customer for one purpose; `turn` tells repeated uses apart, for example quarters.
    pub(crate) fn new(seed: u64, customer: u64, purpose: Purpose, turn: u64) -> Self {
        let mut word = scatter(seed ^ 0x51ed_270b_7a03_1c95);
        for part in [customer, purpose as u64, turn] {
            word = scatter(word ^ part);
        }
        let state = (u128::from(word) << 64) | u128::from(scatter(word ^ seed));
        Self { generator: Pcg64::new(state, u128::from(scatter(!word))) }
    }

    /// Uniform in [0, 1), in steps of 2⁻⁵³.
    pub(crate) fn uniform(&mut self) -> f64 {
        // 2⁻⁵³ is exact, and so is the product.
        (self.generator.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in 0 .. `bound`; the bias of at most `bound` × 2⁻⁶⁴ is of no account here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.generator.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Whether something of this probability happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Two independent standard normals: a point drawn evenly from the unit disc, its radius stretched.
    pub(crate) fn normals(&mut self) -> [f64; 2] {
        loop {
            let (across, up) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = across * across + up * up;
            if 0.0 < square && square < 1.0 {
                // The square root is exact by the standard of floating point, so it may come from the platform.
                let stretch = (-2.0 * libm::log(square) / square).sqrt();
                return [across * stretch, up * stretch];
            }
        }
    }
}

/// Scatters the bits of a word, one to one, so that neighbouring inputs have nothing in common.
pub(crate) fn scatter(word: u64) -> u64 {
    let mut word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A number in [-1, 1) that belongs to a word for ever: how a level of a category acts, whatever the seed.
pub(crate) fn leaning(word: u64) -> f64 {
    (scatter(word) >> 11) as f64 * (1.0 / 4_503_599_627_370_496.0) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_mean_zero_and_deviation_one() {
        let mut draws = Draws::new(7, 0, Purpose::Traits, 0);
        let values: Vec<f64> = (0..50_000).flat_map(|_| draws.normals()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.015, "{mean}");
        assert!((square - 1.0).abs() < 0.02, "{square}");
    }

    #[test]
    fn bounded_draws_reach_every_value_and_no_other() {
        let mut draws = Draws::new(7, 0, Purpose::Traits, 0);
        let mut seen = [0_u32; 17];
        for _ in 0..17_000 {
            seen[draws.below(17) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
    }

    #[test]
    fn streams_differ_in_every_part_of_their_name() {
        let first =
            |seed, customer, purpose, turn| Draws::new(seed, customer, purpose, turn).generator.next_u64();
        let original = first(1, 2, Purpose::Traits, 3);
        assert_eq!(original, first(1, 2, Purpose::Traits, 3));
        assert_ne!(original, first(2, 2, Purpose::Traits, 3));
        assert_ne!(original, first(1, 3, Purpose::Traits, 3));
        assert_ne!(original, first(1, 2, Purpose::Fate, 3));
        assert_ne!(original, first(1, 2, Purpose::Traits, 4));
    }

    #[test]
    fn the_stream_is_pinned() {
        // These words are the promise that a seed means the same bank for ever.
        let mut draws = Draws::new(1, 1, Purpose::Traits, 0);
        let words = [draws.generator.next_u64(), draws.generator.next_u64()];
        assert_eq!(words, PINNED, "{words:?}");
    }

    const PINNED: [u64; 2] = [6_795_532_919_475_609_482, 5_547_467_479_464_403_339];
}
