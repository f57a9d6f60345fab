//! Columns that know the outcome, in the forms in which they turn up in real files.

use super::table::Cells;
use crate::random::Draws;

/// What knows the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leak {
    /// The label in other words.
    Renamed,
    /// Several codes for each outcome, as closing reasons have them.
    ManyCodes,
    /// The probabilities of a model that was fitted on the outcome.
    Score,
    /// The label, wrong in one row in a thousand.
    WithErrors,
    /// An amount that is filled in when the customer leaves, for nearly all of them.
    FilledAfter,
    /// The label in other words, for four rows in ten.
    PartlyFilled,
    /// Two amounts, the second below the first for those who left.
    Difference,
    /// Two codes that are the same for those who left.
    Agreement,
    /// Two flags of which exactly one is set for those who left.
    ExclusiveFlags,
    /// A number beyond the limit of its category for those who left.
    Limit,
}

impl Leak {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Renamed,
        Self::ManyCodes,
        Self::Score,
        Self::WithErrors,
        Self::FilledAfter,
        Self::PartlyFilled,
        Self::Difference,
        Self::Agreement,
        Self::ExclusiveFlags,
        Self::Limit,
    ];

    /// The cells of its one or two columns.
    pub(super) fn cells(self, labels: &[bool], draws: &mut Draws) -> Vec<Cells> {
        match self {
            Self::Renamed => vec![levels(labels, |left| Some(word(left)))],
            Self::ManyCodes => vec![levels(labels, |left| {
                // Codes of both outcomes lie among each other.
                Some(format!("{}", 2 * draws.below(7) + u64::from(left)))
            })],
            Self::Score => vec![numbers(labels, |left| {
                let near = 0.35 * draws.uniform() * draws.uniform();
                Some(if left { 1.0 - near } else { near })
            })],
            Self::WithErrors => vec![levels(labels, |left| Some(word(left != draws.happens(0.001))))],
            Self::FilledAfter => vec![numbers(labels, |left| {
                let filled = if left { draws.happens(0.997) } else { draws.happens(0.001) };
                filled.then(|| (1000.0 * draws.uniform()).round())
            })],
            Self::PartlyFilled => vec![levels(labels, |left| draws.happens(0.4).then(|| word(left)))],
            Self::Difference => {
                let before: Vec<f64> = labels.iter().map(|_| (5000.0 * draws.uniform()).round()).collect();
                let after = labels.iter().zip(&before).map(|(left, before)| {
                    let apart = (500.0 * draws.uniform()).round() + 1.0;
                    Some(if *left { before - apart } else { before + apart })
                });
                let after = Cells::Numbers(after.collect());
                vec![after, Cells::Numbers(before.into_iter().map(Some).collect())]
            }
            Self::Agreement => {
                let codes: Vec<u64> = labels.iter().map(|_| draws.below(5)).collect();
                let others = labels.iter().zip(&codes).map(|(left, code)| {
                    let other = if *left { *code } else { (code + 1 + draws.below(4)) % 5 };
                    Some(format!("state {other}"))
                });
                let others = Cells::Levels(others.collect());
                vec![others, Cells::Levels(codes.iter().map(|code| Some(format!("state {code}"))).collect())]
            }
            Self::ExclusiveFlags => {
                let first: Vec<bool> = labels.iter().map(|_| draws.happens(0.5)).collect();
                let second = labels.iter().zip(&first).map(|(left, first)| left != first).collect();
                vec![Cells::Flags(second), Cells::Flags(first)]
            }
            Self::Limit => {
                let tariffs: Vec<u64> = labels.iter().map(|_| draws.below(4)).collect();
                let used = labels.iter().zip(&tariffs).map(|(left, tariff)| {
                    let limit = 100.0 * (1.0 + *tariff as f64);
                    let part = draws.uniform();
                    Some(if *left { limit + 300.0 * part + 1.0 } else { limit * part })
                });
                let used = Cells::Numbers(used.collect());
                vec![
                    used,
                    Cells::Levels(tariffs.iter().map(|tariff| Some(format!("tariff {tariff}"))).collect()),
                ]
            }
        }
    }
}

fn word(left: bool) -> String {
    if left { "dormant" } else { "active" }.to_owned()
}

fn levels(labels: &[bool], cell: impl FnMut(bool) -> Option<String>) -> Cells {
    Cells::Levels(labels.iter().copied().map(cell).collect())
}

fn numbers(labels: &[bool], cell: impl FnMut(bool) -> Option<f64>) -> Cells {
    Cells::Numbers(labels.iter().copied().map(cell).collect())
}
