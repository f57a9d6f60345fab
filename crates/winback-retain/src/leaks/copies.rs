//! Columns that say again what others say: constants, exact linear combinations, one-to-one recodings.

use std::collections::HashMap;

use super::parted;
use super::rows::{Column, Rows, Values};
use crate::findings::{Finding, Severity};

/// Rows that exact relations are looked for in.
const ROWS: usize = 2_000;
/// A relation is exact when its residual is smaller than this share of the column's spread.
const EXACT: f64 = 1e-9;
/// A combination of more columns than this is no copy a person would recognise.
const MOST_PARTS: usize = 4;
/// A recoding has at most so many values.
const MOST_VALUES: usize = 1_000;

fn note(kind: &str, columns: Vec<String>, evidence: String, message: String) -> Finding {
    Finding { severity: Severity::Note, kind: kind.to_owned(), columns, evidence, message }
}

/// Columns with one value only.
pub(super) fn constants(rows: &Rows) -> Vec<Finding> {
    let is_constant = |column: &&Column| match &column.values {
        Values::Numbers(numbers) => {
            numbers.windows(2).all(|pair| (pair[0] + 0.0).total_cmp(&(pair[1] + 0.0)).is_eq())
        }
        Values::Levels(codes, _) => codes.windows(2).all(|pair| pair[0] == pair[1]),
    };
    let constant = rows.columns.iter().filter(|_| 1 < rows.len()).filter(is_constant);
    constant
        .map(|column| {
            note(
                "constant",
                vec![column.name.clone()],
                format!("the same in each of {} rows looked at", parted(rows.len() as u64)),
                format!("`{}` has one value only and says nothing", column.name),
            )
        })
        .collect()
}

/// Columns of numbers that are an exact linear combination of earlier ones.
///
/// Columns are made orthogonal one after the other (Gram and Schmidt, each twice for exactness); one that nothing is
/// left of is a combination, whose weights follow from the triangular system.
pub(super) fn linear(rows: &Rows) -> Vec<Finding> {
    let step = rows.len().div_ceil(ROWS).max(1);
    let numbers: Vec<(&str, Vec<f64>)> = rows
        .columns
        .iter()
        .filter_map(|column| match &column.values {
            Values::Numbers(numbers) => {
                let taken: Vec<f64> = numbers.iter().copied().step_by(step).collect();
                let whole = taken.iter().all(|number| number.is_finite());
                (whole && 20 <= taken.len()).then_some((column.name.as_str(), taken))
            }
            Values::Levels(..) => None,
        })
        .collect();
    let mut kept: Vec<Basis<'_>> = Vec::new();
    let mut findings = Vec::new();
    for (name, values) in numbers {
        let centred = centred(&values);
        let spread = norm(&centred);
        if spread <= 0.0 || values.len() <= kept.len() + 2 {
            continue;
        }
        let unit: Vec<f64> = centred.iter().map(|value| value / spread).collect();
        let (left, weights) = without(&unit, &kept);
        let rest = norm(&left);
        if EXACT < rest {
            let direction = left.iter().map(|value| value / rest).collect();
            kept.push(Basis { name, direction, rest, weights, spread, mean: mean(&values) });
            continue;
        }
        let parts = parts(&weights, &kept, spread);
        if (1..=MOST_PARTS).contains(&parts.len()) {
            let along: f64 = parts.iter().map(|(basis, weight)| weight * basis.mean).sum();
            let parts: Vec<(&str, f64)> = parts.iter().map(|(basis, weight)| (basis.name, *weight)).collect();
            findings.push(combination(name, &parts, mean(&values) - along, values.len()));
        }
    }
    findings
}

/// A column that is no combination of those before it.
struct Basis<'a> {
    name: &'a str,
    /// What is left of it, of length one.
    direction: Vec<f64>,
    /// How much was left.
    rest: f64,
    /// Its parts along the directions before it.
    weights: Vec<f64>,
    /// The length of the column about its mean.
    spread: f64,
    mean: f64,
}

fn combination(name: &str, parts: &[(&str, f64)], constant: f64, rows: usize) -> Finding {
    let mut terms = String::new();
    for (part, weight) in parts {
        let sign = if *weight < 0.0 {
            " − "
        } else if terms.is_empty() {
            ""
        } else {
            " + "
        };
        let factor = shown(weight.abs());
        let times = if factor == "1" { String::new() } else { format!("{factor} × ") };
        terms.push_str(&format!("{sign}{times}`{part}`"));
    }
    if shown(constant.abs()) != "0" {
        let sign = if constant < 0.0 { "−" } else { "+" };
        terms.push_str(&format!(" {sign} {}", shown(constant.abs())));
    }
    let names: Vec<String> = parts.iter().map(|(part, _)| format!("`{part}`")).collect();
    note(
        "linear-copy",
        std::iter::once(name).chain(parts.iter().map(|(part, _)| *part)).map(str::to_owned).collect(),
        format!("`{name}` = {}, in each of {} rows looked at", terms.trim_start(), parted(rows as u64)),
        format!("`{name}` follows exactly from {}; their effects share one cause", names.join(" and ")),
    )
}

/// A weight as people write it: six decimals, without the zeros at the end.
fn shown(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|value| value - mean).collect()
}

fn product(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn norm(values: &[f64]) -> f64 {
    product(values, values).sqrt()
}

/// What is left of a column without its parts along the directions kept, and those parts.
fn without(unit: &[f64], kept: &[Basis<'_>]) -> (Vec<f64>, Vec<f64>) {
    let mut left = unit.to_vec();
    let mut weights = vec![0.0; kept.len()];
    for _ in 0..2 {
        for (basis, weight) in kept.iter().zip(&mut weights) {
            let along = product(&left, &basis.direction);
            *weight += along;
            left.iter_mut().zip(&basis.direction).for_each(|(value, direction)| *value -= along * direction);
        }
    }
    (left, weights)
}

/// The weights of the columns themselves, by solving the triangular system from its last row; those that matter.
fn parts<'a>(weights: &[f64], kept: &'a [Basis<'a>], spread: f64) -> Vec<(&'a Basis<'a>, f64)> {
    let mut along = weights.to_vec();
    let mut found = Vec::new();
    for index in (0..kept.len()).rev() {
        let basis = &kept[index];
        let weight = along[index] / basis.rest;
        for (earlier, part) in along.iter_mut().zip(&basis.weights) {
            *earlier -= weight * part;
        }
        if 1e-6 < weight.abs() {
            found.push((basis, weight * spread / basis.spread));
        }
    }
    found.reverse();
    found
}

/// Pairs of columns of which each value of one goes with one value of the other.
pub(super) fn recodings(rows: &Rows) -> Vec<Finding> {
    let coded: Vec<(&Column, Vec<u32>, u32)> =
        rows.columns.iter().filter_map(|column| few_values(column).map(|(c, n)| (column, c, n))).collect();
    let mut findings = Vec::new();
    for (index, (column, codes, values)) in coded.iter().enumerate() {
        let earlier = coded[..index].iter().find(|(other, other_codes, other_values)| {
            let both_numbers =
                matches!((&column.values, &other.values), (Values::Numbers(_), Values::Numbers(_)));
            values == other_values && is_one_to_one(codes, other_codes) && !(both_numbers && *values <= 2)
        });
        if let Some((other, ..)) = earlier {
            findings.push(note(
                "recoding",
                vec![column.name.clone(), other.name.clone()],
                format!(
                    "{values} values, one to one in each of {} rows looked at",
                    parted(rows.len() as u64)
                ),
                format!("`{}` is `{}` in another coding", column.name, other.name),
            ));
        }
    }
    findings
}

/// A column's values by their number in order of appearance, if there are two to a thousand.
fn few_values(column: &Column) -> Option<(Vec<u32>, u32)> {
    let words: Vec<u64> = match &column.values {
        Values::Numbers(numbers) => numbers.iter().map(|number| (number + 0.0).to_bits()).collect(),
        Values::Levels(codes, _) => codes.iter().map(|code| u64::from(*code)).collect(),
    };
    let mut numbers: HashMap<u64, u32> = HashMap::new();
    let mut codes = Vec::with_capacity(words.len());
    for word in &words {
        let next = numbers.len() as u32;
        codes.push(*numbers.entry(*word).or_insert(next));
        if MOST_VALUES < numbers.len() {
            return None;
        }
    }
    let values = numbers.len() as u32;
    (2 <= values && 10 * numbers.len() <= words.len()).then_some((codes, values))
}

/// Codes by order of appearance are equal exactly when their values go one to one.
fn is_one_to_one(left: &[u32], right: &[u32]) -> bool {
    left == right
}
