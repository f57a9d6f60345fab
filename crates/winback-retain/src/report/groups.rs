//! The codes of a column joined into a few groups that a person can read: ranges of numbers, the commonest levels.

use winback_learn::encode::{FIRST_LEVEL, MISSING_LEVEL, Shape};
use winback_learn::profile::{ColumnProfile, Distribution};
use winback_table::Kind;
use winback_table::cell::show_seconds;

use super::is_whole;
use crate::reasons::number::shown;

/// The group of rows without a value.
pub(crate) const MISSING: &str = "missing";
/// The group of rows with a level that has no group of its own.
pub(crate) const OTHER: &str = "all others";

const SECONDS_A_DAY: f64 = 86_400.0;

/// The groups of one column. Every code belongs to one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Groups {
    /// The group of each code.
    pub(crate) of_code: Vec<usize>,
    /// The groups, ranges ascending or levels by frequency; then other levels, then missing, where there are any.
    pub(crate) groups: Vec<Group>,
}

/// One group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    /// In words.
    pub(crate) label: String,
    /// Rows of the training.
    pub(crate) rows: u64,
    /// Where it stands among numbers and times (days since 1970); levels and missing stand nowhere.
    pub(crate) at: Option<f64>,
}

/// Rows of the training by code.
pub(crate) fn rows_by_code(column: &ColumnProfile) -> Vec<u64> {
    match &column.distribution {
        Distribution::Numbers { rows, .. } => rows.clone(),
        Distribution::Levels { rows, other, .. } => [&[column.missing, *other][..], rows].concat(),
    }
}

impl Groups {
    /// At most about `most` groups of a column, of like size where it holds numbers.
    pub(crate) fn new(column: &ColumnProfile, shape: &Shape, most: usize) -> Self {
        let rows = rows_by_code(column);
        let mut groups = Self { of_code: vec![0; shape.code_count()], groups: Vec::new() };
        match shape {
            Shape::Bins(borders) => groups.add_ranges(column, borders, &rows, most),
            Shape::Levels(levels) => groups.add_levels(levels, &rows, most),
        }
        groups.of_code[MISSING_LEVEL as usize] = groups.groups.len();
        groups.add(MISSING.to_owned(), column.missing, None);
        groups
    }

    fn add(&mut self, label: String, rows: u64, at: Option<f64>) {
        self.groups.push(Group { label, rows, at });
    }

    fn add_ranges(&mut self, column: &ColumnProfile, borders: &[f32], rows: &[u64], most: usize) {
        let present: u64 = rows.iter().skip(1).sum();
        let border = |index: usize| borders.get(index).map(|border| f64::from(*border));
        let (mut low, mut in_group, mut seen) = (None, 0, 0);
        for code in 1..self.of_code.len() {
            self.of_code[code] = self.groups.len();
            let of_code = rows.get(code).copied().unwrap_or(0);
            in_group += of_code;
            seen += of_code;
            let is_last = code + 1 == self.of_code.len();
            if is_last || seen * most as u64 >= present * (self.groups.len() as u64 + 1) {
                let high = if is_last { None } else { border(code - 1) };
                let whole = column.kind == Kind::Number && is_whole(borders);
                let at = middle(column, low, high, whole);
                let label =
                    if whole { whole_range(column, low, high) } else { range(column.kind, low, high) };
                self.add(label, in_group, at);
                (low, in_group) = (high, 0);
            }
        }
    }

    fn add_levels(&mut self, levels: &[String], rows: &[u64], most: usize) {
        let of_level = |level: usize| rows.get(level + FIRST_LEVEL as usize).copied().unwrap_or(0);
        let mut by_rows: Vec<usize> = (0..levels.len()).collect();
        by_rows.sort_by_key(|level| std::cmp::Reverse(of_level(*level)));
        let (told, rest) = by_rows.split_at(most.min(by_rows.len()));
        for level in told {
            self.of_code[level + FIRST_LEVEL as usize] = self.groups.len();
            self.add(levels[*level].clone(), of_level(*level), None);
        }
        let other = self.groups.len();
        let mut pooled = rows.get(1).copied().unwrap_or(0);
        self.of_code[1] = other;
        for level in rest {
            self.of_code[level + FIRST_LEVEL as usize] = other;
            pooled += of_level(*level);
        }
        self.add(OTHER.to_owned(), pooled, None);
    }
}

/// The middle of a range; where it is open, the end that all but a hundredth of the training's rows respect.
fn middle(column: &ColumnProfile, low: Option<f64>, high: Option<f64>, whole: bool) -> Option<f64> {
    let Distribution::Numbers { quantiles, .. } = &column.distribution else { return None };
    let from = low.map(|low| if whole { low.ceil() } else { low }).or(quantiles.get(1).copied())?;
    let to = high.map(|high| if whole { high.ceil() - 1.0 } else { high }).or(quantiles.get(7).copied())?;
    Some(if to > from {
        (from + to) / 2.0
    } else if low.is_some() {
        from
    } else {
        to
    })
}

/// A range in words. A flag's two ranges are its answers.
fn range(kind: Kind, low: Option<f64>, high: Option<f64>) -> String {
    let value = |value: f64| value_shown(kind, value);
    match (kind, low, high) {
        (Kind::Flag, None, Some(_)) => "no".to_owned(),
        (Kind::Flag, Some(_), None) => "yes".to_owned(),
        (_, None, None) => "any value".to_owned(),
        (Kind::Time, None, Some(high)) => format!("before {}", value(high)),
        (Kind::Time, Some(low), None) => format!("{} and later", value(low)),
        (_, None, Some(high)) => format!("below {}", value(high)),
        (_, Some(low), None) => format!("{} and above", value(low)),
        (_, Some(low), Some(high)) => format!("{} to {}", value(low), value(high)),
    }
}

/// A range of whole numbers, whose borders lie between them.
fn whole_range(column: &ColumnProfile, low: Option<f64>, high: Option<f64>) -> String {
    let end = |place: usize| match &column.distribution {
        Distribution::Numbers { quantiles, .. } => quantiles.get(place).copied(),
        Distribution::Levels { .. } => None,
    };
    match (low.map(f64::ceil), high.map(|high| high.ceil() - 1.0)) {
        (None, None) => "any value".to_owned(),
        // Where the range is open, yet no row lies beyond its one number.
        (None, Some(high)) if end(0).is_some_and(|smallest| smallest >= high) => shown(high),
        (Some(low), None) if end(8).is_some_and(|largest| largest <= low) => shown(low),
        (None, Some(high)) => format!("{} and below", shown(high)),
        (Some(low), None) => format!("{} and above", shown(low)),
        (Some(low), Some(high)) if high <= low => shown(low),
        (Some(low), Some(high)) => format!("{} to {}", shown(low), shown(high)),
    }
}

/// A number, or a time by its days since 1970, as people read it.
pub(crate) fn value_shown(kind: Kind, value: f64) -> String {
    match kind {
        Kind::Time => {
            let text = show_seconds((value.floor() * SECONDS_A_DAY) as i64);
            text.split(['T', ' ']).next().unwrap_or_default().to_owned()
        }
        _ => shown(value),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use winback_learn::encode::Levels;

    use super::*;

    pub(crate) fn numbers(rows: &[u64]) -> (ColumnProfile, Shape) {
        let borders: Vec<f32> = (1..rows.len() as u32 - 1).map(|border| border as f32 * 10.0).collect();
        let column = ColumnProfile {
            name: "balance".to_owned(),
            kind: Kind::Number,
            missing: rows[0],
            distribution: Distribution::Numbers {
                quantiles: vec![0.0, 1.0, 2.0, 10.0, 20.0, 30.0, 38.0, 39.0, 40.0],
                borders: borders.clone(),
                rows: rows.to_vec(),
            },
        };
        (column, Shape::Bins(borders))
    }

    pub(crate) fn levels(rows: &[u64], other: u64, missing: u64) -> (ColumnProfile, Shape) {
        let levels: Vec<String> = (0..rows.len()).map(|level| format!("level {level}")).collect();
        let distribution = Distribution::Levels { levels: levels.clone(), rows: rows.to_vec(), other };
        let column = ColumnProfile { name: "region".to_owned(), kind: Kind::Category, missing, distribution };
        (column, Shape::Levels(Levels::new(levels)))
    }

    fn of(column: &(ColumnProfile, Shape), most: usize) -> Vec<(String, u64)> {
        let groups = Groups::new(&column.0, &column.1, most);
        groups.groups.into_iter().map(|group| (group.label, group.rows)).collect()
    }

    #[test]
    fn numbers_are_joined_into_ranges_of_like_size() {
        let found = of(&numbers(&[5, 25, 25, 25, 25]), 2);
        let expected = [("below 20", 50), ("20 and above", 50), ("missing", 5)];
        assert_eq!(found, expected.map(|(label, rows)| (label.to_owned(), rows)));
    }

    #[test]
    fn the_commonest_levels_stay_and_the_rest_pool() {
        let found = of(&levels(&[30, 90, 60], 7, 4), 2);
        let expected = [("level 1", 90), ("level 2", 60), ("all others", 37), ("missing", 4)];
        assert_eq!(found, expected.map(|(label, rows)| (label.to_owned(), rows)));
    }
}
