//! A single column that decides the label: the label under another name, or what is known only once the outcome is.

use super::alone::{Alone, out_of_fold_auc};
use super::rows::Rows;
use super::{DECIDES, LEAST_OF_A_CLASS};
use crate::findings::{Finding, Severity};

/// Of this share of rows the column and the label say the same, if it is the label under another name.
const SAME: f64 = 0.999;
/// A name for the label has no more values than this.
const FEW: usize = 50;
/// A column that is filled for a smaller share of the rows is not looked at where it is filled.
const FILLED: f64 = 0.02;

/// One finding for each column that decides the label.
pub(super) fn alone(rows: &Rows, alone: &[Alone]) -> Vec<Finding> {
    let columns = rows.columns.iter().zip(alone);
    columns
        .filter_map(|(column, alone)| {
            if DECIDES <= alone.auc {
                return Some(everywhere(&column.name, alone, rows));
            }
            where_filled(&column.name, alone, rows)
        })
        .collect()
}

fn everywhere(column: &str, alone: &Alone, rows: &Rows) -> Finding {
    let same = agreement(alone, &rows.labels);
    let evidence = format!("out-of-fold AUC {:.4} alone, on {} rows", alone.auc, rows.len());
    if SAME <= same && alone.values <= FEW {
        return finding(
            "label-copy",
            column,
            format!("{evidence}; it says the same as the label in {:.2} % of them", 100.0 * same),
            format!("`{column}` is the label under another name or coding; leave it out"),
        );
    }
    finding(
        "decides-label",
        column,
        evidence,
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

/// The share of rows whose code has the same label in most of its rows.
fn agreement(alone: &Alone, labels: &[bool]) -> f64 {
    let mut by_code = vec![[0_u64; 2]; alone.code_count];
    for (code, label) in alone.codes.iter().zip(labels) {
        by_code[*code as usize][usize::from(*label)] += 1;
    }
    let same: u64 = by_code.iter().map(|counts| counts[0].max(counts[1])).sum();
    same as f64 / labels.len().max(1) as f64
}
