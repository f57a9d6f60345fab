//! Whether and when a customer leaves, and the probability of it that is the truth of a row.
//!
//! In every quarter one draw decides: below the probability of the quarter's first day the customer leaves in it, on a
//! day spread evenly over days 1 to 90. A row on that first day, as all of the history, has exactly that probability.
//! A row in the middle of a quarter has what remains of it, and of the next quarter the part within the horizon: still
//! the exact truth, but of the whole path, of which the row shows one day, so a score of the row alone is a little less
//! sharp there than on a first day. So outcomes agree between files: who left before a week is not in it, and who is
//! labelled "stayed" is in every file of the next 90 days.

use crate::calendar::{HORIZON_DAYS, quarter_of, quarter_start};
use crate::customers::Customer;
use crate::events::Behaviour;
use crate::outcomes::probability;
use crate::random::{Draws, Purpose};

/// What is true of one customer on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Truth {
    /// The probability of leaving within the horizon.
    pub(crate) probability: f64,
    /// Whether the customer does.
    pub(crate) left: bool,
}

/// What one draw decides about one quarter.
#[derive(Debug, Clone)]
struct Quarter {
    /// What the bank sees of the customer on its first day.
    behaviour: Behaviour,
    /// The probability of leaving in it, on its first day.
    probability: f64,
    /// The day of the quarter on which the customer leaves, 1 to 90.
    leaves_on: Option<i64>,
}

impl Quarter {
    fn new(customer: &Customer, quarter: i64) -> Self {
        let behaviour = Behaviour::in_quarter(customer, quarter);
        let probability = probability(customer, &behaviour, customer.first_day_in(quarter));
        let (entry, missed) = customer.entry();
        let mut draw = Draws::new(customer.seed, customer.number, Purpose::Fate, quarter as u64).uniform();
        if quarter == entry {
            // Nobody leaves before joining: the days missed are taken out of the draw.
            let passed = probability * share_of_horizon(missed);
            draw = passed + draw * (1.0 - passed);
        }
        let leaves_on =
            (draw < probability).then(|| 1 + (draw / probability * HORIZON_DAYS as f64).floor() as i64);
        Self { behaviour, probability, leaves_on }
    }
}

/// What is seen and what is true of a customer on a day, or `None` when the customer has left by then.
pub(crate) fn on(customer: &Customer, day: i64) -> Option<(Behaviour, Truth)> {
    let (quarter, passed) = quarter_of(day);
    let (entry, _) = customer.entry();
    if (entry..quarter).any(|earlier| Quarter::new(customer, earlier).leaves_on.is_some()) {
        return None;
    }
    let now = Quarter::new(customer, quarter);
    if now.leaves_on.is_some_and(|leaves_on| leaves_on <= passed) {
        return None;
    }
    if passed == 0 {
        // The first day has been seen already, so it is not made again.
        let truth = Truth { probability: now.probability, left: now.leaves_on.is_some() };
        return Some((now.behaviour, truth));
    }
    let next = Quarter::new(customer, quarter + 1);
    // The horizon ends on this day of the next quarter.
    let reach = day + HORIZON_DAYS - quarter_start(quarter + 1);
    let gone = now.probability * share_of_horizon(passed);
    let leaves_now = (now.probability - gone) / (1.0 - gone);
    let truth = Truth {
        probability: leaves_now + (1.0 - leaves_now) * next.probability * share_of_horizon(reach),
        left: now.leaves_on.is_some() || next.leaves_on.is_some_and(|leaves_on| leaves_on <= reach),
    };
    Some((Behaviour::on(customer, day), truth))
}

/// The share of a quarter's departures in its first days.
fn share_of_horizon(days: i64) -> f64 {
    days.min(HORIZON_DAYS) as f64 / HORIZON_DAYS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{HISTORY_DAY, week_day};

    #[test]
    fn the_share_that_leaves_is_the_mean_probability_on_every_day() {
        for day in [HISTORY_DAY, week_day(0), week_day(1), week_day(6), week_day(12), week_day(20)] {
            let truths: Vec<Truth> = (0..22_000)
                .map(|number| Customer::new(9, number, 20_000, 160))
                .filter(|customer| customer.opened_day <= day)
                .filter_map(|customer| on(&customer, day).map(|(_, truth)| truth))
                .collect();
            let rows = truths.len() as f64;
            let expected = truths.iter().map(|truth| truth.probability).sum::<f64>() / rows;
            let left = truths.iter().filter(|truth| truth.left).count() as f64 / rows;
            // Four standard errors of a share of 8 % in 20,000 rows.
            assert!((expected - left).abs() < 0.008, "day {day}: {expected} expected, {left} left");
        }
    }

    #[test]
    fn who_stays_is_still_there_and_who_leaves_is_not() {
        for number in 0..3_000 {
            let customer = Customer::new(4, number, 3_000, 12);
            let mut gone = false;
            for week in 0..20 {
                let later = on(&customer, week_day(week + 13) - 1);
                match on(&customer, week_day(week)) {
                    Some((_, truth)) => {
                        assert!(!gone, "customer {number} came back");
                        assert_eq!(truth.left, later.is_none(), "customer {number} in week {week}");
                    }
                    None => gone = true,
                }
            }
        }
    }
}
