//! The bank: its settings, and its history and weeks as streams of batches.
//!
//! Nothing is kept between batches, so ten million customers need no more memory than ten thousand, and parts can be
//! made in any order or side by side. Writing them to files is left to `files`.

use std::ops::Range;

use arrow::array::RecordBatch;
use winback_table::{Role, Schema};

use crate::calendar::{HISTORY_DAY, SECONDS_OF_DAY, week_day};
use crate::columns::{self, Rows};
use crate::customers::Customer;
use crate::truth;

/// The most rows of a batch.
pub const BATCH_ROWS: u64 = 8192;

/// The weeks between the history and the first weekly file.
const WEEKS_BEFORE: u64 = 13;

/// The settings of a made bank; the same settings are the same bank, to the byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bank {
    /// How many customers the history has.
    pub customers: u64,
    /// How many weekly files are written.
    pub weeks: u32,
    /// Which bank of this size it is.
    pub seed: u64,
}

/// Some rows of the bank, and what is true of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The rows, at most [`BATCH_ROWS`], under [`Bank::schema`] or [`Bank::weekly_schema`].
    pub rows: RecordBatch,
    /// Row by row, the true probability of leaving within the horizon; above 0 and below 1.
    pub truth: Vec<f64>,
    /// Row by row, whether the customer leaves within the horizon: the label of the history, and what the bank will
    /// learn later about a week.
    pub left: Vec<bool>,
}

impl Bank {
    /// What the columns of the history mean. Protected columns are features here: to call them protected is the
    /// bank's part, see [`crate::PROTECTED`].
    #[must_use]
    pub fn schema() -> Schema {
        columns::schema()
    }

    /// What the columns of a weekly file mean: those of the history without the label.
    #[must_use]
    pub fn weekly_schema() -> Schema {
        columns::schema().select(|field| field.role != Role::Label)
    }

    /// The history: every customer on [`crate::HISTORY_AS_OF`], with a mature label, in the order of their numbers.
    pub fn history(self) -> impl Iterator<Item = Made> + Send {
        parts(self.customers).map(move |numbers| self.history_part(numbers))
    }

    /// A week: every customer still there, in the order of their numbers. Weeks count from 0; the first is on
    /// [`crate::FIRST_WEEK_AS_OF`]. Any week can be asked for, also beyond those that are written.
    pub fn week(self, week: u32) -> impl Iterator<Item = Made> + Send {
        parts(self.customers_by(week)).map(move |numbers| self.week_part(week, numbers))
    }

    /// The rows of the history for some customer numbers below `customers`: a part, of any size, in any order.
    #[must_use]
    pub fn history_part(self, numbers: Range<u64>) -> Made {
        self.part(HISTORY_DAY, numbers, true)
    }

    /// The rows of a week for some customer numbers below [`Bank::customers_by`]; those who left give none.
    #[must_use]
    pub fn week_part(self, week: u32, numbers: Range<u64>) -> Made {
        self.part(week_day(week), numbers, false)
    }

    /// How many customers the bank has had by a week, those who left included: the bound of its customer numbers.
    #[must_use]
    pub fn customers_by(self, week: u32) -> u64 {
        self.customers + self.joiners_per_week() * (WEEKS_BEFORE + u64::from(week))
    }

    /// About as many join as leave in a few quarters: one in 250 a week.
    fn joiners_per_week(self) -> u64 {
        self.customers.div_ceil(250)
    }

    fn part(self, day: i64, numbers: Range<u64>, labelled: bool) -> Made {
        let capacity = (numbers.end - numbers.start) as usize;
        let mut rows = Rows::new(labelled, capacity);
        let (mut probabilities, mut left) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        for number in numbers {
            let customer = Customer::new(self.seed, number, self.customers, self.joiners_per_week());
            let Some((behaviour, truth)) = truth::on(&customer, day) else { continue };
            rows.push(&customer, &behaviour, day, truth.left);
            probabilities.push(truth.probability);
            left.push(truth.left);
        }
        Made { rows: rows.finish(), truth: probabilities, left }
    }
}

/// The numbers below `end`, cut into parts of one batch.
pub(crate) fn parts(end: u64) -> impl Iterator<Item = Range<u64>> + Send {
    (0..end.div_ceil(BATCH_ROWS)).map(move |part| part * BATCH_ROWS..((part + 1) * BATCH_ROWS).min(end))
}

/// The name of a weekly file without its ending: `week-2026-04-06`.
pub(crate) fn week_name(week: u32) -> String {
    format!("week-{}", winback_table::cell::show_seconds(week_day(week) * SECONDS_OF_DAY))
}
