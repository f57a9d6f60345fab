//! Risk bands: a probability in the one word that a list is sorted and filtered by.
//!
//! The bounds are multiples of the training's base rate, not probabilities: a churn of 20 % is alarming in a bank
//! that loses 5 % of its customers and ordinary in one that loses 25 %.

use crate::{Error, Result};

/// How a customer's risk compares with the share of customers who left in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskBand {
    /// Several times the base rate.
    High,
    /// At least the base rate, or what the settings say.
    Medium,
    /// Below that.
    Low,
}

impl RiskBand {
    /// The word in the column `risk_band`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Where the bands begin, as multiples of the training's base rate; finite, `high` ≥ `medium` > 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    high: f64,
    medium: f64,
}

impl Bands {
    /// Bands that begin at these multiples of the base rate; equal ones leave no medium band.
    ///
    /// # Errors
    /// [`Error::Bands`] unless both are finite and `high` ≥ `medium` > 0.
    pub fn new(high: f64, medium: f64) -> Result<Self> {
        // Written so that a NaN fails it.
        let is_usable = high.is_finite() && 0.0 < medium && medium <= high;
        if is_usable { Ok(Self { high, medium }) } else { Err(Error::Bands { high, medium }) }
    }

    /// The multiple of the base rate from which a risk is high.
    #[must_use]
    pub fn high(self) -> f64 {
        self.high
    }

    /// The multiple of the base rate from which a risk is medium.
    #[must_use]
    pub fn medium(self) -> f64 {
        self.medium
    }

    /// The band of a probability (0 to 1), given the share of positive labels in training (above 0, below 1).
    ///
    /// A bound belongs to the band above it. A bound is a promise about the risk ("at least three times the usual")
    /// and is not bent to fill a band: when `high` × base rate is above 1 no probability reaches it and nobody is
    /// high, and when it is exactly 1 only certainty is. A bank with such a base rate sets a smaller multiple.
    #[must_use]
    pub fn band(self, probability: f64, base_rate: f64) -> RiskBand {
        if probability >= self.high * base_rate {
            RiskBand::High
        } else if probability >= self.medium * base_rate {
            RiskBand::Medium
        } else {
            RiskBand::Low
        }
    }
}

impl Default for Bands {
    /// High from 3 × the base rate, medium from 1 ×.
    fn default() -> Self {
        Self { high: 3.0, medium: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    fn check(bands: Bands, base_rate: f64, expected: &[(f64, &str)]) {
        for (probability, name) in expected {
            assert_eq!(bands.band(*probability, base_rate).name(), *name, "{probability} at {base_rate}");
        }
    }

    #[test]
    fn a_bound_belongs_to_the_band_above_it() {
        let expected = [
            (0.0, "low"),
            (0.1249, "low"),
            (0.125, "medium"),
            (0.3749, "medium"),
            (0.375, "high"),
            (1.0, "high"),
        ];
        check(Bands::default(), 0.125, &expected);
    }

    #[test]
    fn a_bound_out_of_reach_is_not_bent() {
        check(Bands::default(), 0.5, &[(1.0, "medium"), (0.5, "medium"), (0.49, "low")]);
        check(Bands::new(2.0, 1.0).unwrap(), 0.5, &[(1.0, "high"), (0.99, "medium")]);
    }

    #[test]
    fn equal_bounds_leave_no_medium_band() {
        check(Bands::new(1.0, 1.0).unwrap(), 0.25, &[(0.25, "high"), (0.24, "low")]);
    }

    #[test]
    fn multiples_that_contradict_each_other_are_refused() {
        for (high, medium) in
            [(1.0, 2.0), (3.0, 0.0), (3.0, -1.0), (f64::NAN, 1.0), (3.0, f64::NAN), (f64::INFINITY, 1.0)]
        {
            assert!(Bands::new(high, medium).is_err(), "{high} and {medium}");
        }
        let message = Bands::new(1.0, 2.0).unwrap_err().to_string();
        assert_eq!(
            message,
            "risk bands: `high` is 1 and `medium` is 2; give finite numbers, `high` ≥ `medium` > 0"
        );
    }

    proptest! {
        #[test]
        fn a_higher_probability_never_has_a_lower_band(
            low in 0.0..=1.0_f64, rise in 0.0..=1.0_f64, base_rate in 0.001..0.999_f64,
            medium in 0.01..3.0_f64, factor in 1.0..5.0_f64,
        ) {
            let severity = |band| match band {
                RiskBand::Low => 0,
                RiskBand::Medium => 1,
                RiskBand::High => 2,
            };
            let bands = Bands::new(medium * factor, medium).unwrap();
            let (below, above) = (bands.band(low, base_rate), bands.band(low + rise, base_rate));
            prop_assert!(severity(below) <= severity(above));
        }
    }
}
