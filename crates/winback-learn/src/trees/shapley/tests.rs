//! The tables against the `shap` package and a brute force over all orderings (`testdata/shapley`).

mod definition;

use serde_json::Value;

use super::*;
use crate::trees::{MOST_DEPTH, Question};

const TOLERANCE: f64 = 1e-6;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn lists(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// The fixture's borders are numbers: each column's distinct borders become its bins.
struct Borders(Vec<Vec<f64>>);

fn questions(tree: &Value) -> Vec<(usize, f64)> {
    let read = |question: &Value| {
        (question["column"].as_u64().unwrap() as usize, question["border"].as_f64().unwrap())
    };
    tree["questions"].as_array().unwrap().iter().map(read).collect()
}

impl Borders {
    fn new(columns: usize, trees: &[Value]) -> Self {
        let mut borders: Vec<Vec<f64>> = vec![Vec::new(); columns];
        for (column, border) in trees.iter().flat_map(questions) {
            borders[column].push(border);
        }
        for column in &mut borders {
            column.sort_by(f64::total_cmp);
            column.dedup();
        }
        Self(borders)
    }

    fn tree(&self, tree: &Value) -> Tree {
        let question = |(column, border): &(usize, f64)| {
            let bin = self.0[*column].iter().position(|other| other >= border).unwrap() as u8;
            Question { column: *column as u16, bin, missing_is_above: false }
        };
        Tree {
            questions: questions(tree).iter().map(question).collect(),
            values: numbers(&tree["leaf_values"]).iter().map(|value| to_units(*value) as i32).collect(),
            counts: numbers(&tree["leaf_counts"]).iter().map(|count| *count as u32).collect(),
        }
    }

    /// A row is above border k of its column when its bin is above k: the bin counts the borders below the value.
    fn matrix(&self, rows: &[Vec<f64>]) -> Matrix {
        let bins = |(column, borders): (usize, &Vec<f64>)| {
            let below = |row: &Vec<f64>| borders.iter().filter(|border| row[column] > **border).count() as u8;
            rows.iter().map(below).collect()
        };
        Matrix { columns: self.0.iter().enumerate().map(bins).collect(), rows: rows.len() }
    }
}

fn assert_near(found: i64, expected: f64, place: &str) {
    let found = found as f64 * UNIT;
    assert!((found - expected).abs() < TOLERANCE, "{place}: {found} {expected}");
}

/// Compares effects and interactions with what the fixture has; answers how many numbers were compared.
fn compare(forest: &Forest, matrix: &Matrix, tables: &Tables, expected: &Value, name: &str) -> usize {
    let columns = matrix.columns.len();
    let effects = tables.effects(forest, matrix);
    let margins = forest.margins(matrix);
    assert_near(tables.base, expected["base"].as_f64().unwrap(), name);
    let mut compared = 0;
    for reference in ["shap", "brute_force"].iter().filter(|reference| expected[**reference].is_array()) {
        for (row, expected) in lists(&expected[*reference]).iter().enumerate() {
            let found = &effects[row * columns..][..columns];
            for (effect, expected) in found.iter().zip(expected) {
                assert_near(*effect, *expected, &format!("{name}, {reference}, row {row}"));
                compared += 1;
            }
            assert_eq!(tables.base + found.iter().sum::<i64>(), margins[row], "{name}: row {row} adds up");
        }
    }
    let interactions = Interactions::new(forest, tables);
    for reference in ["shap_interactions", "interactions"] {
        let Some(expected) = expected[reference].as_array() else { continue };
        for (row, expected) in expected.iter().enumerate() {
            let found = square(&interactions.of_row(forest, matrix, row));
            for (found, expected) in found.iter().flatten().zip(lists(expected).iter().flatten()) {
                assert_near(*found, *expected, &format!("{name}, {reference}, row {row}"));
                compared += 1;
            }
            let sums: Vec<i64> = found.iter().map(|line| line.iter().sum()).collect();
            assert_eq!(sums, effects[row * columns..][..columns], "{name}: row {row} adds up");
        }
    }
    compared
}

/// Parts as a square: φ_ij in line i and column j.
fn square(parts: &Parts) -> Vec<Vec<i64>> {
    let columns = parts.alone.len();
    let mut square = vec![vec![0; columns]; columns];
    for (column, alone) in parts.alone.iter().enumerate() {
        square[column][column] = *alone;
    }
    for ([left, right], half) in &parts.pairs {
        square[usize::from(*left)][usize::from(*right)] = *half;
        square[usize::from(*right)][usize::from(*left)] = *half;
    }
    square
}

#[test]
fn tables_equal_the_shap_package_and_the_definition() {
    let fixture: Value =
        serde_json::from_str(include_str!("../../../../../testdata/shapley/forest.json")).unwrap();
    let (mut to_training, mut to_rows) = (0, 0);
    for case in fixture["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let columns = case["columns"].as_u64().unwrap() as usize;
        let trees = case["trees"].as_array().unwrap();
        let borders = Borders::new(columns, trees);
        let trees = trees.iter().map(|tree| borders.tree(tree)).collect();
        let forest = Forest { base: 0, lookups: vec![None; columns].into(), trees };
        let matrix = borders.matrix(&lists(&case["rows"]));
        to_training += compare(&forest, &matrix, &Tables::new(&forest), case, name);

        let against = &case["against"];
        let mut counts = LeafCounts::new(&forest);
        counts.add(&forest, &borders.matrix(&lists(&against["background"])));
        let tables = Tables::against(&forest, Background::Rows(counts));
        to_rows += compare(&forest, &matrix, &tables, against, &format!("{name} against rows"));
    }
    assert!(to_training > 2_000 && to_rows > 1_000, "the fixture was read: {to_training} {to_rows}");
}
