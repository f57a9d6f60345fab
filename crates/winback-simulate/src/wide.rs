//! Wide tables of many rows, for measuring: what learners are timed on and compared by, where no real data are large
//! enough or known well enough.
//!
//! A table is a shape, a number of rows and a seed. It is a [`Source`], made anew whenever it is opened, batch by batch,
//! so it takes no room. The true probability of each row stands beside it ([`WideTable::truth`]).

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, RecordBatch, StringBuilder};
use winback_table::{BatchIterator, Field, Kind, Role, Schema, Source};

use crate::bank::BATCH_ROWS;
use crate::columns::LABEL;
use crate::random::{Draws, Purpose, leaning, scatter};

/// What decides the outcome in a wide table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// 28 numbers and 12 categories of 2 to 500 levels; about 8 in 100 leave, by curves, levels and a few pairs.
    Churn,
    /// 16 numbers; a tree eight questions deep decides, which asks something else in each of its branches.
    Deep,
    /// 24 categories of 4 to 60 levels; what two of them say together decides, not what each says.
    Pairs,
}

/// A wide table; everything in it follows from these three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WideTable {
    /// What decides the outcome.
    pub shape: Shape,
    /// Rows.
    pub rows: u64,
    /// Which table of this shape it is; tables of other seeds have other rows, under the same rules.
    pub seed: u64,
}

/// Levels of the categories of [`Shape::Churn`].
const CHURN_LEVELS: [u64; 12] = [2, 2, 3, 4, 5, 7, 10, 12, 25, 60, 150, 500];
const CHURN_NUMBERS: usize = 28;
/// Numbers of [`Shape::Churn`] that say something; the others are noise.
const TELLING: usize = 20;
/// The share of missing cells in each of the first numbers.
const MISSING: [f64; 8] = [0.12, 0.35, 0.05, 0.08, 0.1, 0.03, 0.02, 0.2];

const DEEP_NUMBERS: usize = 16;
const DEEP_LEVELS: u32 = 8;

const PAIRS_COLUMNS: usize = 24;

/// One row before it is a row of a table.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    numbers: Vec<f64>,
    levels: Vec<u64>,
    log_odds: f64,
}

impl Shape {
    /// The levels of each category.
    fn levels(self) -> Vec<u64> {
        match self {
            Self::Churn => CHURN_LEVELS.to_vec(),
            Self::Deep => Vec::new(),
            Self::Pairs => (0..PAIRS_COLUMNS as u64).map(|column| 4 + (column * column) % 57).collect(),
        }
    }

    fn numbers(self) -> usize {
        match self {
            Self::Churn => CHURN_NUMBERS,
            Self::Deep => DEEP_NUMBERS,
            Self::Pairs => 0,
        }
    }

    fn row(self, draws: &mut Draws) -> Row {
        match self {
            Self::Churn => churn(draws),
            Self::Deep => deep(draws),
            Self::Pairs => pairs(draws),
        }
    }
}

impl WideTable {
    /// The true probability of each row.
    pub fn truth(&self) -> impl Iterator<Item = f64> {
        let Self { shape, rows, seed } = *self;
        (0..rows).map(move |row| logistic(shape.row(&mut Draws::new(seed, row, Purpose::Wide, 0)).log_odds))
    }

    /// The rows of a range as a batch.
    #[must_use]
    pub fn batch(&self, rows: std::ops::Range<u64>) -> RecordBatch {
        let mut numbers: Vec<Float64Builder> =
            (0..self.shape.numbers()).map(|_| Float64Builder::new()).collect();
        let mut levels: Vec<StringBuilder> =
            self.shape.levels().iter().map(|_| StringBuilder::new()).collect();
        let mut label = BooleanBuilder::new();
        for row in rows {
            let mut draws = Draws::new(self.seed, row, Purpose::Wide, 0);
            let made = self.shape.row(&mut draws);
            label.append_value(draws.happens(logistic(made.log_odds)));
            for (column, (builder, value)) in numbers.iter_mut().zip(made.numbers).enumerate() {
                let is_missing =
                    self.shape == Shape::Churn && draws.happens(*MISSING.get(column).unwrap_or(&0.0));
                builder.append_option((!is_missing).then_some(value));
            }
            for (builder, level) in levels.iter_mut().zip(made.levels) {
                builder.append_value(format!("level {level}"));
            }
        }
        let numbers = numbers.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let levels = levels.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let columns = numbers.chain(levels).chain([Arc::new(label.finish()) as ArrayRef]).collect();
        RecordBatch::try_new(Arc::new(self.wide_schema().arrow()), columns)
            .expect("columns are equally long, under their own schema")
    }

    fn wide_schema(&self) -> Schema {
        let numbers = (0..self.shape.numbers()).map(|column| (format!("number_{column}"), Kind::Number));
        let levels =
            (0..self.shape.levels().len()).map(|column| (format!("category_{column}"), Kind::Category));
        let features = numbers.chain(levels).map(|(name, kind)| Field::new(name, kind, Role::Feature));
        let label = Field::new(LABEL, Kind::Flag, Role::Label);
        Schema::new(features.chain([label]).collect(), Some("yes".to_owned()))
            .expect("names are different, and one is the label")
    }
}

/// A wide table that knows its schema, so that it can be read from.
#[derive(Debug)]
pub struct WideSource {
    table: WideTable,
    schema: Schema,
}

impl From<WideTable> for WideSource {
    fn from(table: WideTable) -> Self {
        Self { schema: table.wide_schema(), table }
    }
}

impl Source for WideSource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn open(&self) -> winback_table::Result<BatchIterator<'_>> {
        let table = self.table;
        let starts = (0..table.rows).step_by(BATCH_ROWS as usize);
        let batch = move |from| Ok(table.batch(from..(from + BATCH_ROWS).min(table.rows)));
        Ok(Box::new(starts.map(batch)))
    }
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

/// Four moods move twenty numbers; curves of these, levels, and a few pairs decide.
fn churn(draws: &mut Draws) -> Row {
    let ([first, second], [third, fourth]) = (draws.normals(), draws.normals());
    let moods = [first, second, third, fourth];
    // What each number is before it gets its unit.
    let mut plain = [0.0; CHURN_NUMBERS];
    for (pair, places) in plain.chunks_exact_mut(2).enumerate() {
        let noise = draws.normals();
        for (place, noise) in places.iter_mut().zip(noise) {
            *place = 0.5 * moods[pair % moods.len()] + 0.87 * noise;
        }
    }
    let levels: Vec<u64> = CHURN_LEVELS
        .iter()
        // The lower levels are the frequent ones.
        .map(|levels| draws.below(*levels).min(draws.below(*levels)))
        .collect();
    let mut log_odds = -3.3;
    for (column, value) in plain[..TELLING].iter().enumerate() {
        let weight = 0.35 * (1.0 + leaning(column as u64));
        log_odds += weight
            * match column % 4 {
                0 => *value,
                1 => libm::tanh(2.0 * value),
                2 => value * value - 1.0,
                _ => libm::sin(2.0 * value),
            };
    }
    for (column, level) in levels.iter().enumerate() {
        log_odds += 0.55 * leaning(scatter(column as u64 + 100) ^ level);
    }
    let both = |holds: bool| f64::from(u8::from(holds));
    log_odds += 0.9 * both(0.3 < plain[0] && plain[5] < 0.0) - 0.8 * both(0.5 < plain[9] && levels[3] == 0);
    log_odds += 0.6 * leaning(scatter(7) ^ levels[8]) * plain[2];
    let numbers = plain.iter().enumerate().map(|(column, value)| in_units(column, *value)).collect();
    Row { numbers, levels, log_odds }
}

/// A number as banks have them: amounts with heavy tails, counts, shares, and zeros where there is nothing.
fn in_units(column: usize, value: f64) -> f64 {
    match column % 7 {
        0 => (44.0 + 13.0 * value).clamp(18.0, 95.0).round(),
        1 => (libm::exp(7.5 + value) * 100.0).round() / 100.0,
        2 => libm::exp(1.5 + 0.7 * value).floor(),
        3 => logistic(value),
        4 if value < -0.6 => 0.0,
        4 => (libm::exp(8.0 + 1.2 * value) * 100.0).round() / 100.0,
        5 => (660.0 + 80.0 * value).round(),
        _ => value,
    }
}

/// A path through a tree: each node asks about a number of its own, at a border of its own.
fn deep(draws: &mut Draws) -> Row {
    let numbers: Vec<f64> = (0..DEEP_NUMBERS).map(|_| draws.uniform()).collect();
    let mut node = 1_u64;
    for _ in 0..DEEP_LEVELS {
        let asked = (scatter(node) % DEEP_NUMBERS as u64) as usize;
        let border = 0.5 + 0.2 * leaning(node ^ 0x5a5a);
        node = 2 * node + u64::from(border < numbers[asked]);
    }
    Row { numbers, levels: Vec::new(), log_odds: -1.5 + 3.0 * leaning(node ^ 0xa5a5) }
}

/// Six pairs of categories, whose levels mean something only together.
fn pairs(draws: &mut Draws) -> Row {
    let levels: Vec<u64> =
        Shape::Pairs.levels().iter().map(|levels| draws.below(*levels).min(draws.below(*levels))).collect();
    let together = levels.chunks_exact(4).enumerate().map(|(pair, levels)| {
        // Two of each four matter; signs cancel over the levels of either alone.
        1.6 * leaning(scatter(levels[0] + 1000 * pair as u64) ^ scatter(levels[1] + 17))
    });
    Row { numbers: Vec::new(), log_odds: -2.0 + together.sum::<f64>(), levels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_repeats_and_has_both_outcomes_as_its_truth_says() {
        for shape in [Shape::Churn, Shape::Deep, Shape::Pairs] {
            let table = WideTable { shape, rows: 20_000, seed: 3 };
            let batch = table.batch(0..table.rows);
            assert_eq!(batch, table.batch(0..table.rows), "{shape:?}");
            let left = batch.column_by_name(LABEL).unwrap();
            let left = left.as_any().downcast_ref::<arrow::array::BooleanArray>().unwrap().true_count();
            let expected = table.truth().sum::<f64>();
            assert!((left as f64 - expected).abs() < 5.0 * expected.sqrt(), "{shape:?}: {left} {expected}");
            assert!((0.05..0.4).contains(&(expected / 20_000.0)), "{shape:?}: {expected}");
        }
    }

    #[test]
    fn a_source_hands_out_all_rows_in_batches() {
        let source = WideSource::from(WideTable { shape: Shape::Deep, rows: BATCH_ROWS + 5, seed: 1 });
        let rows: Vec<usize> = source.open().unwrap().map(|batch| batch.unwrap().num_rows()).collect();
        assert_eq!(rows, [BATCH_ROWS as usize, 5]);
    }
}
