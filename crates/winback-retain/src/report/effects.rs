//! Exact effects of a sample of the history: how they spread by column, and how they follow a column's values.
//!
//! No dot can be told from another customer's: a dot holds an effect and the rank of a value, and the dots of a column
//! are sorted by effect, so that none can be followed from column to column.

use serde::Serialize;
use winback_learn::encode::{Codes, Shape};
use winback_learn::profile::Profile;
use winback_learn::{Explanation, Model};
use winback_table::{Kind, Schema};

use super::Named;
use super::groups::{Groups, rows_by_code};

/// Rows from which dependence is told.
pub(super) const ROWS: usize = 5_000;
/// Rows drawn as dots.
const DOTS: usize = 300;
/// Columns with dots.
const SWARMS: usize = 12;
/// Columns whose dependence is drawn.
const DEPENDENCES: usize = 6;
/// Groups of a column of numbers.
const RANGES: usize = 16;
/// Levels of a category.
const LEVELS: usize = 9;
/// A group is told from so many rows of the sample at least, so that none shows a single customer's effect.
const GROUP_ROWS: usize = 20;

/// The effects of a sample of the history's rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effects {
    /// Rows of the sample.
    pub rows: usize,
    /// The columns that matter most, with a dot a row.
    pub swarms: Vec<Swarm>,
    /// How the effect follows the values of the first few.
    pub dependences: Vec<Dependence>,
}

/// The dots of one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swarm {
    /// The column.
    pub name: Named,
    /// Its dots, by effect.
    pub dots: Vec<SwarmDot>,
}

/// One row's effect of one column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SwarmDot {
    /// In calibrated log-odds.
    pub effect: f64,
    /// The rank of the value among the training's, 0 to 1; nothing for categories and missing values.
    pub rank: Option<f64>,
}

/// The effect of one column by its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependence {
    /// The column.
    pub name: Named,
    /// Its kind, in a word.
    pub kind: String,
    /// Its groups of values.
    pub points: Vec<DependencePoint>,
}

/// The effects of rows with like values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DependencePoint {
    /// The values in words.
    pub label: String,
    /// Where they stand among numbers; levels and missing stand nowhere.
    pub at: Option<f64>,
    /// Rows of the sample.
    pub rows: usize,
    /// Their mean effect, in calibrated log-odds.
    pub mean: f64,
    /// Nine of ten effects are above this.
    pub low: f64,
    /// Nine of ten effects are below this.
    pub high: f64,
}

/// Codes and effects gathered row by row.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// For each column the codes of the sampled rows.
    codes: Vec<Vec<usize>>,
    /// For each column their effects.
    effects: Vec<Vec<f64>>,
}

impl Sample {
    pub(super) fn add(&mut self, explanation: &Explanation) {
        let columns = explanation.codes.len();
        self.codes.resize(columns, Vec::new());
        self.effects.resize(columns, Vec::new());
        for row in 0..explanation.log_odds.len() {
            for (column, effect) in explanation.of_row(row).iter().enumerate() {
                self.codes[column].push(Codes::code(&explanation.codes[column], row));
                self.effects[column].push(*effect);
            }
        }
    }

    /// The effects of the columns in `order`, the one that matters most first.
    pub(super) fn finish(
        &self,
        model: &Model,
        schema: &Schema,
        profile: &Profile,
        order: &[usize],
    ) -> Effects {
        let rows = self.effects.first().map_or(0, Vec::len);
        let known = order.iter().filter(|column| self.effects.get(**column).is_some());
        let swarm = |column: &usize| Swarm {
            name: Named::new(schema, &profile.columns[*column].name),
            dots: self.dots(*column, model, profile),
        };
        let dependence = |column: &usize| self.dependence(*column, model, schema, profile);
        Effects {
            rows,
            swarms: known.clone().take(SWARMS).map(swarm).collect(),
            dependences: known
                .take(DEPENDENCES)
                .map(dependence)
                .filter(|dependence| !dependence.points.is_empty())
                .collect(),
        }
    }

    fn dots(&self, column: usize, model: &Model, profile: &Profile) -> Vec<SwarmDot> {
        let ranks = ranks(&model.encoder.columns[column].shape, &rows_by_code(&profile.columns[column]));
        let stride = self.effects[column].len().div_ceil(DOTS).max(1);
        let dot = |row: usize| SwarmDot {
            effect: self.effects[column][row],
            rank: ranks.get(self.codes[column][row]).copied().flatten(),
        };
        let mut dots: Vec<SwarmDot> = (0..self.effects[column].len()).step_by(stride).map(dot).collect();
        let rank = |dot: &SwarmDot| dot.rank.unwrap_or(-1.0);
        dots.sort_by(|left, right| {
            left.effect.total_cmp(&right.effect).then(rank(left).total_cmp(&rank(right)))
        });
        dots
    }

    fn dependence(&self, column: usize, model: &Model, schema: &Schema, profile: &Profile) -> Dependence {
        let (encoder, of_profile) = (&model.encoder.columns[column], &profile.columns[column]);
        let rows = self.effects[column].len();
        let most = match encoder.shape {
            Shape::Bins(_) => (rows / GROUP_ROWS).clamp(1, RANGES),
            Shape::Levels(_) => LEVELS,
        };
        let groups = Groups::new(of_profile, &encoder.shape, most);
        let mut members: Vec<Vec<f64>> = vec![Vec::new(); groups.groups.len()];
        for (code, effect) in self.codes[column].iter().zip(&self.effects[column]) {
            members[groups.of_code[*code]].push(*effect);
        }
        let point = |(group, mut effects): (&super::groups::Group, Vec<f64>)| {
            effects.sort_unstable_by(f64::total_cmp);
            let at = |share: usize| effects.get((effects.len() - 1) * share / 10).copied().unwrap_or(0.0);
            DependencePoint {
                label: group.label.clone(),
                // A flag's two answers are levels to the eye.
                at: group.at.filter(|_| encoder.kind != Kind::Flag),
                rows: effects.len(),
                mean: effects.iter().sum::<f64>() / effects.len() as f64,
                low: at(1),
                high: at(9),
            }
        };
        let points = groups.groups.iter().zip(members).filter(|(_, effects)| GROUP_ROWS <= effects.len());
        Dependence {
            name: Named::new(schema, &encoder.name),
            kind: encoder.kind.name().to_owned(),
            points: points.map(point).collect(),
        }
    }
}

/// The rank of each code among the training's rows, in the middle of its own; nothing for levels and missing.
fn ranks(shape: &Shape, rows: &[u64]) -> Vec<Option<f64>> {
    if matches!(shape, Shape::Levels(_)) {
        return Vec::new();
    }
    let present: u64 = rows.iter().skip(1).sum();
    let mut below = 0;
    let rank = |(code, rows): (usize, &u64)| {
        if code == 0 || present == 0 {
            return None;
        }
        let middle = below as f64 + *rows as f64 / 2.0;
        below += rows;
        Some(middle / present as f64)
    };
    rows.iter().enumerate().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use winback_learn::encode::Levels;

    use super::*;

    #[test]
    fn ranks_rise_with_the_codes() {
        let shape = Shape::Bins(vec![1.0, 2.0]);
        assert_eq!(ranks(&shape, &[7, 10, 20, 10]), [None, Some(0.125), Some(0.5), Some(0.875)]);
        assert!(ranks(&Shape::Levels(Levels::default()), &[1, 2]).is_empty());
    }
}
