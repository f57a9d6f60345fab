//! Effects and interactions of drawn forests against their definitions: a walk down the tree for every subset of all
//! columns, asked about or not.

use proptest::prelude::*;

use super::*;
use crate::trees::{Lookups, Pair};

const COLUMNS: usize = 5;
/// Columns of a matrix after those, and what they are made of.
const PAIRS: [[u16; 2]; 2] = [[0, 3], [3, 4]];
const BINS: u8 = 4;
const COALITIONS: usize = 1 << COLUMNS;

/// What is not known of a row is answered by the training counts, or by other rows.
enum Others<'a> {
    Training,
    Rows(&'a Matrix),
}

/// The columns of the encoder that a question is about, as bits.
fn asked(question: &Question) -> usize {
    let column = usize::from(question.column);
    column.checked_sub(COLUMNS).map_or(1 << column, |pair| PAIRS[pair].iter().map(|column| 1 << column).sum())
}

fn lookups() -> Lookups {
    let pairs = PAIRS.map(|columns| Pair { columns, bins: Vec::new() });
    Lookups { columns: vec![None; COLUMNS], pairs: pairs.to_vec() }
}

fn answers(question: &Question, matrix: &Matrix, row: usize) -> bool {
    question.is_yes(matrix.columns[usize::from(question.column)][row])
}

/// The expected value of a tree from a node on, in units, when the columns in `known` follow the row.
fn walk(tree: &Tree, matrix: &Matrix, row: usize, known: usize, node: (usize, usize)) -> f64 {
    let (level, path) = node;
    let Some(question) = tree.questions.get(level) else { return f64::from(tree.values[path]) };
    let (no, yes) = ((level + 1, path), (level + 1, path | 1 << level));
    if known & asked(question) == asked(question) {
        let taken = if answers(question, matrix, row) { yes } else { no };
        return walk(tree, matrix, row, known, taken);
    }
    let rows = |(level, path): (usize, usize)| -> f64 {
        tree.counts.iter().skip(path).step_by(1 << level).map(|count| f64::from(*count)).sum()
    };
    let total = rows(no) + rows(yes);
    let share = if total > 0.0 { rows(yes) / total } else { 0.5 };
    (1.0 - share) * walk(tree, matrix, row, known, no) + share * walk(tree, matrix, row, known, yes)
}

/// What a coalition of columns is worth in a forest.
fn worth(forest: &Forest, matrix: &Matrix, row: usize, known: usize, others: &Others<'_>) -> f64 {
    let of_tree = |tree: &Tree| match others {
        Others::Training => walk(tree, matrix, row, known, (0, 0)),
        Others::Rows(background) => {
            let value = |other: usize| {
                let leaf = |(level, question): (usize, &Question)| {
                    let own = known & asked(question) == asked(question);
                    let yes = if own {
                        answers(question, matrix, row)
                    } else {
                        answers(question, background, other)
                    };
                    usize::from(yes) << level
                };
                f64::from(tree.values[tree.questions.iter().enumerate().map(leaf).sum::<usize>()])
            };
            (0..background.rows).map(value).sum::<f64>() / background.rows as f64
        }
    };
    forest.trees.iter().map(of_tree).sum()
}

/// φ_ij of all columns by the definition, the diagonal too: what is left of the effect.
fn by_definition(worth: &dyn Fn(usize) -> f64) -> Vec<Vec<f64>> {
    let factorial = |number: usize| (1..=number).map(|factor| factor as f64).product::<f64>();
    let worths: Vec<f64> = (0..COALITIONS).map(worth).collect();
    let mut square = vec![vec![0.0; COLUMNS]; COLUMNS];
    for (left, line) in square.iter_mut().enumerate() {
        for known in (0..COALITIONS).filter(|known| known >> left & 1 == 0) {
            let size = known.count_ones() as usize;
            let weight = factorial(size) * factorial(COLUMNS - size - 1) / factorial(COLUMNS);
            line[left] += weight * (worths[known | 1 << left] - worths[known]);
        }
        for right in (0..COLUMNS).filter(|right| *right != left) {
            let pair = 1 << left | 1 << right;
            let mut half = 0.0;
            for known in (0..COALITIONS).filter(|known| known & pair == 0) {
                let size = known.count_ones() as usize;
                let weight = factorial(size) * factorial(COLUMNS - size - 2) / (2.0 * factorial(COLUMNS - 1));
                half += weight
                    * (worths[known | pair] - worths[known | 1 << left] - worths[known | 1 << right]
                        + worths[known]);
            }
            line[right] = half;
            line[left] -= half;
        }
    }
    square
}

prop_compose! {
    fn tree()(depth in 0_usize..=MOST_DEPTH)(
        questions in prop::collection::vec((0..(COLUMNS + PAIRS.len()) as u16, 1..BINS - 1, any::<bool>()), depth),
        values in prop::collection::vec(-(1_i32 << 29)..=1 << 29, 1 << depth),
        counts in prop::collection::vec(prop_oneof![Just(0_u32), 1_u32..50], 1 << depth),
    ) -> Tree {
        let question = |(column, bin, missing_is_above)| Question { column, bin, missing_is_above };
        Tree { questions: questions.into_iter().map(question).collect(), values, counts }
    }
}

prop_compose! {
    fn matrix(most: usize)(rows in 1..=most)(
        columns in prop::collection::vec(prop::collection::vec(0..BINS, rows), COLUMNS + PAIRS.len()),
        rows in Just(rows),
    ) -> Matrix {
        Matrix { columns, rows }
    }
}

fn against(forest: &Forest, background: &Matrix) -> Tables {
    let mut counts = LeafCounts::new(forest);
    counts.add(forest, background);
    Tables::against(forest, Background::Rows(counts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parts_are_those_of_the_definition_and_sum_exactly(
        trees in prop::collection::vec(tree(), 0..5),
        matrix in matrix(6),
        background in matrix(9),
    ) {
        let forest = Forest { base: 77, lookups: lookups(), trees };
        for (tables, others) in
            [(Tables::new(&forest), Others::Training), (against(&forest, &background), Others::Rows(&background))]
        {
            let effects = tables.effects(&forest, &matrix);
            let interactions = Interactions::new(&forest, &tables);
            for row in 0..matrix.rows {
                let found = square(&interactions.of_row(&forest, &matrix, row));
                let expected = by_definition(&|known| worth(&forest, &matrix, row, known, &others));
                // A tree rounds each number by half a unit; a column's own takes the residue of the others.
                let most = 8.0 * forest.trees.len() as f64 + 1e-3;
                for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                    prop_assert!((*found as f64 - expected).abs() <= most, "{found} {expected}");
                }
                let sums: Vec<i64> = found.iter().map(|line| line.iter().sum()).collect();
                prop_assert_eq!(&sums[..], &effects[row * COLUMNS..][..COLUMNS]);
            }
        }
    }

    #[test]
    fn sizes_are_those_of_the_rows(trees in prop::collection::vec(tree(), 1..4), matrix in matrix(600)) {
        let forest = Forest { base: 0, lookups: lookups(), trees };
        let interactions = Interactions::new(&forest, &Tables::new(&forest));
        let mut expected = interactions.no_sizes();
        for row in 0..matrix.rows {
            let parts = interactions.of_row(&forest, &matrix, row);
            let size = |part: i64| u128::from(part.unsigned_abs());
            expected.add(&Sizes {
                rows: 1,
                alone: parts.alone.iter().map(|part| size(*part)).collect(),
                pairs: parts.pairs.iter().map(|(pair, half)| (*pair, size(*half))).collect(),
            });
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert_eq!(&pool.install(|| interactions.sizes(&forest, &matrix)), &expected);
        }
    }

    #[test]
    fn against_one_row_the_base_is_its_margin_and_a_row_like_it_has_no_effect(
        trees in prop::collection::vec(tree(), 1..4),
        matrix in matrix(6),
        background in matrix(1),
    ) {
        let forest = Forest { base: -5, lookups: lookups(), trees };
        let tables = against(&forest, &background);
        prop_assert_eq!(tables.base, forest.margins(&background)[0]);
        prop_assert!(tables.effects(&forest, &background).iter().all(|effect| *effect == 0));
        // A column in which a row is like the background moves nothing.
        let effects = tables.effects(&forest, &matrix);
        for row in 0..matrix.rows {
            for column in 0..COLUMNS {
                let is_in = |pair: &[u16; 2]| pair.contains(&(column as u16));
                let pairs = (0..PAIRS.len()).filter(|pair| is_in(&PAIRS[*pair])).map(|pair| COLUMNS + pair);
                let is_like = pairs
                    .chain([column])
                    .all(|column| matrix.columns[column][row] == background.columns[column][0]);
                prop_assert!(!is_like || effects[row * COLUMNS + column].abs() <= 4 * forest.trees.len() as i64);
            }
        }
    }

    #[test]
    fn a_column_that_no_tree_asks_about_does_nothing(
        trees in prop::collection::vec(tree(), 1..4),
        matrix in matrix(6),
        idle in 0..COLUMNS as u16,
    ) {
        let mut trees = trees;
        for question in trees.iter_mut().flat_map(|tree| &mut tree.questions) {
            if asked(question) >> idle & 1 == 1 {
                question.column = (idle + 1) % COLUMNS as u16;
            }
        }
        let forest = Forest { base: 0, lookups: lookups(), trees };
        for tables in [Tables::new(&forest), against(&forest, &matrix)] {
            let interactions = Interactions::new(&forest, &tables);
            for row in 0..matrix.rows {
                let parts = interactions.of_row(&forest, &matrix, row);
                prop_assert_eq!(parts.alone[usize::from(idle)], 0);
                prop_assert!(!parts.pairs.iter().any(|(pair, _)| pair.contains(&idle)));
            }
        }
    }
}
