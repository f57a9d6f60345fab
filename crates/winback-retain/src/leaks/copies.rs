//! Columns that say again what others say: constants, exact linear combinations, one-to-one recodings.

use std::collections::HashMap;

use winback_table::parted;

use super::rows::{Column, Rows, Values};
use crate::findings::{Finding, Severity};

/// Rows that exact relations are looked for in, and how many there must be.
const ROWS: usize = 2_000;
const LEAST_ROWS: usize = 20;
/// Columns are looked at together in the rows in which all of them have a value, which are at least this share.
const COMPLETE: f64 = 0.5;
/// Of the rows in which a column has a value, another has one in nearly all: else the two say different things.
const NEARLY_ALL: f64 = 0.9;
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
    let is_whole = rows.len() as u64 == rows.read;
    constant
        .map(|column| {
            let said = match (column.is_missing(0), is_whole) {
                (false, true) => "has one value only and says nothing",
                (true, true) => "has no value and says nothing",
                (false, false) => "has one value only in the rows looked at, and says next to nothing",
                (true, false) => "has no value in the rows looked at, and says next to nothing",
            };
            note(
                "constant",
                vec![column.name.clone()],
                format!("the same in each of {} rows looked at", parted(rows.len() as u64)),
                format!("`{}` {said}", column.name),
            )
        })
        .collect()
}

/// Columns of numbers that are an exact linear combination of earlier ones; of those with many missing values, the
/// ones that follow from one other column wherever both have a value.
pub(super) fn linear(rows: &Rows) -> Vec<Finding> {
    let step = rows.len().div_ceil(ROWS).max(1);
    let columns = rows.columns.iter().filter_map(|column| match &column.values {
        Values::Numbers(numbers) => {
            let taken: Vec<f64> = numbers.iter().copied().step_by(step).collect();
            taken.iter().any(|number| number.is_finite()).then_some((column.name.as_str(), taken))
        }
        Values::Levels(..) => None,
    });
    let columns: Vec<(&str, Vec<f64>)> = columns.collect();
    let (complete, together) = complete(&columns);
    let of = |index: usize| -> Vec<f64> {
        columns[index].1.iter().zip(&complete).filter(|(_, kept)| **kept).map(|(number, _)| *number).collect()
    };
    let among = (0..columns.len()).filter(|index| together[*index]);
    let mut findings = combinations(&among.map(|index| (columns[index].0, of(index))).collect::<Vec<_>>());
    for index in (0..columns.len()).filter(|index| !together[*index]) {
        // An earlier column, or one that was not looked at together with this one.
        let others = (0..columns.len()).filter(|other| *other < index || together[*other]);
        findings.extend(others.into_iter().find_map(|other| line(&columns[index], &columns[other])));
    }
    findings
}

/// Rows in which every column of a set has a value, and the set: columns with the fewest missing values first, as long
/// as enough rows are left.
fn complete(columns: &[(&str, Vec<f64>)]) -> (Vec<bool>, Vec<bool>) {
    let rows = columns.first().map_or(0, |(_, numbers)| numbers.len());
    let missing: Vec<usize> = columns
        .iter()
        .map(|(_, numbers)| numbers.iter().filter(|number| !number.is_finite()).count())
        .collect();
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|index| missing[*index]);
    let least = ((COMPLETE * rows as f64) as usize).max(LEAST_ROWS);
    let (mut complete, mut together) = (vec![true; rows], vec![false; columns.len()]);
    for index in order {
        let with: Vec<bool> = complete
            .iter()
            .zip(&columns[index].1)
            .map(|(kept, number)| *kept && number.is_finite())
            .collect();
        if least <= with.iter().filter(|kept| **kept).count() {
            (complete, together[index]) = (with, true);
        }
    }
    (complete, together)
}

/// Whether a column is a multiple of another, with or without a constant, wherever both have a value.
fn line((name, values): &(&str, Vec<f64>), (other, others): &(&str, Vec<f64>)) -> Option<Finding> {
    let both = || {
        let pairs = others.iter().copied().zip(values.iter().copied());
        pairs.filter(|(from, to)| from.is_finite() && to.is_finite())
    };
    // Most pairs are no line, and their first three points say so.
    let mut first: Vec<(f64, f64)> = Vec::with_capacity(3);
    for point in both() {
        if first.iter().all(|known| known.0.total_cmp(&point.0).is_ne()) {
            first.push(point);
        }
        if first.len() == 3 {
            break;
        }
    }
    let [a, b, c] = first[..] else { return None };
    let (one, two) = ((b.0 - a.0) * (c.1 - a.1), (c.0 - a.0) * (b.1 - a.1));
    if 1e-6 * one.abs().max(two.abs()) < (one - two).abs() {
        return None;
    }
    let low = both().min_by(|left, right| left.0.total_cmp(&right.0))?;
    let high = both().max_by(|left, right| left.0.total_cmp(&right.0))?;
    let weight = (high.1 - low.1) / (high.0 - low.0);
    let constant = low.1 - weight * low.0;
    let limit = EXACT * (high.1 - low.1).abs();
    let is_exact = both().all(|(from, to)| (to - (weight * from + constant)).abs() <= limit);
    let rows = both().count();
    let present = values.iter().filter(|value| value.is_finite()).count();
    let is_enough = LEAST_ROWS <= rows && NEARLY_ALL * present as f64 <= rows as f64;
    (0.0 < limit && is_exact && is_enough)
        .then(|| combination(name, &[(*other, weight)], constant, low.1.abs().max(high.1.abs()), rows))
}

/// Columns that are a combination of those before them, of columns without missing values.
///
/// Columns are made orthogonal one after the other (Gram and Schmidt, each twice for exactness); one that nothing is
/// left of is a combination, whose weights follow from the triangular system.
fn combinations(columns: &[(&str, Vec<f64>)]) -> Vec<Finding> {
    let mut kept: Vec<Basis<'_>> = Vec::new();
    let mut findings = Vec::new();
    for (name, values) in columns {
        let centred = centred(values);
        let spread = norm(&centred);
        if spread <= 0.0 || values.len() <= kept.len() + 2 {
            continue;
        }
        let unit: Vec<f64> = centred.iter().map(|value| value / spread).collect();
        let (left, weights) = without(&unit, &kept);
        let rest = norm(&left);
        if EXACT < rest {
            let direction = left.iter().map(|value| value / rest).collect();
            kept.push(Basis { name, direction, rest, weights, spread, mean: mean(values) });
            continue;
        }
        let parts = parts(&weights, &kept, spread);
        if (1..=MOST_PARTS).contains(&parts.len()) {
            let along: f64 = parts.iter().map(|(basis, weight)| weight * basis.mean).sum();
            let parts: Vec<(&str, f64)> = parts.iter().map(|(basis, weight)| (basis.name, *weight)).collect();
            let size = values.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
            findings.push(combination(name, &parts, mean(values) - along, size, values.len()));
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

/// A column made of others; `size` is that of its values, beside which rounding leaves a constant that is none.
fn combination(name: &str, parts: &[(&str, f64)], constant: f64, size: f64, rows: usize) -> Finding {
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
    if EXACT * size < constant.abs() {
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

/// A weight as people write it: seven digits that count, without the zeros at the end.
fn shown(number: f64) -> String {
    const DIGITS: i32 = 7;
    let scientific = format!("{number:e}");
    let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let text = format!("{number:.*}", (DIGITS - 1 - power).clamp(1, 60) as usize);
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
    let coded: Vec<Coded<'_>> = rows.columns.iter().filter_map(Coded::new).collect();
    let mut findings = Vec::new();
    for (index, coding) in coded.iter().enumerate() {
        let column = coding.column;
        let earlier = coded[..index].iter().find_map(|other| {
            let both_numbers =
                matches!((&column.values, &other.column.values), (Values::Numbers(_), Values::Numbers(_)));
            // Codes by order of appearance are equal exactly when their values go one to one.
            let (values, in_rows) = if coding.values == other.values && coding.codes == other.codes {
                (coding.values, coding.codes.len())
            } else {
                one_to_one_where_both(coding, other)?
            };
            (!(both_numbers && values <= 2)).then_some((other.column, values, in_rows))
        });
        if let Some((other, values, in_rows)) = earlier {
            findings.push(note(
                "recoding",
                vec![column.name.clone(), other.name.clone()],
                format!("{values} values, one to one in each of {} rows looked at", parted(in_rows as u64)),
                format!("`{}` is `{}` in another coding", column.name, other.name),
            ));
        }
    }
    findings
}

/// How many values go one to one, and in how many rows, where both columns have a value in nearly all.
fn one_to_one_where_both(left: &Coded<'_>, right: &Coded<'_>) -> Option<(u32, usize)> {
    // Without a missing value the codes themselves have said it already.
    let few = (1.0 - NEARLY_ALL) * left.codes.len() as f64;
    if left.missing + right.missing == 0 || few < left.missing.max(right.missing) as f64 {
        return None;
    }
    let (mut forward, mut backward) = (HashMap::new(), HashMap::new());
    let mut rows = 0;
    for (row, (one, other)) in left.codes.iter().zip(&right.codes).enumerate() {
        if left.column.is_missing(row) || right.column.is_missing(row) {
            continue;
        }
        if forward.entry(*one).or_insert(*other) != other || backward.entry(*other).or_insert(*one) != one {
            return None;
        }
        rows += 1;
    }
    let are_nearly_all = NEARLY_ALL * left.codes.len() as f64 <= rows as f64;
    (are_nearly_all && 2 <= forward.len()).then_some((forward.len() as u32, rows))
}

/// A column's values by their number in order of appearance, a missing one among them.
struct Coded<'a> {
    column: &'a Column,
    codes: Vec<u32>,
    values: u32,
    /// Rows without a value.
    missing: usize,
}

impl<'a> Coded<'a> {
    /// Nothing unless there are two to a thousand values, of ten rows each on average.
    fn new(column: &'a Column) -> Option<Self> {
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
        let missing = (0..words.len()).filter(|row| column.is_missing(*row)).count();
        (2 <= values && 10 * numbers.len() <= words.len()).then_some(Self { column, codes, values, missing })
    }
}
