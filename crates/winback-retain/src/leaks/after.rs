//! Columns that are known only after the event, told by their form: strong alone and empty of leavers where they are
//! zero, one value for all who stayed, or missing for one outcome more than for the other.

use winback_table::Kind;

use super::alone::Alone;
use super::rows::{Column, Rows, Values};
use crate::findings::{Finding, Severity};

/// How strong such a column is alone, at least.
const STRONG: f64 = 0.75;
/// A zone without leavers holds at least this share of the rows, and so many leavers would be expected in it.
const ZONE: f64 = 0.05;
const EXPECTED: f64 = 10.0;
/// Leavers in such a zone, as a share of those expected.
const EMPTY: f64 = 0.02;
/// The zone begins at zero, or at next to nothing: at most this share of the median.
const NEXT_TO_ZERO: f64 = 0.02;
/// One value is that of nearly all who stayed; with any other, nearly all left, and so many of them are looked at:
/// however many rows they stand for, a few say nothing.
const OF_STAYERS: f64 = 0.98;
const LEFT: f64 = 0.98;
const LEAST_LEFT: f64 = 30.0;

/// The share of rows with a date after their moment that is worth a word.
const LATER: f64 = 0.01;

/// Missingness tells the label from this AUC on, or where leavers are so many times as frequent with or without a value.
const TELLS: f64 = 0.6;
const TIMES: f64 = 3.0;
/// The two shares must differ by so many standard errors.
const STANDARD_ERRORS: f64 = 5.0;
/// Missing values that are too few to matter.
const MATTERS: f64 = 0.005;

/// Columns that look as if they were filled in after the event.
pub(super) fn known_after(rows: &Rows, alone: &[Alone], free: &[usize]) -> Vec<Finding> {
    let look = |index: &usize| {
        let (column, alone) = (&rows.columns[*index], &alone[*index]);
        let strong = STRONG <= alone.auc;
        let shown = strong.then(|| zone_at_zero(column, rows)).flatten();
        let shown = shown.or_else(|| constant_of_stayers(alone, rows))?;
        Some(Finding {
            severity: Severity::Warn,
            kind: "after-the-event".to_owned(),
            columns: vec![column.name.clone()],
            evidence: format!("out-of-fold AUC {:.3} alone; {shown}", alone.auc),
            message: format!(
                "`{}` may be known only after the event; leave it out unless it is known when customers are scored",
                column.name
            ),
        })
    };
    free.iter().filter_map(look).collect()
}

/// Numbers from zero upwards of which the lowest belong to hardly any leaver.
fn zone_at_zero(column: &Column, rows: &Rows) -> Option<String> {
    let Values::Numbers(numbers) = &column.values else { return None };
    if column.kind != Kind::Number {
        return None;
    }
    let mut present: Vec<(f64, bool)> = numbers
        .iter()
        .zip(&rows.labels)
        .filter(|(number, _)| !number.is_nan())
        .map(|(n, l)| (*n, *l))
        .collect();
    present.sort_by(|left, right| left.0.total_cmp(&right.0));
    let lowest = present.first().map_or(f64::NAN, |(lowest, _)| *lowest);
    let median = present.get(present.len() / 2).map_or(0.0, |(median, _)| *median);
    if !(0.0..=NEXT_TO_ZERO * median).contains(&lowest) {
        return None;
    }
    let rate = rows.rate();
    let (mut seen, mut leavers, mut zone) = (0.0, 0.0, 0.0);
    for run in present.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq()) {
        let left = run.iter().filter(|(_, label)| *label).count() as f64 * rows.weight(true);
        leavers += left;
        seen += left + run.iter().filter(|(_, label)| !*label).count() as f64 * rows.weight(false);
        // So many of the leavers looked at would be expected: what a few rows stand for is no evidence.
        if EXPECTED * rows.weight(true) <= seen * rate && leavers <= EMPTY * seen * rate {
            zone = seen;
        }
    }
    let share = zone / rows.read.max(1) as f64;
    (ZONE <= share).then(|| {
        format!(
            "of the {:.1} % of the rows with the lowest values, zero first, hardly any left, where {:.1} % do",
            100.0 * share,
            100.0 * rate
        )
    })
}

/// One value of nearly all who stayed, while with any other value nearly all left.
fn constant_of_stayers(alone: &Alone, rows: &Rows) -> Option<String> {
    // As many as are looked at; only shares are said of the history, for which they stand unevenly.
    let mut by_code = vec![[0.0_f64; 2]; alone.code_count];
    for (code, label) in alone.codes.iter().zip(&rows.labels) {
        by_code[*code as usize][usize::from(*label)] += 1.0;
    }
    let leavers = by_code.iter().map(|[_, left]| left).sum::<f64>();
    let stayers = by_code.iter().map(|[stayed, _]| stayed).sum::<f64>();
    let [stayed, left] = by_code.into_iter().max_by(|left, right| left[0].total_cmp(&right[0]))?;
    // With another value: who left, and who stayed all the same.
    let (others_left, others_stayed) = (leavers - left, stayers - stayed);
    let others = rows.weight(true) * others_left + rows.weight(false) * others_stayed;
    let share = rows.weight(true) * others_left / others.max(1.0);
    let certain = LEAST_LEFT <= others_left && LEFT <= share;
    (OF_STAYERS * stayers <= stayed && certain).then(|| {
        format!(
            "{:.1} % of those who stayed have one value; of the rows with another, {:.0} of which were looked at, {:.1} % left",
            100.0 * stayed / stayers,
            others_left + others_stayed,
            100.0 * share
        )
    })
}

/// Dates that lie after the moment which their row describes.
pub(super) fn later_dates(rows: &Rows, free: &[usize]) -> Vec<Finding> {
    let look = |index: &usize| {
        let column = &rows.columns[*index];
        let Values::Numbers(dates) = &column.values else { return None };
        if column.kind != Kind::Time || rows.times.is_empty() {
            return None;
        }
        let mut counts = [[0.0_f64; 2]; 2];
        for ((date, moment), label) in dates.iter().zip(&rows.times).zip(&rows.labels) {
            counts[usize::from(*label)][usize::from(*date > *moment as f64)] += rows.weight(*label);
        }
        let [stayed, left] = counts.map(|[not_later, later]| later / (not_later + later).max(1.0));
        let later = (counts[0][1] + counts[1][1]) / rows.read.max(1) as f64;
        (LATER <= later).then(|| Finding {
            severity: Severity::Warn,
            kind: "after-the-event".to_owned(),
            columns: vec![column.name.clone()],
            evidence: format!(
                "later than the moment in {:.1} % of the rows: {:.1} % of those who left, {:.1} % of those who stayed",
                100.0 * later,
                100.0 * left,
                100.0 * stayed
            ),
            message: format!(
                "`{}` holds dates after the moment that its row describes; leave it out unless it is a plan that was known then",
                column.name
            ),
        })
    };
    free.iter().filter_map(look).collect()
}

/// Columns whose missing values tell the label.
pub(super) fn missing_tells(rows: &Rows, free: &[usize]) -> Vec<Finding> {
    let look = |index: &usize| {
        let column = &rows.columns[*index];
        // Rows without and with a value, of those who stayed and those who left.
        let mut counts = [[0.0_f64; 2]; 2];
        for (row, label) in rows.labels.iter().enumerate() {
            counts[usize::from(*label)][usize::from(!column.is_missing(row))] += 1.0;
        }
        let [stayed, left] = counts;
        let (stayers, leavers) = (stayed[0] + stayed[1], left[0] + left[1]);
        let (of_stayers, of_leavers) = (stayed[0] / stayers, left[0] / leavers);
        let without = (stayed[0] + left[0]) / (stayers + leavers);
        if !(MATTERS..=1.0 - MATTERS).contains(&without) {
            return None;
        }
        let error = (without * (1.0 - without) * (1.0 / stayers + 1.0 / leavers)).sqrt();
        let auc = 0.5 + (of_leavers - of_stayers).abs() / 2.0;
        // What is said is said of the history, of which these rows are more leavers than chance would choose.
        let weighted = |side: usize| [rows.weight(false) * stayed[side], rows.weight(true) * left[side]];
        let rate = |[stayed, left]: [f64; 2]| left / (stayed + left);
        let (missing, present) = (rate(weighted(0)), rate(weighted(1)));
        let without = weighted(0).iter().sum::<f64>() / rows.read.max(1) as f64;
        let times = missing.max(present) / missing.min(present).max(1e-9);
        let tells =
            STANDARD_ERRORS * error <= (of_leavers - of_stayers).abs() && (TELLS <= auc || TIMES <= times);
        tells.then(|| Finding {
            severity: Severity::Warn,
            kind: "missing-tells".to_owned(),
            columns: vec![column.name.clone()],
            evidence: format!(
                "{:.1} % of the rows without a value left, {:.1} % of those with one; {:.1} % have none",
                100.0 * missing,
                100.0 * present,
                100.0 * without
            ),
            message: format!(
                "that `{}` is missing tells the label; make sure that it is missing for the same reasons when customers are scored",
                column.name
            ),
        })
    };
    free.iter().filter_map(look).collect()
}
