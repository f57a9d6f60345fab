//! What a customer does: the behaviour the bank sees on a given day.
//!
//! Behind it stand hidden numbers that nobody sees (`latents`). A customer who is drifting away does less of
//! everything: fewer transactions, fewer logins, money moved out.
//! Whether drifting ends in leaving is left to `outcomes`.

use crate::calendar::{quarter_start, season};
use crate::customers::Customer;
use crate::latents::Latents;

/// What the bank sees of a customer on a day, before any of it gets lost.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    /// Whole months since the first account was opened.
    pub(crate) tenure_months: f64,
    /// Whole months until the yearly fee is due; 0 to 11.
    pub(crate) months_to_renewal: f64,
    /// Transactions in the last 91 days.
    pub(crate) transactions: f64,
    /// Transactions in the 274 days before those.
    pub(crate) transactions_before: f64,
    /// Transactions a day now over transactions a day before; none when the account is younger than half a year.
    pub(crate) transaction_change: Option<f64>,
    /// The part of the transactions that are payments: nearly all.
    pub(crate) payments: f64,
    /// Sum of the transactions of the last 91 days.
    pub(crate) amount: f64,
    /// Mean balance over the last 91 days; can be negative.
    pub(crate) balance: f64,
    /// The balance on the day itself: nearly the mean.
    pub(crate) balance_today: f64,
    /// Balance now over balance a quarter ago, less 1.
    pub(crate) balance_change: f64,
    /// Logins to the app in the last 91 days.
    pub(crate) logins: f64,
    /// Complaints in the last year.
    pub(crate) complaints: f64,
    /// Days since the bank last spoke with the customer; 0 to 1500.
    pub(crate) days_since_contact: f64,
    /// Days in overdraft of the last 91.
    pub(crate) overdraft_days: f64,
    /// Fees of the last year.
    pub(crate) fees: f64,
    /// Whether the salary came in last month.
    pub(crate) salary_paid_in: bool,
    /// Card payments that were declined in the last 91 days.
    pub(crate) card_declines: f64,
    /// Answer to "would you recommend us", 0 to 10. It says nothing.
    pub(crate) survey_score: f64,
}

impl Behaviour {
    /// The behaviour on the first day of a quarter, or on the day of joining when that is later.
    pub(crate) fn in_quarter(customer: &Customer, quarter: i64) -> Self {
        let day = customer.first_day_in(quarter);
        if day == quarter_start(quarter) {
            Self::from_latents(
                customer,
                &customer.lasting.of_quarter(customer.seed, customer.number, quarter),
                day,
            )
        } else {
            Self::on(customer, day)
        }
    }

    /// The behaviour on a day from the history on, not before the customer joined.
    pub(crate) fn on(customer: &Customer, day: i64) -> Self {
        Self::from_latents(customer, &customer.lasting.on(customer.seed, customer.number, day), day)
    }

    fn from_latents(customer: &Customer, Latents(hidden): &Latents, day: i64) -> Self {
        let tenure_days = customer.tenure_days(day) as f64;
        let drift = drift(hidden[0]);
        let days_now = tenure_days.min(91.0);
        let days_before = (tenure_days - 91.0).clamp(0.0, 274.0);
        let per_day = libm::exp(-0.85 + 0.5 * customer.activity + 0.15 * customer.digital);
        let slowing = libm::exp(0.16 * hidden[1] - 0.75 * drift);
        let transactions = (per_day * days_now * slowing * (1.0 + 0.05 * season(day - 45))).round();
        let before = per_day * days_before * libm::exp(0.08 * hidden[2]) * (1.0 + 0.015 * season(day - 228));
        let transactions_before = before.round();
        let transaction_change = (182.0 <= tenure_days && 0.0 < transactions_before)
            .then(|| thousandths(transactions / days_now / (transactions_before / days_before)));
        let balance =
            cents(libm::exp(7.5 + 0.85 * customer.wealth + 0.55 * hidden[4] - 0.35 * drift) - 350.0);
        let overdraft_days = (9.0 * (hidden[5] - 0.5 * customer.wealth - 1.0)).round().clamp(0.0, 91.0);
        Self {
            tenure_months: (tenure_days / 30.4375).floor(),
            months_to_renewal: 11.0 - (tenure_days / 30.4375).floor() % 12.0,
            transactions,
            transactions_before,
            transaction_change,
            payments: (transactions - (0.04 * transactions * hidden[3].abs()).round()).max(0.0),
            amount: cents(transactions * libm::exp(3.5 + 0.35 * customer.wealth + 0.3 * hidden[6])),
            balance,
            balance_today: cents(balance * (1.0 + 0.02 * hidden[7])),
            balance_change: thousandths(libm::exp(0.22 * hidden[8] - 0.3 * drift) - 1.0),
            logins: libm::exp(2.6 + 0.6 * customer.digital + 0.35 * hidden[9] - 0.5 * drift)
                .floor()
                .min(400.0),
            complaints: count(hidden[10] + 0.45 * drift, &[1.2, 1.9, 2.5, 3.1]),
            days_since_contact: libm::exp(4.3 + 0.95 * hidden[11]).floor().min(1500.0).min(tenure_days),
            overdraft_days,
            fees: cents(12.0 + 2.6 * overdraft_days + libm::exp(2.4 + 0.7 * hidden[12])),
            salary_paid_in: customer.salary_here && !(1.1 < drift && 0.2 < hidden[13]),
            card_declines: count(hidden[14] + 0.02 * overdraft_days, &[0.9, 1.6, 2.1, 2.6]),
            survey_score: (6.8 + 2.2 * hidden[15]).round().clamp(0.0, 10.0),
        }
    }
}

/// How far a customer has drifted away: 0 for two of three, then a tail that rarely exceeds 2.
fn drift(hidden: f64) -> f64 {
    (hidden - 0.45).max(0.0)
}

/// How many of the rising thresholds a value has passed.
fn count(value: f64, thresholds: &[f64]) -> f64 {
    thresholds.iter().filter(|threshold| **threshold < value).count() as f64
}

fn cents(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::HISTORY_DAY;

    fn customers() -> impl Iterator<Item = Customer> {
        (0..4_000).map(|number| Customer::new(11, number, 4_000, 16))
    }

    #[test]
    fn who_drifts_slows_down() {
        let (mut drifting, mut steady) = (Vec::new(), Vec::new());
        for customer in customers() {
            let hidden = customer.lasting.of_quarter(customer.seed, customer.number, 0);
            let behaviour = Behaviour::on(&customer, HISTORY_DAY);
            if let Some(change) = behaviour.transaction_change {
                if 0.5 < drift(hidden.0[0]) { &mut drifting } else { &mut steady }.push(change);
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean(&drifting) < 0.7 * mean(&steady));
        assert!((0.9..1.1).contains(&mean(&steady)));
    }

    #[test]
    fn behaviour_moves_little_in_a_week_and_much_in_a_year() {
        let logins = |day: i64| -> Vec<f64> {
            customers().map(|customer| libm::log(1.0 + Behaviour::on(&customer, day).logins)).collect()
        };
        let distance = |left: &[f64], right: &[f64]| {
            left.iter().zip(right).map(|(left, right)| (left - right).abs()).sum::<f64>() / left.len() as f64
        };
        let start = logins(HISTORY_DAY);
        assert!(
            3.0 * distance(&start, &logins(HISTORY_DAY + 7)) < distance(&start, &logins(HISTORY_DAY + 364))
        );
    }

    #[test]
    fn young_accounts_have_no_change_yet() {
        for customer in customers() {
            let behaviour = Behaviour::on(&customer, HISTORY_DAY);
            if customer.tenure_days(HISTORY_DAY) < 182 {
                assert_eq!(behaviour.transaction_change, None);
            }
            assert!((0.0..=11.0).contains(&behaviour.months_to_renewal));
            assert!(behaviour.payments <= behaviour.transactions);
        }
    }
}
