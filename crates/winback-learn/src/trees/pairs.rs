//! Two categories together: where levels mean something in company that neither says alone, their pair is a column that
//! trees may ask about, by the same statistics as any category.
//!
//! Which pairs are worth it is told from their tables of levels. Both categories get a log-odds a level, fitted together;
//! what the cells of the table say beyond that, and beyond chance, is what the pair would add (a score test of
//! interaction in a logistic model of two factors). Rows are taken for independent there and count once whatever their
//! weights: it is a first look, after which rows that were held out decide whether pairs stay.

use rayon::prelude::*;

use crate::encode::{Codes, Encoded, FIRST_LEVEL, LevelCodes, ROWS_PER_LEVEL};
use crate::number::{log_odds, probability};

/// Cells that the table of two categories may have.
pub const MOST_CELLS: usize = 1 << 16;
/// Pairs that a forest may ask about.
pub const MOST_PAIRS: usize = 64;
/// Categories that are looked at in pairs: the first of them.
const MOST_CATEGORIES: usize = 64;
/// Rows that pairs are looked at in; evenly spaced where there are more.
const MOST_ROWS: usize = 100_000;
/// Standard deviations by which the cells of a pair must say more than chance would. Many pairs are looked at.
const BEYOND_CHANCE: f64 = 4.0;
/// Steps in which the two factors are fitted together.
const STEPS: usize = 8;
/// The overall share counts as so many rows of each level and cell.
const PRIOR_ROWS: f64 = 10.0;

/// A pair of categories as trees ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The columns of the encoder, ascending.
    pub columns: [u16; 2],
    /// The bin of each pair of codes: those of the first code one after the other, by the second.
    pub bins: Vec<u8>,
}

impl Pair {
    /// The bins of rows by their codes in both columns; the second has `width` codes.
    pub(super) fn look_up(&self, first: &Codes, second: &Codes, width: usize) -> Vec<u8> {
        let mut bins = Vec::new();
        for_each_cell(first, second, width, |cell| bins.push(self.bins.get(cell).copied().unwrap_or(0)));
        bins
    }
}

/// The codes of a pair as those of a category, which has cells for levels.
pub(super) fn codes(first: &Codes, second: &Codes, width: usize) -> Codes {
    let mut codes = Vec::new();
    for_each_cell(first, second, width, |cell| codes.push(FIRST_LEVEL + cell as u32));
    Codes::Levels(LevelCodes::Four(codes))
}

fn for_each_cell(first: &Codes, second: &Codes, width: usize, mut take: impl FnMut(usize)) {
    let mut lines: Vec<u32> = Vec::new();
    first.for_each(|code| lines.push((code * width) as u32));
    second.for_each_with(lines, |line, code| take(line as usize + code));
}

/// The pairs of categories that say most beyond what each says, at most so many, the one that says most first.
pub(super) fn chosen(data: &Encoded, rows: &[u32], most: usize) -> Vec<[u16; 2]> {
    if most == 0 {
        return Vec::new();
    }
    let stride = rows.len().div_ceil(MOST_ROWS).max(1);
    let rows: Vec<u32> = rows.iter().copied().step_by(stride).collect();
    let labels: Vec<bool> = rows.iter().map(|row| data.labels[*row as usize]).collect();
    let is_category = |column: &usize| matches!(data.columns[*column], Codes::Levels(_));
    let categories: Vec<(usize, Codes)> = (0..data.columns.len())
        .filter(is_category)
        .take(MOST_CATEGORIES)
        .map(|column| (column, data.columns[column].of_rows(&rows)))
        .collect();
    let pairs: Vec<(usize, usize)> = (0..categories.len())
        .flat_map(|left| (left + 1..categories.len()).map(move |right| (left, right)))
        .collect();
    let gain = |(left, right): &(usize, usize)| {
        let [(first, first_codes), (second, second_codes)] = [&categories[*left], &categories[*right]];
        let counts = [data.code_counts[*first], data.code_counts[*second]];
        if counts[0].saturating_mul(counts[1]) > MOST_CELLS {
            return None;
        }
        let gain = Cells::count(first_codes, second_codes, counts, &labels).gain()?;
        Some((gain, [*first as u16, *second as u16]))
    };
    let mut found: Vec<(f64, [u16; 2])> = pairs.par_iter().filter_map(gain).collect();
    found.sort_by(|left, right| right.0.total_cmp(&left.0));
    found.into_iter().take(most).map(|(_, pair)| pair).collect()
}

/// The rows of each pair of codes, and the positives among them.
struct Cells {
    counts: [usize; 2],
    rows: Vec<f64>,
    positives: Vec<f64>,
}

impl Cells {
    fn count(first: &Codes, second: &Codes, counts: [usize; 2], labels: &[bool]) -> Self {
        let cells = counts[0] * counts[1];
        let (mut rows, mut positives) = (vec![0.0; cells], vec![0.0; cells]);
        let mut labels = labels.iter();
        for_each_cell(first, second, counts[1], |cell| {
            rows[cell] += 1.0;
            positives[cell] += f64::from(u8::from(labels.next().is_some_and(|label| *label)));
        });
        Self { counts, rows, positives }
    }

    /// What the cells say beyond the log-odds of both codes; nothing if chance would say as much.
    fn gain(&self) -> Option<f64> {
        let expected = self.fitted();
        let (mut beyond, mut spread, mut gain, mut cells) = (0.0, 0.0, 0.0, 0.0);
        for ((rows, positives), expected) in self.rows.iter().zip(&self.positives).zip(&expected) {
            if *rows < ROWS_PER_LEVEL as f64 {
                continue;
            }
            let variance = expected * (1.0 - expected);
            let (off, of_cell) = (positives - rows * expected, rows * variance);
            beyond += off * off / of_cell;
            // The variance of the square of a sum of few rows is above that of a normal number's, 2.
            spread += 2.0 + (1.0 / variance - 6.0).max(0.0) / rows;
            gain += (off * off - of_cell) / (of_cell + PRIOR_ROWS * variance);
            cells += 1.0;
        }
        // That both columns were fitted takes some of what chance would leave; how much depends on how full the table is.
        // Not to count it asks a little more of small tables, whose sums of squares stray further than a normal number.
        let is_beyond = beyond - cells > BEYOND_CHANCE * spread.sqrt();
        (is_beyond && gain > 0.0).then_some(gain)
    }

    /// The probability of each cell by a log-odds for each code of both columns, fitted together.
    fn fitted(&self) -> Vec<f64> {
        let [_, width] = self.counts;
        let (total, positives) = (self.rows.iter().sum::<f64>(), self.positives.iter().sum::<f64>());
        let overall = log_odds((positives + 0.5) / (total + 1.0));
        let mut factors = self.counts.map(|count| vec![0.0; count]);
        let mut expected = vec![probability(overall); self.rows.len()];
        for step in 0..2 * STEPS {
            let side = step % 2;
            let place = |cell: usize| if side == 0 { cell / width } else { cell % width };
            let prior = PRIOR_ROWS * probability(overall) * (1.0 - probability(overall));
            let mut slopes: Vec<f64> = factors[side].iter().map(|factor| -prior * factor).collect();
            let mut curves = vec![prior; factors[side].len()];
            for (cell, expected) in expected.iter().enumerate() {
                slopes[place(cell)] += self.positives[cell] - self.rows[cell] * expected;
                curves[place(cell)] += self.rows[cell] * expected * (1.0 - expected);
            }
            for (factor, (slope, curve)) in factors[side].iter_mut().zip(slopes.iter().zip(&curves)) {
                // Newton's step, held short where a level has nearly all or nearly none.
                *factor += (slope / curve).clamp(-1.0, 1.0);
            }
            for (cell, expected) in expected.iter_mut().enumerate() {
                *expected = probability(overall + factors[0][cell / width] + factors[1][cell % width]);
            }
        }
        expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folds::fold_of;

    /// Three categories of four levels each, whose pairs of rows are equally many.
    fn data(label: impl Fn(&[usize; 3], u64) -> bool) -> Encoded {
        let rows: Vec<[usize; 3]> = (0..6400_usize).map(|row| [row % 4, row / 4 % 4, row / 16 % 4]).collect();
        let column = |column: usize| {
            let codes = rows.iter().map(|row| FIRST_LEVEL + row[column] as u32).collect();
            Codes::Levels(LevelCodes::Four(codes))
        };
        let labels: Vec<bool> = rows.iter().zip(0..).map(|(row, number)| label(row, number)).collect();
        Encoded {
            columns: (0..3).map(column).collect(),
            code_counts: vec![6; 3],
            trends: vec![None; 3],
            weights: Vec::new(),
            groups: (0..labels.len() as u64).collect(),
            identities: (0..labels.len() as u64).collect(),
            times: Vec::new(),
            labels,
        }
    }

    fn happens(share: u64, number: u64) -> bool {
        (fold_of(number, 3, 100) as u64) < share
    }

    #[test]
    fn a_pair_that_only_together_says_something_is_chosen() {
        let data = data(|row, number| happens(if (row[0] + row[2]) % 2 == 0 { 20 } else { 40 }, number));
        assert_eq!(chosen(&data, &data.all_rows(), 5), [[0, 2]]);
        assert!(chosen(&data, &data.all_rows(), 0).is_empty());
    }

    #[test]
    fn what_each_says_alone_makes_no_pair() {
        let data = data(|row, number| happens([5, 10, 20, 35][row[0]] + [0, 5, 15, 30][row[1]], number));
        assert_eq!(chosen(&data, &data.all_rows(), 5), [] as [[u16; 2]; 0]);
    }

    #[test]
    fn cells_are_looked_up_by_both_codes() {
        let column = |codes: &[u32]| Codes::Levels(LevelCodes::Four(codes.to_vec()));
        let pair = Pair { columns: [0, 1], bins: (0..12).collect() };
        let (first, second) = (column(&[0, 1, 2]), column(&[3, 0, 2]));
        assert_eq!(pair.look_up(&first, &second, 4), [3, 4, 10]);
        assert_eq!(codes(&first, &second, 4), column(&[5, 6, 12]));
    }
}
