//! Who the customers are: what stays as it is however long one looks.
//!
//! A customer is a pure function of the bank's seed and the customer's number. What a customer does is left to
//! `events`, whether one leaves to `outcomes` and `truth`.

use crate::calendar::{HISTORY_DAY, QUARTER_DAYS, quarter_of};
use crate::latents::Latents;
use crate::random::{Draws, Purpose, scatter};

pub(crate) const GENDERS: [&str; 2] = ["female", "male"];
pub(crate) const NATIONALITIES: [&str; 6] =
    ["home", "neighbouring country", "rest of europe", "americas", "asia", "africa"];
pub(crate) const REGIONS: [&str; 17] = [
    "Amberfell",
    "Birkmoor",
    "Calder Vale",
    "Dunmere",
    "Eastmarch",
    "Fenland",
    "Grey Coast",
    "Highwater",
    "Isle of Tarn",
    "Juniper Hills",
    "Kingsreach",
    "Lower Ashe",
    "Midlake",
    "Northholt",
    "Oakshire",
    "Port Sable",
    "Upper Ashe",
];
pub(crate) const SEGMENTS: [&str; 4] = ["student", "everyday", "plus", "private"];
pub(crate) const CHANNELS: [&str; 3] = ["app", "branch", "phone"];
pub(crate) const OCCUPATIONS: [&str; 40] = [
    "office worker",
    "sales assistant",
    "pensioner",
    "nurse",
    "teacher",
    "driver",
    "engineer",
    "builder",
    "student",
    "cook",
    "civil servant",
    "electrician",
    "accountant",
    "cleaner",
    "software developer",
    "warehouse worker",
    "manager",
    "mechanic",
    "carer",
    "self-employed",
    "doctor",
    "police officer",
    "hairdresser",
    "farmer",
    "lawyer",
    "painter",
    "waiter",
    "plumber",
    "designer",
    "scientist",
    "journalist",
    "pharmacist",
    "architect",
    "baker",
    "musician",
    "translator",
    "pilot",
    "vet",
    "fisher",
    "diplomat",
];
/// Branches are numbered from 1, so the highest code is this.
pub(crate) const BRANCHES: u64 = 500;

const DAYS_OF_YEAR: f64 = 365.25;

/// One customer. Categories are positions in the lists above.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) seed: u64,
    pub(crate) number: u64,
    /// Age in years on the day of the history; 18 to 95.
    age_at_history: f64,
    pub(crate) gender: usize,
    pub(crate) nationality: usize,
    /// 1 to [`BRANCHES`].
    pub(crate) branch: u64,
    pub(crate) occupation: usize,
    pub(crate) segment: usize,
    pub(crate) channel: usize,
    /// Per month; lognormal about 2,900.
    pub(crate) income: f64,
    /// The day the first account was opened.
    pub(crate) opened_day: i64,
    /// 1 to 5.
    pub(crate) products: u32,
    pub(crate) credit_card: bool,
    pub(crate) marketing_consent: bool,
    pub(crate) household_size: u32,
    /// Whether the salary comes to this bank in ordinary times.
    pub(crate) salary_here: bool,
    /// Leanings with mean 0 and deviation near 1: towards spending often, towards wealth, towards the app.
    pub(crate) activity: f64,
    pub(crate) wealth: f64,
    pub(crate) digital: f64,
    /// What lasts of the hidden normals behind the behaviour.
    pub(crate) lasting: Latents,
}

impl Customer {
    /// The customer of this number. Those below `founders` were there at the history; of the others,
    /// `joiners_per_week` join in every week after it.
    pub(crate) fn new(seed: u64, number: u64, founders: u64, joiners_per_week: u64) -> Self {
        let mut draws = Draws::new(seed, number, Purpose::Traits, 0);
        let [activity, wealth] = draws.normals();
        let [digital_noise, income_noise] = draws.normals();
        let [tenure_noise, _] = draws.normals();
        let age_at_history = 18.0 + 31.0 * (draws.uniform() + draws.uniform()) + 15.0 * cube(draws.uniform());
        let occupation = occupation(&mut draws, age_at_history);
        let digital = 0.85 * digital_noise - 0.035 * (age_at_history - 49.0);
        let income = income(occupation, wealth, income_noise);
        let opened_day = if number < founders {
            let longest = (age_at_history - 16.0) * DAYS_OF_YEAR;
            let tenure = -2600.0 * libm::log(1.0 - draws.uniform()) * libm::exp(0.2 * tenure_noise);
            HISTORY_DAY - tenure.min(longest) as i64
        } else {
            let week = (number - founders) / joiners_per_week.max(1);
            HISTORY_DAY + 1 + 7 * week as i64 + draws.below(7) as i64
        };
        Self {
            seed,
            number,
            age_at_history,
            gender: usize::from(draws.happens(0.49)),
            nationality: pick(&mut draws, &[0.81, 0.08, 0.05, 0.02, 0.025, 0.015]),
            branch: branch(&mut draws),
            occupation,
            segment: segment(age_at_history, income, &mut draws),
            channel: channel(digital, &mut draws),
            income,
            opened_day,
            products: 1 + pick(&mut draws, &[0.40, 0.36, 0.15, 0.06, 0.03]) as u32,
            credit_card: draws.happens(0.62),
            marketing_consent: draws.happens(0.71),
            household_size: 1 + pick(&mut draws, &[0.33, 0.32, 0.16, 0.13, 0.06]) as u32,
            salary_here: draws.happens(0.72),
            activity,
            wealth,
            digital,
            lasting: Latents::lasting(seed, number),
        }
    }

    /// The key as the bank writes it: a letter and at least eight digits, leading zeros included.
    pub(crate) fn key(&self) -> String {
        format!("C{:08}", self.number)
    }

    /// Whole years of age on a day.
    pub(crate) fn age(&self, day: i64) -> f64 {
        (self.age_at_history + (day - HISTORY_DAY) as f64 / DAYS_OF_YEAR).floor()
    }

    /// Days since the first account was opened; negative before.
    pub(crate) fn tenure_days(&self, day: i64) -> i64 {
        day - self.opened_day
    }

    /// The position of the region; each branch lies in one.
    pub(crate) fn region(&self) -> usize {
        (scatter(self.branch ^ 0x7e91) % REGIONS.len() as u64) as usize
    }

    /// The first quarter in which the customer can leave, and how many of its days had passed by then.
    pub(crate) fn entry(&self) -> (i64, i64) {
        if self.opened_day <= HISTORY_DAY { (0, 0) } else { quarter_of(self.opened_day) }
    }

    /// The first day on which the customer can be seen in this quarter.
    pub(crate) fn first_day_in(&self, quarter: i64) -> i64 {
        (HISTORY_DAY + quarter * QUARTER_DAYS).max(self.opened_day)
    }
}

fn cube(value: f64) -> f64 {
    value * value * value
}

/// A position drawn by its share; shares sum to 1.
fn pick(draws: &mut Draws, shares: &[f64]) -> usize {
    let mut left = draws.uniform();
    for (position, share) in shares.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return position;
        }
    }
    shares.len() - 1
}

/// A long tail: the share of an occupation falls with its rank, about as one over it.
fn occupation(draws: &mut Draws, age: f64) -> usize {
    const PENSIONER: usize = 2;
    const STUDENT: usize = 8;
    let ranks = OCCUPATIONS.len() as f64 + 1.0;
    let rank = libm::exp(draws.uniform() * libm::log(ranks)) as usize - 1;
    let often = draws.happens(0.8);
    if 66.0 < age && often {
        PENSIONER
    } else if age < 25.0 && often {
        STUDENT
    } else {
        rank.min(OCCUPATIONS.len() - 1)
    }
}

fn income(occupation: usize, wealth: f64, noise: f64) -> f64 {
    let calling = crate::random::leaning(occupation as u64 ^ 0x10c0);
    let monthly = 2900.0 * libm::exp(0.3 * calling + 0.35 * wealth + 0.28 * noise);
    (monthly / 10.0).round() * 10.0
}

/// Branches of low rank are busier; the code does not tell the rank.
fn branch(draws: &mut Draws) -> u64 {
    let share = draws.uniform();
    let rank = (BRANCHES as f64 * share * share.sqrt()) as u64;
    // 337 and 500 have no common factor, so every code has one rank.
    (rank * 337 + 11) % BRANCHES + 1
}

fn segment(age: f64, income: f64, draws: &mut Draws) -> usize {
    let blurred = income * (0.85 + 0.3 * draws.uniform());
    if age < 27.0 && draws.happens(0.7) {
        0
    } else if blurred < 3600.0 {
        1
    } else if blurred < 6000.0 {
        2
    } else {
        3
    }
}

fn channel(digital: f64, draws: &mut Draws) -> usize {
    let leaning = digital + 2.0 * draws.uniform() - 1.0;
    if -0.3 < leaning {
        0
    } else if draws.happens(0.7) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_branch_code_belongs_to_one_rank() {
        let mut seen: Vec<u64> = (0..BRANCHES).map(|rank| (rank * 337 + 11) % BRANCHES + 1).collect();
        seen.sort_unstable();
        assert_eq!(seen, (1..=BRANCHES).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_opened_an_account_as_a_child() {
        for number in 0..2_000 {
            let customer = Customer::new(3, number, 2_000, 8);
            let tenure = customer.tenure_days(HISTORY_DAY) as f64 / DAYS_OF_YEAR;
            assert!(0.0 <= tenure && tenure <= customer.age_at_history - 16.0);
            assert!((18.0..=95.0).contains(&customer.age(HISTORY_DAY)));
        }
    }

    #[test]
    fn joiners_open_in_their_week() {
        for number in 100..140 {
            let customer = Customer::new(3, number, 100, 8);
            let week = (number - 100) as i64 / 8;
            let days = customer.opened_day - HISTORY_DAY;
            assert!((7 * week + 1..=7 * week + 7).contains(&days), "{days}");
        }
    }
}
