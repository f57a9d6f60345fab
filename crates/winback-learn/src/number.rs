//! The few numeric rules that everything obeys, so that every machine computes the same bits.
//!
//! `exp` and `ln` come from `libm`, never from the platform; margins, leaf values and effects are integers in units of
//! 2⁻²⁴ log-odds, so that sums do not depend on their order; floats are summed in a fixed order, by [`sum`] where rows are many.

/// One unit of a margin or an effect, in log-odds.
pub(crate) const UNIT: f64 = 1.0 / 16_777_216.0;

/// Log-odds in units, rounded to the nearest.
pub(crate) fn to_units(log_odds: f64) -> i64 {
    (log_odds / UNIT).round() as i64
}

/// The largest value of one leaf or point, in log-odds: far beyond what any data say, and safe to sum.
const LARGEST: f64 = 32.0;

/// The value of one leaf or one point, in units, within bounds.
pub(crate) fn to_bounded_units(log_odds: f64) -> i32 {
    to_units(log_odds.clamp(-LARGEST, LARGEST)) as i32
}

/// The probability of log-odds: the logistic function.
#[must_use]
pub fn probability(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + libm::exp(-log_odds))
    } else {
        let odds = libm::exp(log_odds);
        odds / (1.0 + odds)
    }
}

/// The log-odds of a probability strictly between 0 and 1.
#[must_use]
pub fn log_odds(probability: f64) -> f64 {
    libm::log(probability) - libm::log1p(-probability)
}

/// The log loss of one row from its log-odds, without overflow at either end.
#[must_use]
pub fn log_loss(log_odds: f64, label: bool) -> f64 {
    let towards = if label { -log_odds } else { log_odds };
    towards.max(0.0) + libm::log1p(libm::exp(-log_odds.abs()))
}

/// How much a row counts; one where there are no weights.
pub(crate) fn weight(weights: Option<&[f64]>, row: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[row])
}

/// A sum in the order of the values, compensated (Neumaier 1974): how floats are added up over rows. Where rows are
/// summed by code instead, as in a scorecard's gradient, they are taken in their order too.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_is_small() {
        assert!((sum([1e16, 1.0, -1e16]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn log_odds_and_probability_are_inverse_and_never_overflow() {
        for value in [1e-9, 0.25, 0.5, 0.999_999] {
            assert!((probability(log_odds(value)) - value).abs() < 1e-15);
        }
        assert!(probability(-800.0) >= 0.0 && probability(800.0) <= 1.0);
        assert!((log_loss(-800.0, true) - 800.0).abs() < 1e-9);
        assert!((log_loss(0.0, false) - core::f64::consts::LN_2).abs() < 1e-15);
    }
}
