//! The codes of a column's rows, in as few bytes as their number allows: training holds one for every cell.

use super::{OTHER_LEVEL, Shape};

/// The codes of one column's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// Bins, 0 for missing.
    Bins(Vec<u8>),
    /// Levels, 0 for missing, 1 for other.
    Levels(LevelCodes),
}

/// Levels by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelCodes {
    /// Of a column with at most 256 codes.
    One(Vec<u8>),
    /// Of a column with at most 65,536.
    Two(Vec<u16>),
    /// Of a column with more.
    Four(Vec<u32>),
}

/// Does the same with the list of a column's codes, whatever its width.
macro_rules! with_list {
    ($codes:expr, $list:ident => $work:expr) => {
        match $codes {
            Codes::Bins($list) | Codes::Levels(LevelCodes::One($list)) => $work,
            Codes::Levels(LevelCodes::Two($list)) => $work,
            Codes::Levels(LevelCodes::Four($list)) => $work,
        }
    };
}

/// A code as a position in a table.
fn place<C: Into<u32>>(code: C) -> usize {
    code.into() as usize
}

fn chosen<C: Copy>(list: &[C], rows: &[u32]) -> Vec<C> {
    rows.iter().map(|row| list[*row as usize]).collect()
}

impl Codes {
    pub(crate) fn empty(shape: &Shape) -> Self {
        match shape {
            Shape::Bins(_) => Self::Bins(Vec::new()),
            Shape::Levels(_) => Self::Levels(LevelCodes::empty(shape.code_count())),
        }
    }

    /// The code of a row.
    #[must_use]
    pub fn code(&self, row: usize) -> usize {
        with_list!(self, list => place(list[row]))
    }

    /// Calls `take` with the code of each row, in their order.
    pub fn for_each(&self, mut take: impl FnMut(usize)) {
        with_list!(self, list => list.iter().for_each(|code| take(place(*code))));
    }

    /// Calls `take` with something of each row and the row's code.
    pub fn for_each_with<T>(&self, of_rows: impl IntoIterator<Item = T>, mut take: impl FnMut(T, usize)) {
        with_list!(self, list => of_rows.into_iter().zip(list).for_each(|(of_row, code)| take(of_row, place(*code))));
    }

    /// What a table says of the code of each row.
    #[must_use]
    pub fn look_up<T: Copy>(&self, by_code: &[T]) -> Vec<T> {
        with_list!(self, list => list.iter().map(|code| by_code[place(*code)]).collect())
    }

    /// The codes of some rows.
    #[must_use]
    pub fn of_rows(&self, rows: &[u32]) -> Self {
        match self {
            Self::Bins(bins) => Self::Bins(chosen(bins, rows)),
            Self::Levels(LevelCodes::One(levels)) => Self::Levels(LevelCodes::One(chosen(levels, rows))),
            Self::Levels(LevelCodes::Two(levels)) => Self::Levels(LevelCodes::Two(chosen(levels, rows))),
            Self::Levels(LevelCodes::Four(levels)) => Self::Levels(LevelCodes::Four(chosen(levels, rows))),
        }
    }

    /// How many rows have each of so many codes.
    #[must_use]
    pub fn counts(&self, code_count: usize) -> Vec<u64> {
        let mut counts = vec![0; code_count];
        self.for_each(|code| counts[code] += 1);
        counts
    }

    /// How many rows have a level that training had too few of, or none.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        let mut unknown = 0;
        if let Self::Levels(_) = self {
            self.for_each(|code| unknown += u64::from(code == OTHER_LEVEL as usize));
        }
        unknown
    }
}

impl LevelCodes {
    /// No rows of a column with so many codes.
    fn empty(code_count: usize) -> Self {
        if code_count <= 1 << u8::BITS {
            Self::One(Vec::new())
        } else if code_count <= 1 << u16::BITS {
            Self::Two(Vec::new())
        } else {
            Self::Four(Vec::new())
        }
    }

    /// Appends codes, which must be of the column that these are of.
    pub(super) fn extend(&mut self, codes: impl Iterator<Item = u32>) {
        match self {
            Self::One(levels) => levels.extend(codes.map(|code| code as u8)),
            Self::Two(levels) => levels.extend(codes.map(|code| code as u16)),
            Self::Four(levels) => levels.extend(codes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Levels;
    use super::*;

    fn codes(level_count: usize) -> (Codes, usize) {
        let levels = (0..level_count).map(|level| format!("{level:06}")).collect();
        let shape = Shape::Levels(Levels::new(levels));
        let count = shape.code_count();
        let mut codes = Codes::empty(&shape);
        let Codes::Levels(levels) = &mut codes else { panic!("levels have codes of levels") };
        levels.extend((0..count as u32).rev());
        (codes, count)
    }

    #[test]
    fn codes_are_as_narrow_as_can_be_and_say_the_same() {
        for (level_count, bytes) in [(254, 1), (255, 2), (65_534, 2), (65_535, 4)] {
            let (codes, count) = codes(level_count);
            let is_narrow = match &codes {
                Codes::Bins(_) => false,
                Codes::Levels(LevelCodes::One(_)) => bytes == 1,
                Codes::Levels(LevelCodes::Two(_)) => bytes == 2,
                Codes::Levels(LevelCodes::Four(_)) => bytes == 4,
            };
            assert!(is_narrow, "{level_count} levels need {bytes} bytes");
            assert_eq!(codes.code(0), count - 1, "{level_count} levels");
            assert_eq!(codes.unknown(), 1);
            assert_eq!(codes.counts(count), vec![1; count]);
            let names: Vec<usize> = (0..count).map(|code| code * 3).collect();
            assert_eq!(codes.of_rows(&[0, 2]).look_up(&names), [names[count - 1], names[count - 3]]);
            let mut pairs = Vec::new();
            codes.for_each_with(["a", "b"], |name, code| pairs.push((name, code)));
            assert_eq!(pairs, [("a", count - 1), ("b", count - 2)]);
        }
    }
}
