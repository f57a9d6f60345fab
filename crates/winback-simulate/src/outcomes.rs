//! The true probability that a customer leaves within the horizon: the law that learners try to find.
//!
//! It is a function of what the bank sees, of nothing hidden, so the best score there can be is known. In log-odds:
//!
//! | what | how it acts |
//! | --- | --- |
//! | slowing transactions | strongest: up to +2.8 as the change falls from 1 to 0.3; -0.6 at most when it rises |
//! | products | one: +0.4; two: -0.7; three: -0.2; four or five: +1.1 |
//! | complaints | +0.65 each, +1.3 each in the first two years; at most two count |
//! | tenure | +0.8 at the start, fading over three years; +0.25 about the fifth anniversary |
//! | salary | -0.7 when it comes in; +0.9 when it does not and the balance is below 800 |
//! | falling balance | up to +1.2 as the change falls from 0 to -0.6 |
//! | logins | -0.3 per unit of ln(1 + logins) |
//! | age | +0.45 about 47, falling to -0.45 at 17 and 77; a protected column with a real, mild effect |
//! | renewal | +0.55 in the two months before the yearly fee |
//! | overdraft | up to +0.4 |
//! | income | -0.15 per unit of ln, from the true income also where the bank does not know it |
//! | region, branch, occupation | at most ±0.12, ±0.08, ±0.12: spread evenly, so most act hardly at all |
//! | segment, channel | at most ±0.25 |
//!
//! Without any effect: gender, nationality, consent, household size, survey score, card declines, days since contact,
//! credit card. The draw itself, and what follows from it, are left to `truth`.

use crate::customers::Customer;
use crate::events::Behaviour;
use crate::random::leaning;

/// Tuned once, so that about 8 of 100 leave.
const INTERCEPT: f64 = -3.34;

const SEGMENT_EFFECTS: [f64; 4] = [0.15, 0.05, -0.1, -0.25];
const CHANNEL_EFFECTS: [f64; 3] = [-0.08, 0.05, 0.2];

/// The probability of leaving within 90 days, given what is seen of the customer on `day`.
pub(crate) fn probability(customer: &Customer, behaviour: &Behaviour, day: i64) -> f64 {
    let log_odds = INTERCEPT
        + activity(behaviour)
        + relation(customer, behaviour)
        + money(customer, behaviour)
        + person(customer, day);
    1.0 / (1.0 + libm::exp(-log_odds))
}

/// What the customer does.
fn activity(behaviour: &Behaviour) -> f64 {
    // An account too young to have slowed down counts as steady.
    let change = behaviour.transaction_change.unwrap_or(1.0);
    let slowing = 4.0 * (1.0 - change).clamp(-0.15, 0.7);
    let falling = 2.0 * (-behaviour.balance_change).clamp(0.0, 0.6);
    slowing + falling - 0.3 * libm::log1p(behaviour.logins)
}

/// How customer and bank stand with each other.
fn relation(customer: &Customer, behaviour: &Behaviour) -> f64 {
    let tenure = behaviour.tenure_months;
    let products = match customer.products {
        1 => 0.4,
        2 => -0.7,
        3 => -0.2,
        _ => 1.1,
    };
    let per_complaint = if tenure < 24.0 { 1.3 } else { 0.65 };
    let complaints = per_complaint * behaviour.complaints.min(2.0);
    let newness = 0.8 * (1.0 - tenure / 36.0).max(0.0);
    let fifth_year = if (56.0..66.0).contains(&tenure) { 0.25 } else { 0.0 };
    let renewal = if behaviour.months_to_renewal < 2.0 { 0.55 } else { 0.0 };
    products + complaints + newness + fifth_year + renewal
}

/// How the customer's money stands.
fn money(customer: &Customer, behaviour: &Behaviour) -> f64 {
    let salary = match (behaviour.salary_paid_in, behaviour.balance < 800.0) {
        (true, _) => -0.7,
        (false, true) => 0.9,
        (false, false) => 0.0,
    };
    let overdraft = 0.02 * behaviour.overdraft_days.min(20.0);
    salary + overdraft - 0.15 * libm::log(customer.income / 2900.0)
}

/// Who the customer is.
fn person(customer: &Customer, day: i64) -> f64 {
    let age = 0.45 * (1.0 - (customer.age(day) - 47.0).abs() / 15.0).max(-1.0);
    let region = 0.12 * leaning(customer.region() as u64 ^ 0x3e61_0000);
    let branch = 0.08 * leaning(customer.branch ^ 0xb4a2_0000);
    let occupation = 0.12 * leaning(customer.occupation as u64 ^ 0x0cc0_0000);
    age + region + branch + occupation + SEGMENT_EFFECTS[customer.segment] + CHANNEL_EFFECTS[customer.channel]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::HISTORY_DAY;

    /// A customer of four years and what the bank sees of that customer.
    fn example() -> (Customer, Behaviour) {
        let found = (0..10_000)
            .map(|number| Customer::new(5, number, 10_000, 40))
            .map(|customer| {
                let behaviour = Behaviour::on(&customer, HISTORY_DAY);
                (customer, behaviour)
            })
            .find(|(_, behaviour)| (44.0..50.0).contains(&behaviour.tenure_months));
        found.unwrap()
    }

    fn log_odds(customer: &Customer, behaviour: &Behaviour) -> f64 {
        let probability = probability(customer, behaviour, HISTORY_DAY);
        libm::log(probability / (1.0 - probability))
    }

    #[test]
    fn a_complaint_weighs_double_in_the_first_two_years() {
        let (customer, mut behaviour) = example();
        let mut weight_at = |tenure_months: f64| {
            behaviour.tenure_months = tenure_months;
            behaviour.complaints = 0.0;
            let without = log_odds(&customer, &behaviour);
            behaviour.complaints = 1.0;
            log_odds(&customer, &behaviour) - without
        };
        assert!((weight_at(10.0) - 1.3).abs() < 1e-9);
        assert!((weight_at(80.0) - 0.65).abs() < 1e-9);
    }

    #[test]
    fn low_balance_matters_only_without_salary() {
        let (customer, mut behaviour) = example();
        let mut weight_with = |salary_paid_in: bool| {
            behaviour.salary_paid_in = salary_paid_in;
            behaviour.balance = 5000.0;
            let rich = log_odds(&customer, &behaviour);
            behaviour.balance = 100.0;
            log_odds(&customer, &behaviour) - rich
        };
        assert!(weight_with(true).abs() < 1e-9);
        assert!((weight_with(false) - 0.9).abs() < 1e-9);
    }

    #[test]
    fn what_should_say_nothing_says_nothing() {
        let (mut customer, mut behaviour) = example();
        let before = log_odds(&customer, &behaviour);
        customer.gender = 1 - customer.gender;
        customer.nationality = 5;
        customer.marketing_consent = !customer.marketing_consent;
        customer.household_size = 5;
        behaviour.survey_score = 0.0;
        behaviour.card_declines = 4.0;
        assert!((log_odds(&customer, &behaviour) - before).abs() < 1e-12);
    }
}
