//! What is wrong with the table as a whole: rows that repeat, identifiers as features, classes that are too rare,
//! outcomes that are not known yet.

use winback_table::{Kind, parted};

use super::rows::{MISSING, Rows, Values};
use crate::findings::{Finding, Severity};

/// From this share of repeated rows on they are worth a word.
const REPEATED: f64 = 0.01;
/// A text with so many different values for each row is nearly an identifier.
const UNIQUE: f64 = 0.8;
/// Below so many different values nothing is an identifier.
const LEAST_UNIQUE: usize = 50;
/// The half width of the 95 % interval of an AUC that still tells models apart.
const HALF_WIDTH: f64 = 0.05;
/// The AUC it is reckoned at: that of a middling churn model.
const MIDDLING: f64 = 0.75;
const NORMAL_95: f64 = 1.96;
/// Outcomes of the last horizon are immature when they are rarer than this share of those before …
const RARER: f64 = 0.7;
/// … by so many standard errors.
const STANDARD_ERRORS: f64 = 4.0;

fn warn(kind: &str, columns: Vec<String>, evidence: String, message: String) -> Finding {
    Finding { severity: Severity::Warn, kind: kind.to_owned(), columns, evidence, message }
}

/// Many rows that equal an earlier one.
pub(super) fn duplicates(rows: &Rows) -> Option<Finding> {
    (REPEATED <= rows.repeated).then(|| {
        warn(
            "duplicate-rows",
            Vec::new(),
            format!("{:.1} % of {} rows equal an earlier one in every column that is learnt from, and in the label", 100.0 * rows.repeated, parted(rows.read)),
            "many rows are there twice; if they are copies, take them out, for they count double (copies never stand on both sides of a split)".to_owned(),
        )
    })
}

/// Identifiers and nearly unique texts that are learnt from.
pub(super) fn identifiers(rows: &Rows) -> Vec<Finding> {
    let look = |column: &super::rows::Column| {
        let present = (0..rows.len()).filter(|row| !column.is_missing(*row)).count();
        let (distinct, is_identifier) = match &column.values {
            Values::Levels(codes, _) => {
                let mut seen: Vec<u32> = codes.iter().copied().filter(|code| *code != MISSING).collect();
                seen.sort_unstable();
                seen.dedup();
                let distinct = seen.len();
                (
                    distinct,
                    UNIQUE * present as f64 <= distinct as f64
                        || matches!(column.kind, Kind::Identifier | Kind::Text),
                )
            }
            Values::Numbers(numbers) => {
                let mut seen: Vec<u64> =
                    numbers.iter().filter(|number| !number.is_nan()).map(|number| number.to_bits()).collect();
                seen.sort_unstable();
                seen.dedup();
                let whole = numbers.iter().all(|number| number.is_nan() || number.fract().abs() <= 0.0);
                (
                    seen.len(),
                    column.kind == Kind::Number && whole && seen.len() == present && present == rows.len(),
                )
            }
        };
        (is_identifier && LEAST_UNIQUE <= distinct).then(|| {
            warn(
                "identifier",
                vec![column.name.clone()],
                format!("{} different values in {} rows", parted(distinct as u64), parted(present as u64)),
                format!("`{}` is an identifier or nearly one, and a model can learn nothing lasting from it; leave it out", column.name),
            )
        })
    };
    rows.columns.iter().filter_map(look).collect()
}

/// A class so rare that intervals are useless, and how many rows would do.
pub(super) fn rare_class(rows: &Rows) -> Option<Finding> {
    let rarer_rows = rows.positives.min(rows.read - rows.positives);
    let rarer = rarer_rows as f64;
    // The variance of an AUC that the rarer class makes (Hanley and McNeil 1982), the other being plenty.
    let spread = (2.0 * MIDDLING * MIDDLING / (1.0 + MIDDLING) - MIDDLING * MIDDLING).sqrt();
    let needed = (NORMAL_95 * spread / HALF_WIDTH) * (NORMAL_95 * spread / HALF_WIDTH);
    if rarer >= needed || rows.read == 0 {
        return None;
    }
    let would_do = needed * rows.read as f64 / rarer.max(1.0);
    let which = if rows.positives * 2 <= rows.read { "leavers" } else { "stayers" };
    Some(warn(
        "rare-class",
        Vec::new(),
        format!("{} {which} in {} rows", parted(rarer_rows), parted(rows.read)),
        format!(
            "there are too few {which} to tell models apart: an AUC is good to ±{:.2} at best; about {} rows would do",
            (NORMAL_95 * spread / rarer.max(1.0).sqrt()).min(0.5),
            parted(rounded(would_do))
        ),
    ))
}

/// A count rounded up to two digits, as estimates are said.
fn rounded(count: f64) -> u64 {
    let mut unit = 1.0;
    while 100.0 * unit <= count {
        unit *= 10.0;
    }
    ((count / unit).ceil() * unit) as u64
}

/// Outcomes of the last horizon that are rarer than those before: they may not be known yet.
pub(super) fn immature(rows: &Rows, horizon: i64) -> Option<Finding> {
    let latest = rows.times.iter().copied().max()?;
    // Rows before and of the last horizon, of those who stayed and those who left.
    let mut counts = [[0.0_f64; 2]; 2];
    for (time, label) in rows.times.iter().zip(&rows.labels) {
        counts[usize::from(*label)][usize::from(latest.saturating_sub(horizon) < *time)] += 1.0;
    }
    let [stayed, left] = counts;
    let (stayers, leavers) = (stayed[0] + stayed[1], left[0] + left[1]);
    let young = (stayed[1] + left[1]) / (stayers + leavers);
    if !(f64::MIN_POSITIVE..1.0).contains(&young) {
        return None;
    }
    // Rows are looked at by their outcome, so what can be tested is how many of each outcome are young.
    let error = (young * (1.0 - young) * (1.0 / stayers + 1.0 / leavers)).sqrt();
    let apart = stayed[1] / stayers - left[1] / leavers;
    // What is said is said of the history.
    let [before, last] = [0, 1].map(|side| {
        let (stayed, left) = (rows.weight(false) * stayed[side], rows.weight(true) * left[side]);
        left / (stayed + left)
    });
    (last < RARER * before && STANDARD_ERRORS * error <= apart).then(|| {
        warn(
            "immature-labels",
            Vec::new(),
            format!(
                "{:.1} % of the rows of the last {} days left, {:.1} % of those before",
                100.0 * last,
                horizon / 86_400,
                100.0 * before
            ),
            "the last rows may be younger than the horizon, so that not all who will leave have left; leave these rows out".to_owned(),
        )
    })
}
