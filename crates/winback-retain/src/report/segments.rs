//! How good the scores are within groups of customers: is everybody judged alike?
//!
//! Segments are those of the protected columns and of the columns that matter most; numbers are cut at their quartiles.
//! No segment has fewer than 20 rows, so that a page shows nobody's outcome: smaller ones are pooled with others, not
//! left out, because what is left out can be had from the rest by subtracting.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use serde::Serialize;
use winback_learn::encode::ROWS_PER_LEVEL;
use winback_learn::metrics::{Ranking, log_loss};
use winback_learn::probability;
use winback_table::{Kind, Schema};

use super::groups::value_shown;
use super::shares::share_left;
use super::{Figure, Named};

const SECONDS_A_DAY: f64 = 86_400.0;
/// Rows of a segment at least.
const LEAST_ROWS: usize = ROWS_PER_LEVEL as usize;
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

    /// The segments, given the judged rows' scores and outcomes, and what is drawn together with each.
    pub(crate) fn finish(self, log_odds: &[f64], labels: &[bool], groups: &[u64]) -> Segmented {
        let kind = self.kind;
        let members = match self.values {
            Values::Numbers(values) => quartiles(kind, &values),
            Values::Levels { codes, known } => commonest(&codes, &known),
        };
        let told = members.into_iter().filter(|(_, rows)| LEAST_ROWS <= rows.len());
        let segments = told.map(|(label, rows)| segment(label, &rows, log_odds, labels, groups)).collect();
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

/// Rows by quarters of their values; a value never stands in two of them. Few missing ones stand with the lowest.
fn quartiles(kind: Kind, values: &[f32]) -> Members {
    let mut order: Vec<usize> = (0..values.len()).filter(|row| !values[*row].is_nan()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut cuts: Vec<f32> =
        (1..4).filter_map(|part| order.get(order.len() * part / 4)).map(|row| values[*row]).collect();
    cuts.dedup_by(|left, right| left.total_cmp(right).is_eq());
    // Equal values may leave few rows between two cuts, or none.
    let below = |cut: f32| order.partition_point(|row| values[*row] < cut);
    let mut start = 0;
    cuts.retain(|cut| {
        let end = below(*cut);
        let is_kept = LEAST_ROWS <= end - start && LEAST_ROWS <= order.len() - end;
        start = if is_kept { end } else { start };
        is_kept
    });
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
    match members.first_mut() {
        Some((label, lowest)) if (1..LEAST_ROWS).contains(&missing.len()) => {
            label.push_str(", or missing");
            lowest.extend(missing);
        }
        _ => members.push(("missing".to_owned(), missing)),
    }
    members
}

/// Rows by the commonest levels; the others are pooled, with few missing ones and, where all these are still few, with
/// the rarest of the common.
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
    let kept = levels.iter().take_while(|(_, rows)| LEAST_ROWS <= rows.len()).count().min(LEVELS);
    pooled.extend(levels.split_off(kept).into_iter().flat_map(|(_, rows)| rows));
    let is_few = |rows: &[usize]| (1..LEAST_ROWS).contains(&rows.len());
    let (mut label, mut missing) = ("all others", missing);
    if is_few(&missing) || (is_few(&pooled) && !missing.is_empty()) {
        label = "all others, or missing";
        pooled.append(&mut missing);
    }
    if is_few(&pooled)
        && let Some((_, rarest)) = levels.pop()
    {
        pooled.extend(rarest);
    }
    pooled.sort_unstable();
    levels.push((label.to_owned(), pooled));
    levels.push(("missing".to_owned(), missing));
    levels
}

fn segment(label: String, rows: &[usize], log_odds: &[f64], labels: &[bool], groups: &[u64]) -> Segment {
    let scores: Vec<f64> = rows.iter().map(|row| log_odds[*row]).collect();
    let outcomes: Vec<bool> = rows.iter().map(|row| labels[*row]).collect();
    let left = outcomes.iter().filter(|label| **label).count();
    let predicted = scores.iter().map(|score| probability(*score)).sum::<f64>() / rows.len() as f64;
    let observed = share_left(rows, labels, groups);
    let over = |share: f64| share / predicted.max(1e-9);
    let ratio = Figure { value: over(observed.value), low: over(observed.low), high: over(observed.high) };
    let is_ranked = RANKED <= left && RANKED <= rows.len() - left;
    let auc = is_ranked.then(|| Ranking::new(&scores).roc_auc(&outcomes, None)).flatten();
    let log_loss = log_loss(&scores, &outcomes, None);
    Segment { label, rows: rows.len() as u64, observed: observed.value, predicted, ratio, auc, log_loss }
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
        // Nineteen rows are too few, so the rarest of the others joins them.
        let expected = [("a", 50), ("all others", 50), ("missing", 0)];
        assert_eq!(found, expected.map(|(label, rows)| (label.to_owned(), rows)));
    }

    #[test]
    fn a_segment_of_few_rows_is_pooled_and_never_shown() {
        let known = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2), ("rare".to_owned(), 3)]);
        let sizes = |members: Members| members.iter().map(|(_, rows)| rows.len()).collect::<Vec<_>>();
        let codes = |sizes: [usize; 4]| -> Vec<u32> {
            sizes.into_iter().zip([0_u32, 1, 2, 3]).flat_map(|(rows, code)| vec![code; rows]).collect()
        };
        // Missing, then the levels' rows; shown: the levels, all others, missing.
        for (given, expected) in [
            ([30, 50, 40, 1], vec![50, 40, 31, 0]),
            ([1, 50, 40, 1], vec![50, 42, 0]),
            ([1, 50, 40, 0], vec![50, 41, 0]),
            ([19, 50, 40, 15], vec![50, 40, 34, 0]),
            ([30, 50, 40, 25], vec![50, 40, 25, 0, 30]),
            ([0, 50, 40, 0], vec![50, 40, 0, 0]),
            ([5, 6, 7, 0], vec![18, 0]),
        ] {
            assert_eq!(sizes(commonest(&codes(given), &known)), expected, "{given:?}");
        }
        let mut values: Vec<f32> = (0..100).map(|row| row as f32).collect();
        values.push(f32::NAN);
        let found = quartiles(Kind::Number, &values);
        assert_eq!((found[0].0.as_str(), found[0].1.len()), ("below 25, or missing", 26));
        assert_eq!(sizes(quartiles(Kind::Number, &[vec![0.0; 90], vec![1.0; 11]].concat())), [101, 0]);
        // Fewer than twenty judged rows in all are shown nowhere.
        let schema = Schema::new(Vec::new(), None).unwrap();
        let mut column = SegmentColumn::new(&schema, "x", Kind::Number, false);
        column.values = Values::Numbers(vec![1.0; 19]);
        assert!(column.finish(&[0.0; 19], &[false; 19], &(0..19).collect::<Vec<_>>()).segments.is_empty());
    }

    #[test]
    fn numbers_are_cut_at_their_quartiles_and_equals_stay_together() {
        let values: Vec<f32> = (0..100).map(|row| row as f32).collect();
        let sizes = |members: Members| members.iter().map(|(_, rows)| rows.len()).collect::<Vec<_>>();
        assert_eq!(sizes(quartiles(Kind::Number, &values)), [25, 25, 25, 25, 0]);
        let ties = [vec![0.0; 50], vec![1.0; 20], vec![2.0; 30], vec![f32::NAN; 20]].concat();
        assert_eq!(sizes(quartiles(Kind::Number, &ties)), [50, 20, 30, 20]);
        assert_eq!(sizes(quartiles(Kind::Number, &[])), [0, 0]);
    }

    #[test]
    fn a_segment_says_whether_what_was_foretold_happened() {
        let labels: Vec<bool> = (0..100).map(|row| row % 4 == 0).collect();
        let rows: Vec<usize> = (0..100).collect();
        let groups: Vec<u64> = (0..100).collect();
        let scores = [winback_learn::log_odds(0.25); 100];
        let found = segment("all".to_owned(), &rows, &scores, &labels, &groups);
        assert!((found.ratio.value - 1.0).abs() < 1e-9 && found.ratio.low < 1.0 && 1.0 < found.ratio.high);
        assert!((found.auc.unwrap() - 0.5).abs() < 1e-12);
    }
}
