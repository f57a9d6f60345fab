//! The tables against the `shap` package and a brute force over all orderings (`testdata/shapley`).

use serde_json::Value;

use super::*;
use crate::trees::Question;

const TOLERANCE: f64 = 1e-6;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The fixture's borders are numbers: each column's distinct borders become its bins.
fn forest_and_matrix(case: &Value) -> (Forest, Matrix) {
    let columns = case["columns"].as_u64().unwrap() as usize;
    let mut borders: Vec<Vec<f64>> = vec![Vec::new(); columns];
    let trees = case["trees"].as_array().unwrap();
    let questions = |tree: &Value| -> Vec<(usize, f64)> {
        let read = |question: &Value| {
            (question["column"].as_u64().unwrap() as usize, question["border"].as_f64().unwrap())
        };
        tree["questions"].as_array().unwrap().iter().map(read).collect()
    };
    for (column, border) in trees.iter().flat_map(questions) {
        borders[column].push(border);
    }
    for column in &mut borders {
        column.sort_by(f64::total_cmp);
        column.dedup();
    }
    let bin =
        |column: usize, border: f64| borders[column].iter().position(|other| *other >= border).unwrap() as u8;
    let tree = |tree: &Value| Tree {
        questions: questions(tree)
            .iter()
            .map(|(column, border)| {
                let bin = bin(*column, *border);
                Question { column: *column as u16, bin, missing_is_above: false }
            })
            .collect(),
        values: numbers(&tree["leaf_values"]).iter().map(|value| to_units(*value) as i32).collect(),
        counts: numbers(&tree["leaf_counts"]).iter().map(|count| *count as u32).collect(),
    };
    let rows: Vec<Vec<f64>> = case["rows"].as_array().unwrap().iter().map(numbers).collect();
    // A row is above border k of its column when its bin is above k: the bin counts the borders below the value.
    let bins = |column: usize| {
        let below =
            |row: &Vec<f64>| borders[column].iter().filter(|border| row[column] > **border).count() as u8;
        rows.iter().map(below).collect()
    };
    let matrix = Matrix { columns: (0..columns).map(bins).collect(), rows: rows.len() };
    let forest = Forest { base: 0, lookups: vec![None; columns], trees: trees.iter().map(tree).collect() };
    (forest, matrix)
}

#[test]
fn tables_equal_the_shap_package_and_the_definition() {
    let fixture: Value =
        serde_json::from_str(include_str!("../../../../../testdata/shapley/forest.json")).unwrap();
    let mut compared = 0;
    for case in fixture["cases"].as_array().unwrap() {
        let name = &case["name"];
        let (forest, matrix) = forest_and_matrix(case);
        let tables = Tables::new(&forest);
        let effects = tables.effects(&forest, &matrix);
        let margins = forest.margins(&matrix);
        assert!(
            (tables.base as f64 * UNIT - case["base"].as_f64().unwrap()).abs() < TOLERANCE,
            "{name}: base"
        );
        for reference in ["shap", "brute_force"] {
            let Some(expected) = case[reference].as_array() else { continue };
            for (row, expected) in expected.iter().enumerate() {
                let found = &effects[row * matrix.columns.len()..][..matrix.columns.len()];
                for (effect, expected) in found.iter().zip(numbers(expected)) {
                    let found = *effect as f64 * UNIT;
                    assert!(
                        (found - expected).abs() < TOLERANCE,
                        "{name}, {reference}, row {row}: {found} {expected}"
                    );
                    compared += 1;
                }
                assert_eq!(
                    tables.base + found.iter().sum::<i64>(),
                    margins[row],
                    "{name}: row {row} adds up"
                );
            }
        }
    }
    assert!(compared > 500, "the fixture was read: {compared}");
}
