//! Order among the leaves of a tree: where the risk may not fall as a column rises, neither may the tree's values.
//!
//! As the value of a column rises, a row goes through the leaves of a chain: those it reaches by the column's answers,
//! all other answers the same. A row without a value is outside this order; its leaf counts only if values reach it
//! too. A sum of trees whose values are in order along all chains is in order itself.
//!
//! Of all values in order those are taken that lose the least by the parabolas whose tops the free values are. With one
//! such column each chain is an isotonic regression of its own, and that is exact. With several the columns take turns,
//! each with what its last turn took away put back first, which comes as near as wished (Dykstra 1983); what is left
//! goes the middle way between the highest value below and the lowest above, in whole units.

use winback_table::Trend;

use super::Question;
use crate::isotonic;

/// Turns that several columns take at most.
const TURNS: usize = 100;
/// Values that move less in a turn stand still: a hundredth of a unit.
const STILL: f64 = 6e-10;

/// The chains of a tree's leaves along which values may not fall.
pub(super) struct Order {
    /// The chains of each column, none of which share a leaf.
    columns: Vec<Vec<Vec<usize>>>,
}

impl Order {
    /// The order that a tree with these questions has to keep.
    pub(super) fn new(questions: &[Question], trends: &[Option<Trend>]) -> Self {
        let mut asked: Vec<u16> = questions.iter().map(|question| question.column).collect();
        asked.sort_unstable();
        asked.dedup();
        let chains = |column: u16| Some(chains(questions, column, trends[usize::from(column)]?));
        Self { columns: asked.into_iter().filter_map(chains).collect() }
    }

    /// Moves values to the nearest in order, exactly or almost.
    pub(super) fn project(&self, values: &mut [f64], weights: impl FnOnce() -> Vec<f64>) {
        match self.columns.as_slice() {
            [] => {}
            [chains] => pool(chains, values, &weights()),
            columns => {
                let weights = weights();
                let mut taken = vec![vec![0.0; values.len()]; columns.len()];
                for _ in 0..TURNS {
                    let before = values.to_vec();
                    for (chains, taken) in columns.iter().zip(&mut taken) {
                        values.iter_mut().zip(&*taken).for_each(|(value, taken)| *value += taken);
                        taken.copy_from_slice(values);
                        pool(chains, values, &weights);
                        taken.iter_mut().zip(&*values).for_each(|(taken, value)| *taken -= value);
                    }
                    if before.iter().zip(&*values).all(|(before, after)| (after - before).abs() < STILL) {
                        break;
                    }
                }
            }
        }
    }

    /// Brings whole values into order exactly; those that are stay as they are.
    pub(super) fn settle(&self, values: &mut [i32]) {
        let (mut highest, mut lowest) = (values.to_vec(), values.to_vec());
        for chain in self.columns.iter().flatten() {
            for pair in chain.windows(2) {
                highest[pair[1]] = highest[pair[1]].max(highest[pair[0]]);
            }
            for pair in chain.windows(2).rev() {
                lowest[pair[0]] = lowest[pair[0]].min(lowest[pair[1]]);
            }
        }
        for ((value, highest), lowest) in values.iter_mut().zip(highest).zip(lowest) {
            *value = i32::midpoint(highest, lowest);
        }
    }
}

/// The chains of one column, each in the order in which values may not fall.
fn chains(questions: &[Question], column: u16, trend: Trend) -> Vec<Vec<usize>> {
    let own = || questions.iter().enumerate().filter(|(_, question)| question.column == column);
    let answers = |bin: u8| own().map(|(bit, question)| usize::from(question.is_yes(bin)) << bit).sum();
    let mut reached: Vec<usize> = (1..=u8::MAX).map(answers).collect();
    reached.dedup();
    if trend == Trend::Falling {
        reached.reverse();
    }
    let own_bits: usize = own().map(|(bit, _)| 1 << bit).sum();
    let others = (0..1 << questions.len()).filter(|leaf| leaf & own_bits == 0);
    others.map(|other| reached.iter().map(|answers| answers | other).collect()).collect()
}

fn pool(chains: &[Vec<usize>], values: &mut [f64], weights: &[f64]) {
    for chain in chains {
        let mut along: Vec<f64> = chain.iter().map(|leaf| values[*leaf]).collect();
        let weights: Vec<f64> = chain.iter().map(|leaf| weights[*leaf]).collect();
        if isotonic::pool(&mut along, &weights) {
            chain.iter().zip(along).for_each(|(leaf, value)| values[*leaf] = value);
        }
    }
}

#[cfg(test)]
mod tests;
