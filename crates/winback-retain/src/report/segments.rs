//! How good the scores are within groups of customers: is everybody judged alike?
//!
//! Segments are those of the protected columns and of the columns that matter most. Levels that fewer than 20 rows
//! share are pooled, so that a page names nobody; numbers are cut at their quartiles.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use serde::Serialize;
use winback_learn::encode::ROWS_PER_LEVEL;
use winback_learn::metrics::{Ranking, log_loss};
use winback_learn::probability;
use winback_table::{Kind, Schema};

use super::groups::value_shown;
use super::{Figure, Named, wilson};

const SECONDS_A_DAY: f64 = 86_400.0;
/// Levels told apart.
const LEVELS: usize = 8;
/// Different texts remembered of a column; a column with more is not one to part customers by.
const MOST_LEVELS: usize = 10_000;
/// Rows of either outcome from which a ranking is worth a figure.
const RANKED: usize = 10;

/// The segments of one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segmented {
    /// The column.
    pub name: Named,
    /// Whether the bank named it as protected.
    pub protected: bool,
    /// Its segments.
    pub segments: Vec<Segment>,
}

/// One segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// In words.
    pub label: String,
    /// Judged rows.
    pub rows: u64,
    /// The share that left.
    pub observed: f64,
    /// The mean probability.
    pub predicted: f64,
    /// Observed over predicted, 1 where what was foretold happened.
    pub ratio: Figure,
    /// The area under the ROC curve within the segment, where both outcomes are frequent enough.
    pub auc: Option<f64>,
    /// The mean log loss.
    pub log_loss: f64,
}

/// A column's values of the judged rows.
#[derive(Debug)]
pub(crate) struct SegmentColumn {
    name: Named,
    column: String,
    kind: Kind,
    protected: bool,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// Missing is NaN.
    Numbers(Vec<f32>),
    /// 0 is missing.
    Levels { codes: Vec<u32>, known: BTreeMap<String, u32> },
}

impl SegmentColumn {
    pub(crate) fn new(schema: &Schema, column: &str, kind: Kind, protected: bool) -> Self {
        let values = match kind {
            Kind::Number | Kind::Time => Values::Numbers(Vec::new()),
            _ => Values::Levels { codes: Vec::new(), known: BTreeMap::new() },
        };
        Self { name: Named::new(schema, column), column: column.to_owned(), kind, protected, values }
    }

    /// Takes some rows of a batch, in the order of the judged rows.
    pub(crate) fn add(&mut self, batch: &RecordBatch, rows: &[usize]) {
        let column = batch.column_by_name(&self.column);
        for row in rows {
            let cell = column.filter(|column| !column.is_null(*row));
            match &mut self.values {
                Values::Numbers(values) => {
                    let value = cell.map(|column| number(column.as_ref(), *row));
                    values.push(value.unwrap_or(f64::NAN) as f32);
                }
                Values::Levels { codes, known } => {
                    let code = cell.map_or(0, |column| {
                        let text = text(column.as_ref(), *row);
                        match known.get(text) {
                            Some(code) => *code,
                            None if known.len() < MOST_LEVELS => {
                                let code = known.len() as u32 + 1;
                                known.insert(text.to_owned(), code);
                                code
                            }
                            None => u32::MAX,
                        }
                    });
                    codes.push(code);
                }
            }
        }
    }

    /// The segments, given the judged rows' scores and outcomes.
    pub(crate) fn finish(self, log_odds: &[f64], labels: &[bool]) -> Segmented {
        let kind = self.kind;
        let members = match self.values {
            Values::Numbers(values) => quartiles(kind, &values),
            Values::Levels { codes, known } => commonest(&codes, &known),
        };
        let segments =
            members.into_iter().filter_map(|(label, rows)| segment(label, &rows, log_odds, labels)).collect();
        Segmented { name: self.name, protected: self.protected, segments }
    }
}

fn number(column: &dyn Array, row: usize) -> f64 {
    match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row),
        DataType::Timestamp(..) => {
            column.as_primitive::<TimestampSecondType>().value(row) as f64 / SECONDS_A_DAY
        }
        _ => f64::NAN,
    }
}

fn text(column: &dyn Array, row: usize) -> &str {
    match column.data_type() {
        DataType::Boolean if column.as_boolean().value(row) => "yes",
        DataType::Boolean => "no",
        _ => column.as_string_opt::<i32>().map_or("", |texts| texts.value(row)),
    }
}

type Members = Vec<(String, Vec<usize>)>;

/// Rows by quarters of their values; a value never stands in two of them.
fn quartiles(kind: Kind, values: &[f32]) -> Members {
    let mut order: Vec<usize> = (0..values.len()).filter(|row| !values[*row].is_nan()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut cuts: Vec<f32> =
        (1..4).filter_map(|part| order.get(order.len() * part / 4)).map(|row| values[*row]).collect();
    cuts.dedup_by(|left, right| left.total_cmp(right).is_eq());
    // A cut at the smallest value would leave nothing below it.
    cuts.retain(|cut| order.first().is_some_and(|row| values[*row] < *cut));
    let shown = |cut: f32| value_shown(kind, f64::from(cut));
    let label = |part: usize| match (part.checked_sub(1).and_then(|below| cuts.get(below)), cuts.get(part)) {
        (None, None) => "any value".to_owned(),
        (None, Some(high)) => format!("below {}", shown(*high)),
        (Some(low), None) => format!("{} and above", shown(*low)),
        (Some(low), Some(high)) => format!("{} to {}", shown(*low), shown(*high)),
    };
    let mut members: Members = (0..=cuts.len()).map(|part| (label(part), Vec::new())).collect();
    for row in order {
        let part = cuts.partition_point(|cut| *cut <= values[row]);
        members[part].1.push(row);
    }
    let missing: Vec<usize> = (0..values.len()).filter(|row| values[*row].is_nan()).collect();
    members.push(("missing".to_owned(), missing));
    members
}

/// Rows by the commonest levels; the others, and those that fewer than 20 rows share, are pooled.
fn commonest(codes: &[u32], known: &BTreeMap<String, u32>) -> Members {
    let mut of_code: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, code) in codes.iter().enumerate() {
        of_code.entry(*code).or_default().push(row);
    }
    let missing = of_code.remove(&0).unwrap_or_default();
    let mut levels: Members =
        known.iter().map(|(level, code)| (level.clone(), of_code.remove(code).unwrap_or_default())).collect();
    let mut pooled: Vec<usize> = of_code.into_values().flatten().collect();
    levels.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    let kept = levels.iter().take_while(|(_, rows)| rows.len() as u64 >= ROWS_PER_LEVEL).count().min(LEVELS);
    pooled.extend(levels.split_off(kept).into_iter().flat_map(|(_, rows)| rows));
    pooled.sort_unstable();
    levels.push(("all others".to_owned(), pooled));
    levels.push(("missing".to_owned(), missing));
    levels
}

fn segment(label: String, rows: &[usize], log_odds: &[f64], labels: &[bool]) -> Option<Segment> {
    if rows.is_empty() {
        return None;
    }
    let scores: Vec<f64> = rows.iter().map(|row| log_odds[*row]).collect();
    let outcomes: Vec<bool> = rows.iter().map(|row| labels[*row]).collect();
    let left = outcomes.iter().filter(|label| **label).count();
    let predicted = scores.iter().map(|score| probability(*score)).sum::<f64>() / rows.len() as f64;
    let observed = wilson(left as f64, rows.len() as f64);
    let over = |share: f64| share / predicted.max(1e-9);
    let ratio = Figure { value: over(observed.value), low: over(observed.low), high: over(observed.high) };
    let is_ranked = RANKED <= left && RANKED <= rows.len() - left;
    let auc = is_ranked.then(|| Ranking::new(&scores).roc_auc(&outcomes, None)).flatten();
    let log_loss = log_loss(&scores, &outcomes, None);
    Some(Segment {
        label,
        rows: rows.len() as u64,
        observed: observed.value,
        predicted,
        ratio,
        auc,
        log_loss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_levels_are_pooled() {
        let codes: Vec<u32> = (0..100)
            .map(|row| {
                if row < 50 {
                    1
                } else if row < 81 {
                    2
                } else {
                    3
                }
            })
            .collect();
        let known = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2), ("rare".to_owned(), 3)]);
        let found: Vec<(String, usize)> =
            commonest(&codes, &known).into_iter().map(|(label, rows)| (label, rows.len())).collect();
        let expected = [("a", 50), ("b", 31), ("all others", 19), ("missing", 0)];
        assert_eq!(found, expected.map(|(label, rows)| (label.to_owned(), rows)));
    }

    #[test]
    fn numbers_are_cut_at_their_quartiles_and_equals_stay_together() {
        let values: Vec<f32> = (0..100).map(|row| row as f32).collect();
        let sizes = |members: Members| members.iter().map(|(_, rows)| rows.len()).collect::<Vec<_>>();
        assert_eq!(sizes(quartiles(Kind::Number, &values)), [25, 25, 25, 25, 0]);
        assert_eq!(sizes(quartiles(Kind::Number, &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, f32::NAN])), [5, 2, 1]);
        assert_eq!(sizes(quartiles(Kind::Number, &[])), [0, 0]);
    }

    #[test]
    fn a_segment_says_whether_what_was_foretold_happened() {
        let labels: Vec<bool> = (0..100).map(|row| row % 4 == 0).collect();
        let rows: Vec<usize> = (0..100).collect();
        let found = segment("all".to_owned(), &rows, &[winback_learn::log_odds(0.25); 100], &labels).unwrap();
        assert!((found.ratio.value - 1.0).abs() < 1e-9 && found.ratio.low < 1.0 && 1.0 < found.ratio.high);
        assert!((found.auc.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(segment("none".to_owned(), &[], &[], &[]), None);
    }
}
