//! The terms by which one column enters a scorecard.

use crate::encode::Codes;
use crate::number::{sum, weight};

/// A number with more bins in use than this enters as a bent line, else as one term a value.
const FEW_VALUES: usize = 12;

/// The terms of one column: what each code contributes to them.
pub(super) struct Basis {
    /// Training rows a code, each as often as it counts.
    pub(super) counts: Vec<f64>,
    form: Form,
}

enum Form {
    /// One term a code that occurs: each code's term, if it has one.
    OneEach { term: Vec<Option<usize>>, terms: usize },
    /// No terms: points that were settled before.
    Fixed { points: Vec<f64> },
    /// Terms shared by codes: for each code its value under every term.
    Bent { values: Vec<[f64; BENT_TERMS]> },
}

/// A line, three bends and "missing".
const BENT_TERMS: usize = 5;

impl Basis {
    /// The terms of a column with so many codes, by those of the training rows and how much each row counts.
    pub(super) fn new(codes: &Codes, code_count: usize, weights: Option<&[f64]>) -> Self {
        let mut counts = vec![0.0; code_count];
        let mut row = 0;
        codes.for_each(|code| {
            counts[code] += weight(weights, row);
            row += 1;
        });
        let in_use = counts.iter().filter(|count| **count > 0.0).count();
        let form = match codes {
            Codes::Bins(_) if in_use > FEW_VALUES => Form::Bent { values: bent(&counts) },
            _ => one_each(&counts),
        };
        Self { counts, form }
    }

    /// Keeps these points, whatever is fitted from here on.
    pub(super) fn fix(&mut self, points: Vec<f64>) {
        self.form = Form::Fixed { points };
    }

    pub(super) fn terms(&self) -> usize {
        match &self.form {
            Form::Fixed { .. } => 0,
            Form::OneEach { terms, .. } => *terms,
            Form::Bent { .. } => BENT_TERMS,
        }
    }

    /// The points of each code under this column's weights.
    pub(super) fn table(&self, weights: &[f64]) -> Vec<f64> {
        match &self.form {
            Form::Fixed { points } => points.clone(),
            Form::OneEach { term, .. } => {
                term.iter().map(|term| term.map_or(0.0, |term| weights[term])).collect()
            }
            Form::Bent { values } => values
                .iter()
                .map(|values| values.iter().zip(weights).map(|(value, weight)| value * weight).sum())
                .collect(),
        }
    }

    /// Turns a gradient by code into one by term.
    pub(super) fn spread(&self, by_code: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        match &self.form {
            Form::Fixed { .. } => {}
            Form::OneEach { term, .. } => {
                for (term, slope) in term.iter().zip(by_code) {
                    if let Some(term) = term {
                        gradient[*term] += slope;
                    }
                }
            }
            Form::Bent { values } => {
                for (values, slope) in values.iter().zip(by_code) {
                    for (total, value) in gradient.iter_mut().zip(values) {
                        *total += value * slope;
                    }
                }
            }
        }
    }
}

fn one_each(counts: &[f64]) -> Form {
    let mut terms = 0;
    let mut next = |count: &f64| {
        (*count > 0.0).then(|| {
            terms += 1;
            terms - 1
        })
    };
    let term = counts.iter().map(&mut next).collect();
    Form::OneEach { term, terms }
}

/// The values of each bin under the terms of a bent line. The line runs over ranks, which no outlier can bend: a bin
/// stands at the share of training rows below its middle. Terms are centred and scaled like a standardised number.
fn bent(counts: &[f64]) -> Vec<[f64; BENT_TERMS]> {
    let present: f64 = counts[1..].iter().sum();
    let present = if present > 0.0 { present } else { 1.0 };
    let mut below = 0.0;
    let mut ranks = vec![0.0; counts.len()];
    for (rank, count) in ranks.iter_mut().zip(counts).skip(1) {
        *rank = (below + *count / 2.0) / present;
        below += count;
    }
    let mut values = vec![[0.0; BENT_TERMS]; counts.len()];
    for (values, rank) in values.iter_mut().zip(&ranks).skip(1) {
        *values = [*rank, (rank - 0.25).max(0.0), (rank - 0.5).max(0.0), (rank - 0.75).max(0.0), 0.0];
    }
    for term in 0..BENT_TERMS - 1 {
        let weighted = |power: i32, centre: f64| {
            let cells = values.iter().zip(counts).skip(1);
            sum(cells.map(|(values, count)| {
                let off = values[term] - centre;
                *count * if power == 1 { off } else { off * off }
            })) / present
        };
        let mean = weighted(1, 0.0);
        let spread = weighted(2, mean).sqrt().max(1e-9);
        for values in &mut values[1..] {
            values[term] = (values[term] - mean) / spread;
        }
    }
    values[0] = [0.0, 0.0, 0.0, 0.0, 1.0];
    values
}
