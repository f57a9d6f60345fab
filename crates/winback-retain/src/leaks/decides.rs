//! A single column that decides the label: the label under another name, or what is known only once the outcome is.

use winback_table::parted;

use super::alone::{Alone, out_of_fold_auc};
use super::rows::{Column, Rows};
use super::{DECIDES, LEAST_OF_A_CLASS};
use crate::findings::{Finding, Severity};

/// In this share of rows, and of those of the rarer outcome, the column may differ from the label if it is the label
/// under another name, with a few errors: an AUC sees one error among thirty leavers, a person sees a copy.
const ERRORS: f64 = 0.005;
const ERRORS_OF_THE_RARER: f64 = 0.05;
/// A name for the label has no more values than this …
const FEW: usize = 50;
/// … and so many rows a value on average: with a value for every row or two, each would say its own rows' label.
const ROWS_OF_A_VALUE: usize = 10;
/// A column that is filled for a smaller share of the rows is not looked at where it is filled.
const FILLED: f64 = 0.02;

/// One finding for each column that decides the label.
pub(super) fn alone(rows: &Rows, alone: &[Alone]) -> Vec<Finding> {
    let columns = rows.columns.iter().zip(alone);
    columns
        .filter_map(|(column, alone)| {
            copy(column, alone, rows)
                .or_else(|| (DECIDES <= alone.auc).then(|| everywhere(&column.name, alone, rows)))
                .or_else(|| where_filled(&column.name, alone, rows))
        })
        .collect()
}

/// The label under another name or coding: few values, or that there is a value at all, say the same.
fn copy(column: &Column, alone: &Alone, rows: &Rows) -> Option<Finding> {
    let filled: Vec<u32> = (0..rows.len()).map(|row| u32::from(!column.is_missing(row))).collect();
    let are_few = alone.values <= FEW && ROWS_OF_A_VALUE * alone.values <= rows.len();
    let by_value = are_few.then(|| errors(&alone.codes, alone.code_count, &rows.labels));
    let errors = by_value.into_iter().chain([errors(&filled, 2, &rows.labels)]);
    let [of_stayers, of_leavers] = errors.min_by_key(|errors| errors[0] + errors[1])?;
    let leavers = rows.labels.iter().filter(|label| **label).count();
    let of_rarer = if 2 * leavers <= rows.len() { of_leavers } else { of_stayers };
    let rarer = leavers.min(rows.len() - leavers);
    let all = (of_stayers + of_leavers) as f64;
    let is_copy = all <= ERRORS * rows.len() as f64 && of_rarer as f64 <= ERRORS_OF_THE_RARER * rarer as f64;
    is_copy.then(|| {
        finding(
            "label-copy",
            &column.name,
            format!(
                "it says the same as the label in {:.2} % of {} rows looked at; out-of-fold AUC {:.4} alone",
                100.0 * (1.0 - all / rows.len() as f64),
                parted(rows.len() as u64),
                alone.auc
            ),
            format!("`{}` is the label under another name or coding; leave it out", column.name),
        )
    })
}

fn everywhere(column: &str, alone: &Alone, rows: &Rows) -> Finding {
    finding(
        "decides-label",
        column,
        format!("out-of-fold AUC {:.4} alone, on {} rows looked at", alone.auc, parted(rows.len() as u64)),
        format!(
            "`{column}` decides the label alone, so it was made from the outcome or after it; leave it out"
        ),
    )
}

/// A column that is empty for some rows and decides the label of the others.
fn where_filled(column: &str, alone: &Alone, rows: &Rows) -> Option<Finding> {
    let filled: Vec<usize> = (0..rows.len()).filter(|row| alone.codes[*row] != 0).collect();
    let share = filled.len() as f64 / rows.len() as f64;
    let labels: Vec<bool> = filled.iter().map(|row| rows.labels[*row]).collect();
    let positives = labels.iter().filter(|label| **label).count();
    let is_enough = LEAST_OF_A_CLASS <= positives.min(labels.len() - positives);
    if !is_enough || !(FILLED..1.0).contains(&share) {
        return None;
    }
    let codes: Vec<u32> = filled.iter().map(|row| alone.codes[*row]).collect();
    let groups: Vec<u64> = filled.iter().map(|row| rows.groups[*row]).collect();
    let auc = out_of_fold_auc(&codes, alone.code_count, &labels, &groups);
    (DECIDES <= auc).then(|| {
        finding(
            "decides-label",
            column,
            format!("out-of-fold AUC {auc:.4} on the {:.1} % of the rows that have a value", 100.0 * share),
            format!("`{column}` decides the label wherever it has a value; leave it out"),
        )
    })
}

fn finding(kind: &str, column: &str, evidence: String, message: String) -> Finding {
    Finding {
        severity: Severity::Block,
        kind: kind.to_owned(),
        columns: vec![column.to_owned()],
        evidence,
        message,
    }
}

/// Rows whose code has the other label in most of its rows: of those who stayed, and of those who left.
fn errors(codes: &[u32], code_count: usize, labels: &[bool]) -> [usize; 2] {
    let mut by_code = vec![[0_usize; 2]; code_count];
    for (code, label) in codes.iter().zip(labels) {
        by_code[*code as usize][usize::from(*label)] += 1;
    }
    by_code.iter().fold([0, 0], |[stayed, left], counts| {
        if counts[0] < counts[1] { [stayed + counts[0], left] } else { [stayed, left + counts[1]] }
    })
}
