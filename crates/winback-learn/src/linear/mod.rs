//! A logistic regression as a scorecard: points for every bin and level, the benchmark every validator asks for.
//!
//! Numbers with many values enter as a line with bends at the quartiles and a term for "missing", few-valued numbers
//! and categories as one term a value. All terms share one L2 penalty. The fitted model is nothing but a table of
//! points by column and code, so its exact Shapley values are the points less their mean over the training rows.
//!
//! Where the risk may not fall as a column rises, points that do are replaced by the nearest that do not, missing apart,
//! and all other columns are fitted once more around them.

mod basis;
mod minimise;

use winback_table::Trend;

use crate::encode::{Codes, Encoded};
use crate::isotonic;
use crate::number::{log_loss, probability, sum, to_bounded_units, to_units, weight};
use basis::Basis;

/// Points by column and code, centred on the training rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scorecard {
    /// The margin of an average row, in units of 2⁻²⁴ log-odds.
    pub base: i64,
    /// For each column and code what it adds to the margin, in the same units.
    pub points: Vec<Vec<i32>>,
}

impl Scorecard {
    /// The effects of every row: one number a column, in units of 2⁻²⁴ log-odds. Exact Shapley values, since the
    /// model is a sum over columns.
    #[must_use]
    pub fn effects(&self, columns: &[Codes], rows: usize) -> Vec<i64> {
        let mut effects = vec![0; rows * columns.len()];
        for (row, effects) in effects.chunks_exact_mut(columns.len().max(1)).enumerate() {
            for ((effect, points), codes) in effects.iter_mut().zip(&self.points).zip(columns) {
                *effect = i64::from(points[codes.code(row)]);
            }
        }
        effects
    }

    /// The margins of some rows, in units of 2⁻²⁴ log-odds.
    #[must_use]
    pub fn margins(&self, columns: &[Codes], rows: &[u32]) -> Vec<i64> {
        let mut margins = vec![self.base; rows.len()];
        for (points, codes) in self.points.iter().zip(columns) {
            codes
                .of_rows(rows)
                .for_each_with(&mut margins, |margin, code| *margin += i64::from(points[code]));
        }
        margins
    }

    /// The same scorecard with effects against other rows, of which `counts` says by column how many have each code:
    /// centred on their mean points, rounded to whole units. Margins stay the same, to the unit.
    #[must_use]
    pub(crate) fn against(&self, counts: &[Vec<u64>]) -> Self {
        let mut base = self.base;
        let mut centred = Vec::with_capacity(self.points.len());
        for (points, counts) in self.points.iter().zip(counts) {
            let rows = counts.iter().sum::<u64>().max(1);
            let total: i128 =
                points.iter().zip(counts).map(|(points, rows)| i128::from(*points) * i128::from(*rows)).sum();
            let mean = (total as f64 / rows as f64).round() as i32;
            base += i64::from(mean);
            centred.push(points.iter().map(|points| points - mean).collect());
        }
        Self { base, points: centred }
    }

    /// Points from a table a column, centred by the codes of the rows they were fitted on.
    fn centred(intercept: f64, tables: &[Vec<f64>], counts: &[Vec<f64>]) -> Self {
        let mut base = intercept;
        let mut points = Vec::with_capacity(tables.len());
        for (table, counts) in tables.iter().zip(counts) {
            let rows: f64 = counts.iter().sum();
            let rows = if rows > 0.0 { rows } else { 1.0 };
            let mean = sum(table.iter().zip(counts).map(|(points, count)| points * count)) / rows;
            base += mean;
            points.push(table.iter().map(|value| to_bounded_units(value - mean)).collect());
        }
        Self { base: to_units(base), points }
    }
}

/// The weight of a code that no training row has: it goes with its neighbours.
const UNSEEN: f64 = 1e-6;

/// The points of a column brought into order, missing apart; nothing if they are.
fn in_order(points: &[f64], counts: &[f64], trend: Trend) -> Option<Vec<f64>> {
    let mut points = points.to_vec();
    let mut weights: Vec<f64> = counts.iter().map(|count| count.max(UNSEEN)).collect();
    let (values, weights) = (points.get_mut(1..)?, &mut weights[1..]);
    if trend == Trend::Falling {
        values.reverse();
        weights.reverse();
    }
    let is_pooled = isotonic::pool(values, weights);
    if trend == Trend::Falling {
        values.reverse();
    }
    is_pooled.then_some(points)
}

/// Fits a scorecard on some rows under an L2 penalty (on each squared weight, the intercept left out).
#[must_use]
pub fn fit(data: &Encoded, rows: &[u32], penalty: f64) -> Scorecard {
    let weights = data.weights(rows);
    let columns: Vec<Codes> = data.columns.iter().map(|codes| codes.of_rows(rows)).collect();
    let basis = |(codes, count): (&Codes, &usize)| Basis::new(codes, *count, weights.as_deref());
    let bases: Vec<Basis> = columns.iter().zip(&data.code_counts).map(basis).collect();
    let mut problem = Problem {
        columns,
        labels: rows.iter().map(|row| data.labels[*row as usize]).collect(),
        weights,
        bases,
        penalty,
    };
    let (intercept, tables) = loop {
        let (intercept, tables) = problem.solve();
        // Each time around fixes a column more.
        if !problem.fix_disorder(&data.trends, &tables) {
            break (intercept, tables);
        }
    };
    let counts: Vec<Vec<f64>> = problem.bases.iter().map(|basis| basis.counts.clone()).collect();
    Scorecard::centred(intercept, &tables, &counts)
}

/// A penalised logistic loss over codes.
struct Problem {
    /// The codes of the training rows by column.
    columns: Vec<Codes>,
    labels: Vec<bool>,
    /// How much each training row counts; nothing where all count the same.
    weights: Option<Vec<f64>>,
    bases: Vec<Basis>,
    penalty: f64,
}

impl Problem {
    /// The intercept and the tables of points of least loss.
    fn solve(&self) -> (f64, Vec<Vec<f64>>) {
        let terms = 1 + self.bases.iter().map(Basis::terms).sum::<usize>();
        let weights =
            minimise::minimise(vec![0.0; terms], &mut |weights, gradient| self.loss(weights, gradient));
        (weights[0], self.tables(&weights))
    }

    /// Fixes the points of columns that are out of order at the nearest in order; answers whether there were any.
    fn fix_disorder(&mut self, trends: &[Option<Trend>], tables: &[Vec<f64>]) -> bool {
        let mut is_fixed = false;
        for ((basis, trend), table) in self.bases.iter_mut().zip(trends).zip(tables) {
            let Some(trend) = trend else { continue };
            if let Some(points) = in_order(table, &basis.counts, *trend) {
                basis.fix(points);
                is_fixed = true;
            }
        }
        is_fixed
    }

    /// Each column's table of points by code under the weights; the first weight is the intercept.
    fn tables(&self, weights: &[f64]) -> Vec<Vec<f64>> {
        let mut from = 1;
        let table = |basis: &Basis| {
            let own = &weights[from..from + basis.terms()];
            from += basis.terms();
            basis.table(own)
        };
        self.bases.iter().map(table).collect()
    }

    /// The loss summed over rows with the penalty, and its gradient. The cost is one look-up a cell, whatever the
    /// number of terms: residuals are summed by code first, then spread over the terms of each code.
    fn loss(&self, weights: &[f64], gradient: &mut [f64]) -> f64 {
        let mut margins = vec![weights[0]; self.labels.len()];
        for (codes, table) in self.columns.iter().zip(self.tables(weights)) {
            codes.for_each_with(&mut margins, |margin, code| *margin += table[code]);
        }
        let weight = |row: usize| weight(self.weights.as_deref(), row);
        let rows = margins.iter().zip(&self.labels).enumerate();
        let losses = rows.map(|(row, (margin, label))| weight(row) * log_loss(*margin, *label));
        let squares = weights[1..].iter().map(|weight| weight * weight);
        let loss = sum(losses) + self.penalty / 2.0 * sum(squares);
        for (row, (margin, label)) in margins.iter_mut().zip(&self.labels).enumerate() {
            *margin = weight(row) * (probability(*margin) - f64::from(u8::from(*label)));
        }
        let residuals = margins;
        gradient[0] = sum(residuals.iter().copied());
        let mut from = 1;
        for (codes, basis) in self.columns.iter().zip(&self.bases) {
            let mut by_code = vec![0.0; basis.counts.len()];
            codes.for_each_with(&residuals, |residual, code| by_code[code] += residual);
            let own = &mut gradient[from..from + basis.terms()];
            basis.spread(&by_code, own);
            for (slope, weight) in own.iter_mut().zip(&weights[from..]) {
                *slope += self.penalty * weight;
            }
            from += basis.terms();
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::number::UNIT;

    #[test]
    fn effects_equal_the_shap_packages_on_an_additive_model() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../../testdata/shapley/linear.json")).unwrap();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let numbers =
            |value: &Value| list(value).iter().map(|number| number.as_f64().unwrap()).collect::<Vec<_>>();
        let columns = list(&fixture["columns"]);
        let tables: Vec<Vec<f64>> = columns.iter().map(|column| numbers(&column["points"])).collect();
        let counts: Vec<Vec<f64>> = columns.iter().map(|column| numbers(&column["counts"])).collect();
        let card = Scorecard::centred(0.0, &tables, &counts);
        let rows: Vec<Vec<f64>> = list(&fixture["rows"]).iter().map(numbers).collect();
        let codes: Vec<Codes> = (0..columns.len())
            .map(|column| Codes::Bins(rows.iter().map(|row| row[column] as u8).collect()))
            .collect();
        assert!((card.base as f64 * UNIT - fixture["base"].as_f64().unwrap()).abs() < 1e-6);
        let effects = card.effects(&codes, rows.len());
        let expected: Vec<f64> = list(&fixture["effects"]).iter().flat_map(numbers).collect();
        assert_eq!(effects.len(), expected.len());
        for (effect, expected) in effects.iter().zip(expected) {
            assert!((*effect as f64 * UNIT - expected).abs() < 1e-6);
        }
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        for (margin, effects) in card.margins(&codes, &all).iter().zip(effects.chunks(columns.len())) {
            assert_eq!(*margin, card.base + effects.iter().sum::<i64>());
        }
    }
}
