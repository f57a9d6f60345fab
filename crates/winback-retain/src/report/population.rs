//! How the customers of a file differ from those of the training, column by column.
//!
//! The population stability index (PSI) sums (now - then) · ln(now / then) over groups of values. The usual words for
//! it (little, some, much) forget that a small file differs by chance alone, so what chance would bring is said too.

use serde::{Deserialize, Serialize};
use winback_learn::Model;
use winback_learn::encode::Codes;
use winback_learn::profile::Profile;
use winback_table::Schema;

use super::Named;
use super::groups::Groups;

/// Groups of a column, missing and other levels not counted.
const GROUPS: usize = 10;
/// From here on a shift is more than little.
const SOME: f64 = 0.1;
/// From here on it is much.
const MUCH: f64 = 0.25;

/// The training's customers, against whom a file's are held.
#[derive(Debug, Clone)]
pub struct Population {
    columns: Vec<(Named, Groups)>,
    rows: u64,
}

/// How one column differs from the training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnShift {
    /// The column.
    pub name: Named,
    /// The population stability index.
    pub index: f64,
    /// The most that counts as chance; a larger index is a change.
    pub chance_limit: f64,
    /// What to make of it.
    pub verdict: Verdict,
    /// Each group's share then and now.
    pub shares: Vec<Share>,
}

/// What to make of a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No more than chance brings: if nothing had changed, 19 of 20 files of this size would have no column beyond it.
    Chance,
    /// More than chance, but below 0.1.
    Little,
    /// 0.1 to 0.25.
    Some,
    /// Above 0.25.
    Much,
}

impl Verdict {
    /// In a word or two.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chance => "no more than chance",
            Self::Little => "little",
            Self::Some => "some",
            Self::Much => "much",
        }
    }
}

/// A group of values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// In words.
    pub label: String,
    /// Its share of the training's customers.
    pub then: f64,
    /// Its share of this file's.
    pub now: f64,
}

impl Population {
    /// The population of a model's training.
    #[must_use]
    pub fn new(model: &Model, schema: &Schema, profile: &Profile) -> Self {
        let columns = model.encoder.columns.iter().zip(&profile.columns).map(|(encoder, column)| {
            (Named::new(schema, &column.name), Groups::new(column, &encoder.shape, GROUPS))
        });
        Self { columns: columns.collect(), rows: profile.rows }
    }

    /// The rows of each group, one list a column, of encoded rows.
    #[must_use]
    pub fn count(&self, codes: &[Codes]) -> Vec<Vec<u64>> {
        let count = |((_, groups), codes): (&(Named, Groups), &Codes)| {
            let mut rows = vec![0; groups.groups.len()];
            codes.for_each(|code| rows[groups.of_code[code]] += 1);
            rows
        };
        self.columns.iter().zip(codes).map(count).collect()
    }

    /// How each column of the counted rows differs from the training, the largest shift first.
    #[must_use]
    pub fn shifts(&self, counts: &[Vec<u64>]) -> Vec<ColumnShift> {
        let columns = self.columns.iter().zip(counts);
        // Of many columns some differ by chance; together they do in one file of twenty.
        let tail = 0.05 / self.columns.len().max(1) as f64;
        let mut shifts: Vec<ColumnShift> =
            columns.filter_map(|((name, groups), now)| shift(name, groups, self.rows, now, tail)).collect();
        shifts.sort_by(|left, right| right.index.total_cmp(&left.index));
        shifts
    }
}

/// The shift of one column, beyond chance where chance brings it with a probability of less than `tail`; nothing when
/// either side has no row.
fn shift(name: &Named, groups: &Groups, then_rows: u64, now: &[u64], tail: f64) -> Option<ColumnShift> {
    let now_rows: u64 = now.iter().sum();
    if then_rows == 0 || now_rows == 0 {
        return None;
    }
    // Half a row stands in for none, so that an empty group weighs as much as the numbers of rows warrant.
    let share = |count: u64, rows: u64| (count as f64).max(0.5) / rows as f64;
    let mut index = 0.0;
    let mut used = 0_u32;
    let mut shares = Vec::new();
    for (group, now) in groups.groups.iter().zip(now) {
        if group.rows == 0 && *now == 0 {
            continue;
        }
        used += 1;
        let (before, after) = (share(group.rows, then_rows), share(*now, now_rows));
        index += (after - before) * libm::log(after / before);
        shares.push(Share {
            label: group.label.clone(),
            then: group.rows as f64 / then_rows as f64,
            now: *now as f64 / now_rows as f64,
        });
    }
    let freedom = f64::from(used.saturating_sub(1));
    let a_row = 1.0 / then_rows as f64 + 1.0 / now_rows as f64;
    let chance_limit = a_row * chi_square_above(freedom, tail);
    let verdict = if index <= chance_limit {
        Verdict::Chance
    } else if index < SOME {
        Verdict::Little
    } else if index <= MUCH {
        Verdict::Some
    } else {
        Verdict::Much
    };
    Some(ColumnShift { name: name.clone(), index, chance_limit, verdict, shares })
}

/// What chi-square exceeds with a probability of `tail` (Wilson and Hilferty 1931).
fn chi_square_above(freedom: f64, tail: f64) -> f64 {
    if freedom < 1.0 {
        return 0.0;
    }
    let spread = 2.0 / (9.0 * freedom);
    let root = 1.0 - spread + normal_above(tail) * spread.sqrt();
    freedom * root * root * root
}

/// What a standard normal number exceeds with a probability of `tail`, by halving an interval that holds it.
fn normal_above(tail: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if 0.5 * libm::erfc(middle * std::f64::consts::FRAC_1_SQRT_2) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::groups::tests::numbers;
    use super::*;

    fn shifted(then: &[u64], now: &[u64]) -> ColumnShift {
        among(then, now, 1.0)
    }

    fn among(then: &[u64], now: &[u64], columns: f64) -> ColumnShift {
        let (column, shape) = numbers(then);
        let groups = Groups::new(&column, &shape, then.len() - 1);
        let name = Named { column: "balance".to_owned(), shown: "balance".to_owned() };
        shift(&name, &groups, then.iter().sum(), now, 0.05 / columns).unwrap()
    }

    #[test]
    fn equal_shares_have_an_index_of_zero() {
        let found = shifted(&[0, 200, 200, 200], &[100, 100, 100, 0]);
        assert!(found.index.abs() < 1e-15, "{}", found.index);
        assert_eq!((found.verdict, found.shares.len()), (Verdict::Chance, 3));
    }

    #[test]
    fn the_index_is_the_textbooks_and_weighed_against_chance() {
        let found = shifted(&[0, 5000, 5000], &[6000, 4000, 0]);
        let expected = 0.1 * libm::log(1.2) - 0.1 * libm::log(0.8);
        assert!((found.index - expected).abs() < 1e-12, "{}", found.index);
        assert_eq!(found.verdict, Verdict::Little);
        // The same shares of thirty customers may well be chance.
        assert_eq!(shifted(&[0, 5000, 5000], &[18, 12, 0]).verdict, Verdict::Chance);
        assert_eq!(shifted(&[0, 5000, 5000], &[900, 100, 0]).verdict, Verdict::Much);
    }

    #[test]
    fn what_is_beyond_chance_of_one_column_is_not_of_forty() {
        let (then, now) = ([0, 5000, 5000], [545, 455, 0]);
        assert_eq!(among(&then, &now, 1.0).verdict, Verdict::Little);
        assert_eq!(among(&then, &now, 40.0).verdict, Verdict::Chance);
        assert_eq!(among(&then, &[600, 400, 0], 40.0).verdict, Verdict::Little);
        // The limit is what decides, and lies above what chance brings on average: one group less than there are, by
        // the two numbers of rows.
        let found = among(&then, &now, 40.0);
        let on_average = 1.0 / 10_000.0 + 1.0 / 1000.0;
        assert!(on_average < found.index && found.index <= found.chance_limit, "{found:?}");
    }

    #[test]
    fn the_percentile_of_chi_square_is_near_the_tables() {
        for (freedom, tail, expected) in
            [(1.0, 0.05, 3.841), (5.0, 0.05, 11.07), (10.0, 0.05, 18.307), (5.0, 0.001, 20.515)]
        {
            assert!((chi_square_above(freedom, tail) / expected - 1.0).abs() < 0.03, "{freedom} {tail}");
        }
        assert!((normal_above(0.025) - 1.959_963_984_540_054).abs() < 1e-9);
    }
}
