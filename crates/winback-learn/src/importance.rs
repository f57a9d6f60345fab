//! What moves a model's scores: the mean size of each column's effect, and which way its values push.

use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::encode::{Codes, ColumnEncoder, Encoded, FIRST_LEVEL, Shape};
use crate::number::{UNIT, sum};
use crate::{Model, Result};

/// Rows looked at; of a larger training table every n-th.
const ROWS: usize = 50_000;
/// Groups of equal size into which numbers are parted.
const GROUPS: usize = 5;
/// Levels told apart; the rest are taken together.
const LEVELS: usize = 12;

/// How one column moves the scores of the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnImportance {
    /// The column's name.
    pub name: String,
    /// The mean size of its effect, in calibrated log-odds.
    pub mean_effect_size: f64,
    /// That size as a share of all columns' sizes.
    pub share: f64,
    /// The mean effect by groups of values: numbers ascending, then missing; levels by frequency.
    pub groups: Vec<Group>,
}

/// Rows with like values of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The values: a level, or the bounds of numbers.
    pub values: Values,
    /// Rows.
    pub rows: u64,
    /// Their mean effect, in calibrated log-odds.
    pub mean_effect: f64,
}

/// Which values a group has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// No value.
    Missing,
    /// Numbers at or above the first bound and below the second; open where there is none.
    Between(Option<f32>, Option<f32>),
    /// One level.
    Level(String),
    /// All levels not told apart.
    Other,
}

/// Effects gathered over rows, in whole units, so that neither the order of the rows nor threads change what comes out.
#[derive(Debug)]
pub struct Gathering<'a> {
    model: &'a Model,
    rows: u64,
    /// For each column the sum of its effects' sizes.
    sizes: Vec<u128>,
    /// For each column and code the rows that have it, and the sum of their effects.
    by_code: Vec<Vec<(u64, i128)>>,
}

impl<'a> Gathering<'a> {
    /// No rows yet.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        let columns = &model.encoder.columns;
        let by_code = columns.iter().map(|column| vec![(0, 0); column.shape.code_count()]).collect();
        Self { model, rows: 0, sizes: vec![0; columns.len()], by_code }
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.add_codes(&self.model.encoder.encode(batch)?, batch.num_rows());
        Ok(())
    }

    fn add_codes(&mut self, codes: &[Codes], rows: usize) {
        let effects = self.model.predictor.effects(codes, rows);
        let columns = codes.len();
        for (column, codes) in codes.iter().enumerate() {
            for (row, effect) in effects.iter().skip(column).step_by(columns).enumerate() {
                self.sizes[column] += u128::from(effect.unsigned_abs());
                let (count, sum) = &mut self.by_code[column][codes.code(row)];
                *count += 1;
                *sum += i128::from(*effect);
            }
        }
        self.rows += rows as u64;
    }

    /// The rows that were added.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How each column moves the scores of the rows.
    #[must_use]
    pub fn finish(&self) -> Vec<ColumnImportance> {
        let scale = self.model.calibration.slope * UNIT;
        let size = |total: &u128| *total as f64 * scale / self.rows.max(1) as f64;
        let sizes: Vec<f64> = self.sizes.iter().map(size).collect();
        let total = sum(sizes.iter().copied());
        let of_column = |(column, encoder): (usize, &ColumnEncoder)| {
            let in_log_odds = |(rows, effect): &(u64, i128)| (*rows, *effect as f64 * scale);
            let by_code: Vec<(u64, f64)> = self.by_code[column].iter().map(in_log_odds).collect();
            ColumnImportance {
                name: encoder.name.clone(),
                mean_effect_size: sizes[column],
                share: if total > 0.0 { sizes[column] / total } else { 0.0 },
                groups: groups(&encoder.shape, &by_code),
            }
        };
        self.model.encoder.columns.iter().enumerate().map(of_column).collect()
    }
}

impl Model {
    /// How each column moves the scores of the rows it was fitted on.
    #[must_use]
    pub fn importance(&self, data: &Encoded) -> Vec<ColumnImportance> {
        let stride = data.len().div_ceil(ROWS).max(1);
        let rows: Vec<u32> = (0..data.len() as u32).step_by(stride).collect();
        let sample: Vec<Codes> = data.columns.iter().map(|codes| codes.of_rows(&rows)).collect();
        let mut gathering = Gathering::new(self);
        gathering.add_codes(&sample, rows.len());
        gathering.finish()
    }
}

/// Joins the rows and effects of codes into groups.
fn groups(shape: &Shape, by_code: &[(u64, f64)]) -> Vec<Group> {
    let group = |values: Values, codes: &[usize]| {
        let rows: u64 = codes.iter().map(|code| by_code[*code].0).sum();
        let effect = sum(codes.iter().map(|code| by_code[*code].1));
        (rows > 0).then(|| Group { values, rows, mean_effect: effect / rows as f64 })
    };
    let missing = group(Values::Missing, &[0]);
    match shape {
        Shape::Bins(borders) => {
            let present: u64 = by_code[1..].iter().map(|(rows, _)| rows).sum();
            let mut found = Vec::new();
            let (mut codes, mut seen, mut low) = (Vec::new(), 0, None);
            for code in 1..by_code.len() {
                codes.push(code);
                seen += by_code[code].0;
                let is_last = code + 1 == by_code.len();
                if is_last || seen * GROUPS as u64 >= present * (found.len() as u64 + 1) {
                    let high = if is_last { None } else { Some(borders[code - 1]) };
                    found.extend(group(Values::Between(low, high), &codes));
                    codes.clear();
                    low = high;
                }
            }
            found.extend(missing);
            found
        }
        Shape::Levels(levels) => {
            let mut by_rows: Vec<usize> = (0..levels.len()).collect();
            by_rows.sort_by_key(|level| std::cmp::Reverse(by_code[level + FIRST_LEVEL as usize].0));
            let code = |level: &usize| level + FIRST_LEVEL as usize;
            let (told, rest) = by_rows.split_at(LEVELS.min(by_rows.len()));
            let mut found: Vec<Group> = told
                .iter()
                .filter_map(|level| group(Values::Level(levels[*level].clone()), &[code(level)]))
                .collect();
            let other: Vec<usize> = rest.iter().map(code).chain([1]).collect();
            found.extend(group(Values::Other, &other));
            found.extend(missing);
            found
        }
    }
}
