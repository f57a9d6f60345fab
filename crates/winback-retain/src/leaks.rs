//! The leak guard: what is wrong with a history before it becomes a model.
//!
//! A column that knows the outcome makes any figure worthless, and public churn data are full of them. [`examine`]
//! looks at each column alone, at pairs, at the order of the rows and at the table as a whole, and answers with
//! findings and their evidence. A column's strength is its out-of-fold AUC: what it says of rows that were not used to
//! learn from it, so that an identifier has none. Findings hold figures and names of columns, never a value.
//!
//! At most [`MOST_ROWS`] rows are looked at, as many of each outcome; memory does not depend on the number of rows.

mod after;
mod alone;
mod copies;
mod decides;
mod gather;
mod order;
mod pairs;
mod rows;
mod whole;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use winback_table::{Field, Source};

use self::alone::Alone;
pub use self::gather::MOST_ROWS;
use crate::Result;
use crate::findings::{Finding, Severity};

/// From this out-of-fold AUC on, a column or a pair decides the label.
pub const DECIDES: f64 = 0.995;

/// Rows of each class below which the label is not examined.
const LEAST_OF_A_CLASS: usize = 20;

/// What the leak guard found out about a history.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Examined {
    /// What a person should know, the gravest first.
    pub findings: Vec<Finding>,
    /// How much each column says of the label alone, in the order of the schema.
    pub strengths: Vec<Strength>,
}

/// How much one column says of the label alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// The column's name.
    pub column: String,
    /// Its out-of-fold AUC, from 0.5 (nothing) to 1 (everything); absent where a class has too few rows.
    pub auc: Option<f64>,
}

/// What is known of a history besides its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The time in seconds between a row's moment and the day its outcome is known.
    pub horizon: i64,
    /// Rows of the whole history and the positive ones among them, where the source holds only some of them.
    pub whole: Option<(u64, u64)>,
}

/// Examines the columns that `learnt` admits.
///
/// # Errors
/// When the source cannot be read or has no label.
pub fn examine(source: &dyn Source, learnt: &dyn Fn(&Field) -> bool, known: Known) -> Result<Examined> {
    let mut rows = gather::gather(source, learnt)?;
    if let Some((read, positives)) = known.whole {
        // Rows that repeat are seldom both among some.
        (rows.read, rows.positives, rows.repeated) = (read, positives, 0.0);
        let chosen = |class: bool| rows.labels.iter().filter(|label| **label == class).count().max(1) as f64;
        rows.weights = [(read - positives) as f64 / chosen(false), positives as f64 / chosen(true)];
    }
    let mut findings = copies::constants(&rows);
    let linear = copies::linear(&rows);
    let is_linear = |recoding: &Finding| linear.iter().any(|copy| copy.columns == recoding.columns);
    findings.extend(copies::recodings(&rows).into_iter().filter(|recoding| !is_linear(recoding)));
    findings.extend(linear);
    findings.extend(whole::duplicates(&rows));
    findings.extend(whole::identifiers(&rows));
    findings.extend(whole::rare_class(&rows));
    findings.extend(whole::immature(&rows, known.horizon));
    let positives = rows.labels.iter().filter(|label| **label).count();
    let mut strengths: Vec<Strength> =
        rows.columns.iter().map(|column| Strength { column: column.name.clone(), auc: None }).collect();
    if positives.min(rows.labels.len() - positives) >= LEAST_OF_A_CLASS {
        // The parallel map keeps the order of the columns.
        let alone: Vec<Alone> = rows.columns.par_iter().map(|column| Alone::new(column, &rows)).collect();
        for (strength, alone) in strengths.iter_mut().zip(&alone) {
            strength.auc = Some(alone.auc);
        }
        let decided = decides::alone(&rows, &alone);
        let is_decided = |name: &String| decided.iter().any(|finding| finding.columns.contains(name));
        let free: Vec<usize> =
            (0..rows.columns.len()).filter(|index| !is_decided(&rows.columns[*index].name)).collect();
        findings.extend(pairs::deciding(&rows, &alone, &free));
        findings.extend(after::known_after(&rows, &alone, &free));
        findings.extend(after::later_dates(&rows, &free));
        findings.extend(after::missing_tells(&rows, &free));
        findings.extend(order::row_order(&rows));
        findings.extend(order::clocks(&rows, &alone, &free));
        findings.extend(decided);
    } else {
        findings.push(not_examined(positives.min(rows.labels.len() - positives)));
    }
    // The order of equals is that of the checks above, which is fixed.
    findings.sort_by_key(|finding| finding.severity);
    Ok(Examined { findings, strengths })
}

/// Nothing is said of the label, and that must not look like nothing was found.
fn not_examined(found: usize) -> Finding {
    Finding {
        severity: Severity::Warn,
        kind: "not-examined".to_owned(),
        columns: Vec::new(),
        evidence: format!(
            "{found} rows of the rarer outcome among those looked at; {LEAST_OF_A_CLASS} are needed"
        ),
        message: "whether a column gives the outcome away could not be examined".to_owned(),
    }
}

#[cfg(test)]
mod tests;
