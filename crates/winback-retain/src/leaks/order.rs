//! What the order of the rows gives away: the label itself, or columns that change with time alone.

use rayon::prelude::*;

use super::alone::{Alone, out_of_fold_auc};
use super::rows::{Column, Rows, Values};
use crate::findings::{Finding, Severity};

/// Blocks into which the rows are parted by their place.
const BLOCKS: usize = 32;
/// The order carries the label from this AUC of the blocks on.
const CARRIES: f64 = 0.6;

/// Of neighbours, so many have the same value in a column that changes with time alone …
const STAYS: f64 = 0.9;
/// … where by chance no more would.
const BY_CHANCE: f64 = 0.6;
/// How much such a column must say of the label to matter.
const SAYS: f64 = 0.55;
/// Values that a clock shows, at least.
const LEAST_VALUES: usize = 3;
/// Columns that a sentence names.
const NAMED: usize = 12;
/// Rows of which all pairs are looked at.
const ROWS: usize = 1_000;
/// How closely a number follows the moment of its row, as a share of pairs in the same order.
const FOLLOWS: f64 = 0.98;

/// Whether the place of a row tells its label.
pub(super) fn row_order(rows: &Rows) -> Option<Finding> {
    let last = rows.numbers.last().copied().unwrap_or(0);
    let block = |number: &u64| (number * BLOCKS as u64 / (last + 1)) as u32;
    let blocks: Vec<u32> = rows.numbers.iter().map(block).collect();
    // The rows of one customer often stand side by side, and say nothing of the place of others.
    let auc = out_of_fold_auc(&blocks, BLOCKS, &rows.labels, &rows.groups);
    (CARRIES <= auc && rows.times.is_empty()).then(|| Finding {
        severity: Severity::Warn,
        kind: "row-order".to_owned(),
        columns: Vec::new(),
        evidence: format!("the place in the file alone has an out-of-fold AUC of {auc:.3}"),
        message: "the order of the rows carries the label: rows are sorted by it, or by time while the share of leavers changes; a random split overstates, so name the time column if there is one".to_owned(),
    })
}

/// Columns that change with time alone, as interest rates and counters do.
pub(super) fn clocks(rows: &Rows, alone: &[Alone], free: &[usize]) -> Option<Finding> {
    let look = |index: &usize| {
        let (column, alone) = (&rows.columns[*index], &alone[*index]);
        let shown = if rows.times.is_empty() {
            if alone.auc < SAYS {
                return None;
            }
            in_runs(column)?
        } else {
            with_the_moment(column, &rows.times)?
        };
        Some((column.name.clone(), format!("`{}`: {shown}", column.name)))
    };
    let (columns, shown): (Vec<String>, Vec<String>) =
        free.par_iter().filter_map(look).collect::<Vec<_>>().into_iter().unzip();
    // A sentence names some; the finding's columns are all of them.
    let some = |words: &[String], between: &str| {
        let (named, rest) = words.split_at(NAMED.min(words.len()));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        format!("{}{more}", named.join(between))
    };
    let quoted: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    (!columns.is_empty()).then(|| Finding {
        severity: Severity::Warn,
        kind: "clock".to_owned(),
        evidence: some(&shown, "; "),
        message: format!(
            "what tells when a row was made acts as a clock: {}; a random split overstates, and next week's values are new",
            some(&quoted, ", ")
        ),
        columns,
    })
}

/// Words that let a column's values be compared; missing is a value here.
fn comparable(column: &Column) -> Vec<u64> {
    match &column.values {
        Values::Numbers(numbers) => numbers.iter().map(|number| (number + 0.0).to_bits()).collect(),
        Values::Levels(codes, _) => codes.iter().map(|code| u64::from(*code)).collect(),
    }
}

/// Whether neighbours have the same value far more often than by chance.
fn in_runs(column: &Column) -> Option<String> {
    let values = comparable(column);
    let neighbours = values.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64;
    let stays = neighbours / (values.len().max(2) - 1) as f64;
    let mut sorted = values.clone();
    sorted.sort_unstable();
    let counts: Vec<f64> = sorted.chunk_by(|left, right| left == right).map(|run| run.len() as f64).collect();
    let rows = values.len() as f64;
    let by_chance: f64 = counts.iter().map(|count| (count / rows) * (count / rows)).sum();
    let is_clock = LEAST_VALUES <= counts.len() && STAYS <= stays && by_chance <= BY_CHANCE;
    is_clock.then(|| {
        format!(
            "{:.1} % of neighbouring rows have the same value, {:.1} % by chance",
            100.0 * stays,
            100.0 * by_chance
        )
    })
}

/// Whether all rows of a moment have the same value, or the value grows (or falls) with the moment.
fn with_the_moment(column: &Column, times: &[i64]) -> Option<String> {
    let values = comparable(column);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|row| times[*row]);
    let periods: Vec<&[usize]> = order.chunk_by(|left, right| times[*left] == times[*right]).collect();
    let many = periods.iter().filter(|period| 2 <= period.len()).count();
    let mut distinct: Vec<u64> = values.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if periods.len() < LEAST_VALUES || distinct.len() < LEAST_VALUES {
        return None;
    }
    let constant = periods.iter().filter(|period| 2 <= period.len());
    let constant =
        constant.filter(|period| period.iter().all(|row| values[*row] == values[period[0]])).count();
    if LEAST_VALUES <= many && constant == many {
        return Some(format!("one value in each of {} moments", periods.len()));
    }
    let Values::Numbers(numbers) = &column.values else { return None };
    let step = order.len().div_ceil(ROWS).max(1);
    let sampled: Vec<usize> = order.iter().copied().step_by(step).collect();
    let (mut same, mut all) = (0.0, 0.0);
    for (index, early) in sampled.iter().enumerate() {
        for late in &sampled[index + 1..] {
            let apart = numbers[*late] - numbers[*early];
            if times[*early] < times[*late] && !apart.is_nan() {
                all += 1.0;
                same += if apart > 0.0 {
                    1.0
                } else if apart < 0.0 {
                    0.0
                } else {
                    0.5
                };
            }
        }
    }
    let share: f64 = if all > 0.0 { same / all } else { 0.5 };
    (FOLLOWS <= share.max(1.0 - share))
        .then(|| format!("in {:.1} % of pairs its order is that of time", 100.0 * share.max(1.0 - share)))
}
