//! The columns and labels of a small history that is no bank: log-odds first, then chance decides.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray, TimestampSecondArray};
use winback_table::{Field, Kind, MemorySource, Role, Schema};

use super::{Plain, memory};
use crate::columns::LABEL;
use crate::random::Draws;

const DAY: i64 = 86_400;
const MONTHS: usize = 4;

/// A column under construction.
pub(super) enum Cells {
    Numbers(Vec<Option<f64>>),
    Levels(Vec<Option<String>>),
    Flags(Vec<bool>),
}

/// A history under construction.
#[derive(Default)]
pub(super) struct Table {
    pub(super) columns: Vec<(String, Cells)>,
    keys: Vec<String>,
    times: Vec<i64>,
    pub(super) labels: Vec<bool>,
}

impl Table {
    pub(super) fn new(plain: Plain, draws: &mut Draws) -> Self {
        let rows = 300 + draws.below(1700) as usize;
        // A rare class needs more rows to have a few of it.
        let rows = if plain == Plain::Rare { 1000 + rows } else { rows };
        let features = 4 + draws.below(13) as usize;
        let mut table = Self::default();
        let mut log_odds = vec![base(plain, draws); rows];
        for feature in 0..features {
            let strength = strength(plain, feature, draws);
            let is_levels = draws.happens(if plain == Plain::Levels { 0.7 } else { 0.25 });
            let cells = if is_levels {
                levels(strength, &mut log_odds, plain, draws)
            } else {
                numbers(strength, &mut log_odds, plain, draws)
            };
            table.columns.push((format!("feature_{feature}"), cells));
        }
        if plain == Plain::Interaction {
            interact(&table.columns, &mut log_odds, draws);
        }
        table.labels = log_odds.iter().map(|odds| draws.happens(logistic(*odds))).collect();
        match plain {
            Plain::Gaps => table.lose_cells(draws),
            Plain::Panel => table.repeat_monthly(draws),
            Plain::Amounts => table.derive(),
            _ => {}
        }
        table
    }

    /// Takes away a third of the cells, somewhat more where the label is positive.
    fn lose_cells(&mut self, draws: &mut Draws) {
        for (_, cells) in &mut self.columns {
            for (row, label) in self.labels.iter().enumerate() {
                if draws.happens(if *label { 0.38 } else { 0.30 }) {
                    cells.lose(row);
                }
            }
        }
    }

    /// Gives every customer a row a month: the same values, a label of the month's own where it was positive.
    fn repeat_monthly(&mut self, draws: &mut Draws) {
        let customers = self.labels.len() / MONTHS;
        let order: Vec<usize> = (0..MONTHS).flat_map(|_| 0..customers).collect();
        for (_, cells) in &mut self.columns {
            cells.take(&order);
        }
        let risky: Vec<bool> = order.iter().map(|row| self.labels[*row]).collect();
        self.labels = risky.iter().map(|risky| *risky && draws.happens(0.6)).collect();
        self.keys = order.iter().map(|row| format!("C{row:06}")).collect();
        self.times = (0..order.len()).map(|row| 20_000 * DAY + (row / customers) as i64 * 30 * DAY).collect();
    }

    /// Adds what banks derive: a sum, a share and a change of the columns there are.
    fn derive(&mut self) {
        let numbers: Vec<Vec<Option<f64>>> = self
            .columns
            .iter()
            .filter_map(
                |(_, cells)| if let Cells::Numbers(numbers) = cells { Some(numbers.clone()) } else { None },
            )
            .take(2)
            .collect();
        let [first, second] = numbers.as_slice() else { return };
        for name in ["total", "share", "change"] {
            let combine = |one: f64, other: f64| match name {
                "total" => one + other,
                "share" => one / (one.abs() + other.abs() + 1.0),
                _ => one - other,
            };
            let made =
                first.iter().zip(second).map(|(one, other)| Some(combine((*one)?, (*other)?))).collect();
            self.columns.push((name.to_owned(), Cells::Numbers(made)));
        }
    }

    pub(super) fn finish(self) -> MemorySource {
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        if !self.keys.is_empty() {
            fields.push(Field::new("customer", Kind::Identifier, Role::Key));
            columns.push(Arc::new(StringArray::from(self.keys)));
            fields.push(Field::new("as_of", Kind::Time, Role::Time));
            columns.push(Arc::new(TimestampSecondArray::from(self.times)));
        }
        for (name, cells) in self.columns {
            let (kind, array) = cells.finish();
            fields.push(Field::new(name, kind, Role::Feature));
            columns.push(array);
        }
        fields.push(Field::new(LABEL, Kind::Flag, Role::Label));
        columns.push(Arc::new(BooleanArray::from(self.labels)));
        let schema = Schema::new(fields, Some("yes".to_owned()));
        memory(schema.expect("the names above differ"), columns)
    }
}

impl Cells {
    fn lose(&mut self, row: usize) {
        match self {
            Self::Numbers(numbers) => numbers[row] = None,
            Self::Levels(levels) => levels[row] = None,
            Self::Flags(_) => {}
        }
    }

    fn take(&mut self, order: &[usize]) {
        match self {
            Self::Numbers(numbers) => *numbers = order.iter().map(|row| numbers[*row]).collect(),
            Self::Levels(levels) => *levels = order.iter().map(|row| levels[*row].clone()).collect(),
            Self::Flags(flags) => *flags = order.iter().map(|row| flags[*row]).collect(),
        }
    }

    pub(super) fn finish(self) -> (Kind, ArrayRef) {
        match self {
            Self::Numbers(numbers) => (Kind::Number, Arc::new(Float64Array::from(numbers))),
            Self::Levels(levels) => (Kind::Category, Arc::new(StringArray::from(levels))),
            Self::Flags(flags) => (Kind::Flag, Arc::new(BooleanArray::from(flags))),
        }
    }
}

fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

/// The log-odds that all rows begin with.
fn base(plain: Plain, draws: &mut Draws) -> f64 {
    match plain {
        Plain::Rare => -3.2,
        Plain::Panel => -0.5,
        _ => -2.0 + 1.8 * draws.uniform(),
    }
}

/// How much a feature moves the log-odds.
fn strength(plain: Plain, feature: usize, draws: &mut Draws) -> f64 {
    let side = if draws.happens(0.5) { 1.0 } else { -1.0 };
    match plain {
        Plain::Noise | Plain::Interaction => 0.0,
        Plain::Strong if feature < 3 => side * (2.0 + 2.0 * draws.uniform()),
        _ if draws.happens(0.6) => side * draws.uniform(),
        _ => 0.0,
    }
}

fn numbers(strength: f64, log_odds: &mut [f64], plain: Plain, draws: &mut Draws) -> Cells {
    let is_count = draws.happens(0.3);
    let is_amount = plain == Plain::Amounts || draws.happens(0.2);
    let cell = |odds: &mut f64| {
        let [normal, _] = draws.normals();
        *odds += strength * normal;
        Some(if is_amount {
            (100.0 * libm::exp(2.0 + 1.2 * normal)).round() / 100.0
        } else if is_count {
            libm::exp(1.0 + 0.6 * normal).round()
        } else {
            normal
        })
    };
    Cells::Numbers(log_odds.iter_mut().map(cell).collect())
}

fn levels(strength: f64, log_odds: &mut [f64], plain: Plain, draws: &mut Draws) -> Cells {
    let most = if plain == Plain::Levels && draws.happens(0.3) { 300 } else { 12 };
    let count = 2 + draws.below(most);
    let leanings: Vec<f64> = (0..count).map(|_| draws.normals()[0]).collect();
    let cell = |odds: &mut f64| {
        // Low numbers are frequent, as a few branches have most customers.
        let level = (draws.uniform() * draws.uniform() * count as f64) as usize;
        *odds += strength * leanings[level];
        Some(format!("level {level}"))
    };
    Cells::Levels(log_odds.iter_mut().map(cell).collect())
}

/// Two numbers act against each other: the one is a risk only while the other is low.
fn interact(columns: &[(String, Cells)], log_odds: &mut [f64], draws: &mut Draws) {
    let mut numbers = columns
        .iter()
        .filter_map(|(_, cells)| if let Cells::Numbers(numbers) = cells { Some(numbers) } else { None });
    let (Some(first), Some(second)) = (numbers.next(), numbers.next()) else { return };
    let middle = |numbers: &[Option<f64>]| {
        let mut sorted: Vec<f64> = numbers.iter().copied().flatten().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    let (first_middle, second_middle) = (middle(first), middle(second));
    for (row, odds) in log_odds.iter_mut().enumerate() {
        let opposed = (first[row] > Some(first_middle)) != (second[row] > Some(second_middle));
        let goes_its_own_way = draws.happens(1.0 / 7.0);
        *odds += if opposed != goes_its_own_way { 2.5 } else { -2.5 };
    }
}
