//! What is in the file, read back; that it says what we say is proven with onnxruntime, in the tests of the program.

use prost::bytes::Bytes;
use winback_table::{Field, Kind, Role};

use super::*;
use crate::encode::{ColumnEncoder, Encoder, Levels};
use crate::file;
use crate::trees::Tree;
use proto::{Attribute, Node};

const GOLDEN: &[u8] = include_bytes!("../../../../testdata/model/trees-2.bin");
/// The same model as ONNX.
const GOLDEN_ONNX: &[u8] = include_bytes!("../../../../testdata/model/trees-2.onnx");

fn trees() -> Model {
    file::load(GOLDEN).unwrap()
}

fn linear() -> Model {
    let points = vec![vec![0, -3, 5, 7], vec![1, 2, 3, -4]];
    Model { predictor: Predictor::Linear(Scorecard { base: -9, points }), ..trees() }
}

fn schema() -> Schema {
    let mut balance = Field::new("balance", Kind::Number, Role::Feature);
    balance.missing = vec!["999".to_owned()];
    Schema::new(vec![balance, Field::new("region", Kind::Category, Role::Feature)], None).unwrap()
}

fn graph_of(model: &Model) -> proto::Graph {
    let bytes = save(model, &schema());
    let read = proto::Model::decode(bytes.as_slice()).unwrap();
    assert!(read.encode_to_vec() == bytes, "what is written can be read");
    read.graph.unwrap()
}

fn node<'a>(graph: &'a proto::Graph, operator: &str) -> &'a Node {
    graph.node.iter().find(|node| node.op_type == operator).unwrap()
}

fn attribute<'a>(node: &'a Node, name: &str) -> &'a Attribute {
    node.attribute.iter().find(|attribute| attribute.name == name).unwrap()
}

/// The sum of the leaves that an ensemble has for a row of features, as the operator is defined.
fn walk(node: &Node, features: &[f64]) -> f64 {
    let ints = |name: &str| &attribute(node, name).ints;
    let doubles = |name: &str| &attribute(node, name).t.as_ref().unwrap().double_data;
    let find = |trees: &str, nodes: &str, tree: i64, node: i64| {
        ints(trees).iter().zip(ints(nodes)).position(|(a, b)| (*a, *b) == (tree, node)).unwrap()
    };
    let trees = ints("nodes_treeids").last().unwrap() + 1;
    let leaf = |tree: i64| {
        let mut id = 0;
        loop {
            let at = find("nodes_treeids", "nodes_nodeids", tree, id);
            if attribute(node, "nodes_modes").strings[at] == Bytes::from_static(b"LEAF") {
                break doubles("target_weights_as_tensor")
                    [find("target_treeids", "target_nodeids", tree, id)];
            }
            let value = features[ints("nodes_featureids")[at] as usize];
            let is_missing_yes = ints("nodes_missing_value_tracks_true")[at] == 1;
            let is_yes = value >= doubles("nodes_values_as_tensor")[at] || (value.is_nan() && is_missing_yes);
            id = ints(if is_yes { "nodes_truenodeids" } else { "nodes_falsenodeids" })[at];
        }
    };
    (0..trees).map(leaf).sum()
}

fn ensemble(build: impl FnOnce(&mut Ensemble)) -> Node {
    let mut graph = Builder::new("model", Vec::new());
    let mut ensemble = Ensemble::default();
    build(&mut ensemble);
    ensemble.finish(&mut graph, "features", "sum");
    graph.finish(ValueInfo::default()).node.remove(0)
}

#[test]
fn a_tree_answers_as_ours_does() {
    let borders = [-1.5, 0.0, 2.0];
    let shape = Shape::Bins(borders.to_vec());
    // Every question there can be, one beyond the last bin included, by threes and with both sides.
    let questions: Vec<Question> = (0..=4)
        .flat_map(|bin| [false, true].map(|missing_is_above| Question { column: 0, bin, missing_is_above }))
        .filter(|question| question.bin > 0 || !question.missing_is_above)
        .collect();
    for questions in questions.windows(3) {
        let tree = Tree { questions: questions.to_vec(), values: (10..18).collect(), counts: vec![1; 8] };
        let node = ensemble(|ensemble| ensemble.add_tree(&tree, |question| border(Some(&shape), question)));
        for value in [f32::NAN, f32::NEG_INFINITY, -1.6, -1.5, -0.0, 0.0, 1.9, 2.0, f32::INFINITY] {
            let bin = crate::encode::bins::bins(&borders, &[value])[0];
            let leaf: usize =
                questions.iter().enumerate().map(|(k, q)| usize::from(q.is_yes(bin)) << k).sum();
            let found = walk(&node, &[f64::from(value)]);
            assert!(found.total_cmp(&f64::from(tree.values[leaf])).is_eq(), "{value} at {questions:?}");
        }
    }
}

#[test]
fn points_are_found_by_bin() {
    let borders: Vec<f32> = (0..20_u8).map(f32::from).collect();
    // Rising, alike, and alike in parts.
    for parts in [1, 100, 4] {
        let points: Vec<i32> = (0..22).map(|code| code / parts).collect();
        let node = ensemble(|ensemble| {
            ensemble.add_points(1, &borders, &[-7, 3]);
            ensemble.add_points(0, &borders, &points);
        });
        for value in [f32::NAN, -3.0, 0.0, 0.5, 7.0, 18.9, 19.0, 80.0] {
            let code = usize::from(crate::encode::bins::bins(&borders, &[value])[0]);
            let expected = f64::from(points[code]) - 7.0;
            let found = walk(&node, &[f64::from(value), f64::NAN]);
            assert!(found.total_cmp(&expected).is_eq(), "{value}: {found}, not {expected}");
        }
    }
}

#[test]
fn inputs_are_the_columns_and_the_output_is_a_probability() {
    for model in [trees(), linear()] {
        let graph = graph_of(&model);
        let described = |value: &ValueInfo| {
            let tensor = value.r#type.clone().unwrap().tensor_type.unwrap();
            (value.name.clone(), tensor.elem_type, tensor.shape.unwrap().dim.len())
        };
        assert_eq!(
            graph.input.iter().map(described).collect::<Vec<_>>(),
            [("balance".to_owned(), element::FLOAT, 2), ("region".to_owned(), element::STRING, 2)]
        );
        assert_eq!(
            graph.output.iter().map(described).collect::<Vec<_>>(),
            [(OUTPUT.to_owned(), element::FLOAT, 2)]
        );
        assert_eq!(graph.node.last().unwrap().output, [OUTPUT]);
    }
}

#[test]
fn what_the_schema_calls_missing_is_missing() {
    let graph = graph_of(&linear());
    let encoder = node(&graph, "LabelEncoder");
    let texts = &attribute(encoder, "keys_strings").strings;
    let points = &attribute(encoder, "values_int64s").ints;
    let of = |text: &str| {
        texts
            .iter()
            .position(|other| other == text)
            .map_or_else(|| attribute(encoder, "default_int64").i.unwrap(), |at| points[at])
    };
    for text in ["", "Unknown", "unknown", "UNKNOWN", "NaN", "n/a"] {
        assert_eq!(of(text), 1, "{text:?}");
    }
    assert_eq!((of("Nord"), of("Süd"), of("nord"), of("elsewhere")), (3, -4, 2, 2));
    assert!(texts.windows(2).all(|pair| pair[0] < pair[1]), "each text once");
    assert_eq!(node(&graph, "Equal").input[0], "balance");
    assert!(graph.initializer.iter().any(|tensor| tensor.float_data == [999.0]));
}

#[test]
fn columns_may_have_any_name() {
    for mut model in [trees(), linear()] {
        for names in
            [[OUTPUT, "sum"], ["features", "Größe (%), \"x\""], ["probability", "bin of probability"]]
        {
            for (column, name) in model.encoder.columns.iter_mut().zip(names) {
                column.name = name.to_owned();
            }
            let graph = export(&model, &schema()).graph.unwrap();
            let mut taken: Vec<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
            assert_eq!(taken, names);
            taken.extend(graph.initializer.iter().map(|tensor| tensor.name.as_str()));
            for node in &graph.node {
                assert!(node.input.iter().all(|input| taken.contains(&input.as_str())), "{node:?}");
                taken.extend(node.output.iter().map(String::as_str));
            }
            assert_eq!(taken.last(), Some(&graph.output[0].name.as_str()));
            let values = taken.len();
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), values, "no name twice");
        }
    }
}

#[test]
fn a_forest_without_trees_has_one_that_adds_nothing() {
    let forest = Forest { base: 5, lookups: vec![None, Some(vec![2, 2, 1, 3])].into(), trees: Vec::new() };
    let graph = graph_of(&Model { predictor: Predictor::trees(forest), ..trees() });
    assert!(walk(node(&graph, "TreeEnsembleRegressor"), &[]).total_cmp(&0.0).is_eq());
}

#[test]
fn a_scorecard_may_have_one_sort_of_columns_only() {
    let card = |columns: Vec<ColumnEncoder>, points| Model {
        encoder: Encoder { columns },
        predictor: Predictor::Linear(Scorecard { base: 0, points }),
        ..trees()
    };
    let column = |kind, shape| vec![ColumnEncoder { name: "region".to_owned(), kind, shape }];
    let number = card(column(Kind::Flag, Shape::Bins(vec![0.5])), vec![vec![1, 2, 3]]);
    let operators = |model: &Model| {
        graph_of(model).node.into_iter().map(|node| node.op_type).collect::<Vec<_>>().join(" ")
    };
    let tail = "Mul Add Sigmoid Cast";
    assert_eq!(operators(&number), format!("Concat Cast TreeEnsembleRegressor Cast {tail}"));
    let levels = Shape::Levels(Levels::default());
    let category = card(column(Kind::Category, levels), vec![vec![1, 2]]);
    assert_eq!(operators(&category), format!("LabelEncoder Concat ReduceSum Cast {tail}"));
}

#[test]
fn the_bytes_are_those_of_the_golden_file() {
    assert!(save(&trees(), &schema()) == GOLDEN_ONNX, "models are exported otherwise than before: say so");
}
