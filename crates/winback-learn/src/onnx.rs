//! A model as ONNX: scoring without this program, from raw columns to a calibrated probability.
//!
//! The graph has an input a column, under its name, and one output, [`OUTPUT`]. Encoding, trees or points, calibration
//! and the logistic function are all in it. It says what [`Model::score`] says: the margin is rounded to a 32-bit float
//! once and the probability once, everything else is exact or in 64 bits. Explanations stay with this program.
//!
//! The same model gives the same bytes; they tell nothing of when, where or by which release they were made.

use prost::Message as _;
use winback_table::Schema;

use crate::Model;
use crate::encode::Shape;
use crate::linear::Scorecard;
use crate::model::Predictor;
use crate::number::UNIT;
use crate::trees::{Forest, Question};
use ensemble::{ANY_VALUE, Ensemble, NO_VALUE};
use graph::{Builder, CORE, ML};
use proto::{OperatorSet, Tensor, ValueInfo, element};

mod columns;
mod ensemble;
mod graph;
mod proto;

/// The name of the output, which is that of the scored file's column; where the model learnt from a column of this name,
/// an underscore follows.
pub const OUTPUT: &str = "churn_probability";

/// The bytes of a model as ONNX; the schema says what its columns call missing.
#[must_use]
pub fn save(model: &Model, schema: &Schema) -> Vec<u8> {
    export(model, schema).encode_to_vec()
}

fn export(model: &Model, schema: &Schema) -> proto::Model {
    let inputs = model.encoder.columns.iter().map(columns::input).collect();
    let mut graph = Builder::new("model", inputs);
    // In units of 2⁻²⁴ log-odds, as 64-bit floats, shape [rows, 1].
    let (base, sum) = match &model.predictor {
        Predictor::Trees { forest, .. } => (forest.base, forest_sum(&mut graph, model, forest, schema)),
        Predictor::Linear(card) => (card.base, points_sum(&mut graph, model, card, schema)),
    };
    let slope = Tensor::doubles(vec![model.calibration.slope * UNIT]);
    let slope = graph.constant("calibration slope by unit", slope);
    let intercept = Tensor::doubles(vec![model.calibration.apply(base as f64 * UNIT)]);
    let intercept = graph.constant("calibrated base", intercept);
    let scaled = graph.node(CORE, "Mul", &[&sum, &slope], "calibrated sum", vec![]);
    let log_odds = graph.node(CORE, "Add", &[&scaled, &intercept], "log-odds", vec![]);
    let probability = graph.node(CORE, "Sigmoid", &[&log_odds], "probability", vec![]);
    let output = graph.cast(&probability, element::FLOAT, OUTPUT);
    let doc = "the calibrated probability".to_owned();
    let versions = [CORE, ML].map(|(domain, version)| OperatorSet { domain: domain.to_owned(), version });
    proto::Model {
        ir_version: proto::IR_VERSION,
        producer_name: "winback".to_owned(),
        doc_string: "raw columns in, a calibrated probability out".to_owned(),
        graph: Some(graph.finish(ValueInfo::column(&output, element::FLOAT, doc))),
        opset_import: versions.to_vec(),
    }
}

/// Adds a forest; answers the name of the sum of its leaves.
fn forest_sum(graph: &mut Builder, model: &Model, forest: &Forest, schema: &Schema) -> String {
    let encoders = &model.encoder.columns;
    let mut features = Vec::with_capacity(encoders.len());
    for (column, lookup) in encoders.iter().zip(&forest.lookups.columns) {
        features.push(match &column.shape {
            Shape::Bins(_) => columns::numbers(graph, column, schema),
            Shape::Levels(levels) => {
                columns::bins(graph, column, levels, schema, lookup.as_deref().unwrap_or_default())
            }
        });
    }
    for pair in &forest.lookups.pairs {
        let both = pair.columns.map(|column| &encoders[usize::from(column)]);
        features.push(columns::pair(graph, both, schema, &pair.bins));
    }
    let features = graph.beside(&features, "features");
    let features = graph.cast(&features, element::DOUBLE, "features in 64 bits");
    let mut ensemble = Ensemble::default();
    for tree in &forest.trees {
        let shape =
            |question: Question| encoders.get(usize::from(question.column)).map(|column| &column.shape);
        ensemble.add_tree(tree, |question| border(shape(question), question));
    }
    if forest.trees.is_empty() {
        ensemble.add_nothing();
    }
    let sum = ensemble.finish(graph, &features, "sum of leaves");
    graph.cast(&sum, element::DOUBLE, "sum")
}

/// The least value that answers yes to a question: of numbers the border below the bins above, of categories the number
/// of the first bin above. Pairs of categories have no shape of their own.
fn border(shape: Option<&Shape>, question: Question) -> f64 {
    match (question.bin.checked_sub(1), shape) {
        // Only the bin of missing values is not above bin 0.
        (None, _) => ANY_VALUE,
        (Some(below), Some(Shape::Bins(borders))) => {
            borders.get(usize::from(below)).map_or(NO_VALUE, |border| f64::from(*border))
        }
        (Some(_), Some(Shape::Levels(_)) | None) => f64::from(question.bin) + 1.0,
    }
}

/// Adds a scorecard; answers the name of the sum of its points.
fn points_sum(graph: &mut Builder, model: &Model, card: &Scorecard, schema: &Schema) -> String {
    let (mut ensemble, mut features, mut points) = (Ensemble::default(), Vec::new(), Vec::new());
    for (column, by_code) in model.encoder.columns.iter().zip(&card.points) {
        match &column.shape {
            Shape::Bins(borders) => {
                ensemble.add_points(features.len() as i64, borders, by_code);
                features.push(columns::numbers(graph, column, schema));
            }
            Shape::Levels(levels) => {
                points.push(columns::points(graph, column, levels, schema, by_code));
            }
        }
    }
    let of_numbers = (!features.is_empty()).then(|| {
        let features = graph.beside(&features, "features");
        let features = graph.cast(&features, element::DOUBLE, "features in 64 bits");
        let sum = ensemble.finish(graph, &features, "points of numbers");
        graph.cast(&sum, element::DOUBLE, "sum of numbers")
    });
    let of_categories = (!points.is_empty()).then(|| {
        let points = graph.beside(&points, "points of categories");
        let axis = graph.constant("columns", Tensor::ints(vec![1]));
        let sum = graph.node(CORE, "ReduceSum", &[&points, &axis], "sum of points", vec![]);
        graph.cast(&sum, element::DOUBLE, "sum of categories")
    });
    match (of_numbers, of_categories) {
        (Some(numbers), Some(categories)) => graph.node(CORE, "Add", &[&numbers, &categories], "sum", vec![]),
        // A model has a column, so there is one of the two.
        (numbers, categories) => numbers.or(categories).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
