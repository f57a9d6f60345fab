//! Ticks of axes: which values are named, and how.
//!
//! Values are round and few; shares are named in percent, effects by how much they multiply the odds.

/// A value on an axis and the word for it.
pub(super) type Tick = (f64, String);

/// Round values between two bounds, about `count` of them.
pub(super) fn round_values(from: f64, to: f64, count: f64) -> Vec<f64> {
    let span = to - from;
    if !(span.is_finite() && 1e-9 < span) {
        return vec![from];
    }
    let rough = span / count;
    let mut unit = 1.0;
    while unit * 10.0 <= rough {
        unit *= 10.0;
    }
    while rough < unit {
        unit /= 10.0;
    }
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * unit);
    let step = step.into_iter().find(|step| rough <= *step * 1.000_001).unwrap_or(unit * 10.0);
    let (first, last) = ((from / step - 1e-6).ceil(), (to / step + 1e-6).floor());
    let last = last.min(first + 50.0);
    let mut values = Vec::new();
    let mut value = first;
    while value <= last {
        // Adding zero takes the sign off a negative zero.
        values.push(value * step + 0.0);
        value += 1.0;
    }
    values
}

/// Ticks of shares from 0 to some share.
pub(super) fn share_ticks(to: f64) -> Vec<Tick> {
    let values = round_values(0.0, to, 5.0);
    let decimals = usize::from(values.get(1).is_some_and(|step| *step < 0.0099));
    values.into_iter().map(|value| (value, format!("{:.decimals$} %", 100.0 * value))).collect()
}

/// The largest effect that an axis shows, hardly more than a factor of 10⁶; a column that gives the outcome away goes
/// beyond all measure.
const BEYOND: f64 = 13.816;

/// The reach of an axis of effects; what lies beyond it is drawn at its end.
pub(super) fn odds_reach((from, to): (f64, f64)) -> (f64, f64) {
    (from.max(-BEYOND), to.min(BEYOND))
}

/// Ticks of effects: by how much they multiply the odds. Where the axis ends before the effects, the last says so.
pub(super) fn odds_ticks((from, to): (f64, f64)) -> Vec<Tick> {
    const FACTORS: [f64; 8] = [1.05, 1.1, 1.25, 1.5, 2.0, 4.0, 10.0, 100.0];
    let (lowest, highest) = odds_reach((from, to));
    let most = (-lowest).max(highest).max(0.0);
    let steps = |factor: f64| (most / libm::log(factor)).floor() as i32;
    // Powers of small factors are crooked numbers, so few of them are shown.
    let bound = |factor: f64| if factor < 2.0 { 2 } else { 3 };
    let factor = FACTORS.into_iter().find(|factor| steps(*factor) <= bound(*factor)).unwrap_or(100.0);
    let steps = steps(factor).clamp(0, 3);
    let tick = |step: i32| {
        let times = (0..step.abs()).fold(1.0, |times, _| times * factor);
        let shown = times_shown(times);
        let is_last = 1e6 <= times && if step < 0 { from < -BEYOND } else { BEYOND < to };
        let beyond = if is_last { "beyond " } else { "" };
        let word = if step < 0 { format!("{beyond}÷ {shown}") } else { format!("{beyond}× {shown}") };
        (f64::from(step) * libm::log(factor), word)
    };
    (-steps..=steps).map(tick).filter(|(value, _)| lowest <= *value && *value <= highest).collect()
}

/// A multiple, from 10,000 on as the power of ten that it is.
fn times_shown(times: f64) -> String {
    if times < 9_999.5 {
        return crate::reasons::number::shown((times * 100.0).round() / 100.0);
    }
    let (mut rest, mut power) = (times, 0);
    while rest >= 9.5 {
        rest /= 10.0;
        power += 1;
    }
    format!("10{}", raised(power))
}

/// A number as an exponent.
fn raised(power: u64) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    power.to_string().bytes().filter_map(|digit| RAISED.get(usize::from(digit.wrapping_sub(b'0')))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(round_values(0.0, 1.0, 5.0).len(), 6);
        let words = |ticks: Vec<Tick>| ticks.into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        assert_eq!(words(share_ticks(0.3)), ["0 %", "10 %", "20 %", "30 %"]);
        assert_eq!(words(odds_ticks((-0.8, 1.5))), ["÷ 2", "× 1", "× 2", "× 4"]);
        assert_eq!(words(odds_ticks((0.0, 0.0))), ["× 1"]);
        for (from, to) in [(0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e300, 1e300)] {
            assert!(round_values(from, to, 5.0).len() <= 60);
        }
    }

    #[test]
    fn an_axis_of_effects_ends_at_a_million_and_says_that_there_is_more() {
        let words = |reach| odds_ticks(reach).into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        assert_eq!(words((-3.0, 12.0)), ["× 1", "× 100", "× 10⁴"]);
        assert_eq!(words((-3.0, 2300.0)), ["× 1", "× 100", "× 10⁴", "beyond × 10⁶"]);
        assert_eq!(words((-20.0, 1.0)), ["beyond ÷ 10⁶", "÷ 10⁴", "÷ 100", "× 1"]);
        assert_eq!(odds_reach((-3.0, 2300.0)), (-3.0, BEYOND));
    }
}
