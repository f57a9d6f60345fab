//! What moves a model's scores: the mean size of each column's effect, and which way its values push.

use serde::{Deserialize, Serialize};

use crate::Model;
use crate::encode::{Codes, Encoded, FIRST_LEVEL, Shape};
use crate::number::sum;

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

impl Model {
    /// How each column moves the scores of the rows it was fitted on.
    #[must_use]
    pub fn importance(&self, data: &Encoded) -> Vec<ColumnImportance> {
        let stride = data.len().div_ceil(ROWS).max(1);
        let rows: Vec<u32> = (0..data.len() as u32).step_by(stride).collect();
        let sample: Vec<Codes> = data.columns.iter().map(|codes| codes.of_rows(&rows)).collect();
        let effects = self.effects(&sample, rows.len());
        let columns = sample.len();
        let sizes: Vec<f64> = (0..columns)
            .map(|column| {
                sum(effects.iter().skip(column).step_by(columns).map(|effect| effect.abs()))
                    / rows.len() as f64
            })
            .collect();
        let total = sum(sizes.iter().copied());
        let of_column = |column: usize| {
            let encoder = &self.encoder.columns[column];
            let mut by_code = vec![(0_u64, 0.0); encoder.shape.code_count()];
            for row in 0..rows.len() {
                let (count, effect) = &mut by_code[sample[column].code(row)];
                *count += 1;
                *effect += effects[row * columns + column];
            }
            ColumnImportance {
                name: encoder.name.clone(),
                mean_effect_size: sizes[column],
                share: if total > 0.0 { sizes[column] / total } else { 0.0 },
                groups: groups(&encoder.shape, &by_code),
            }
        };
        (0..columns).map(of_column).collect()
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
