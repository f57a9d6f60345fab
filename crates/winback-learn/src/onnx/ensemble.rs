//! Trees as `TreeEnsembleRegressor` knows them: flat lists of nodes, each a question `value >= border` or a leaf.
//!
//! That operator adds up leaves in the type of its borders and weights and answers a 32-bit float. With 64-bit ones, the
//! leaves being whole numbers of units, the sum is exact whatever its order, and only the answer is rounded.

use prost::bytes::Bytes;

use super::graph::{Builder, ML};
use super::proto::{Attribute, Tensor};
use crate::trees::{Question, Tree};

/// The border that every value reaches and no value is: only rows without a value answer no.
pub(super) const ANY_VALUE: f64 = f64::NEG_INFINITY;
/// The border that no value reaches.
pub(super) const NO_VALUE: f64 = f64::NAN;

/// The nodes of some trees, one entry a node, and their leaves, one entry a leaf.
#[derive(Default)]
pub(super) struct Ensemble {
    trees: i64,
    tree_ids: Vec<i64>,
    node_ids: Vec<i64>,
    features: Vec<i64>,
    modes: Vec<Bytes>,
    borders: Vec<f64>,
    yes: Vec<i64>,
    no: Vec<i64>,
    missing_is_yes: Vec<i64>,
    leaf_trees: Vec<i64>,
    leaf_nodes: Vec<i64>,
    leaf_values: Vec<f64>,
}

impl Ensemble {
    /// Adds an oblivious tree; `border` says which value answers yes to a question, and all above it.
    ///
    /// Nodes are numbered level by level: those below node n are 2n + 1 (no) and 2n + 2 (yes).
    pub(super) fn add_tree(&mut self, tree: &Tree, border: impl Fn(Question) -> f64) {
        for (level, question) in tree.questions.iter().enumerate() {
            for node in (1_i64 << level) - 1..(2 << level) - 1 {
                let missing_is_yes = question.missing_is_above;
                let at = self.question(i64::from(question.column), border(*question), missing_is_yes);
                self.no[at] = 2 * node + 1;
                self.yes[at] = 2 * node + 2;
            }
        }
        // From left to right the answers count up, the root's in the highest bit; a leaf's number has it in the lowest.
        let depth = tree.questions.len();
        for place in 0..tree.values.len() {
            let leaf: usize = (0..depth).map(|bit| (place >> bit & 1) << (depth - 1 - bit)).sum();
            self.leaf(tree.values[leaf]);
        }
        self.trees += 1;
    }

    /// Adds a tree of one leaf, which adds nothing: an ensemble must have a tree.
    pub(super) fn add_nothing(&mut self) {
        self.leaf(0);
        self.trees += 1;
    }

    /// Adds the points of a column as a tree: by code, the first for rows without a value, the others between
    /// ascending borders.
    pub(super) fn add_points(&mut self, feature: i64, borders: &[f32], points: &[i32]) {
        let Some((missing, points)) = points.split_first() else { return };
        let root = self.question(feature, ANY_VALUE, false);
        self.no[root] = self.next();
        self.leaf(*missing);
        self.yes[root] = self.next();
        self.add_bins(feature, borders, points);
        self.trees += 1;
    }

    /// A balanced tree over bins, one more than there are borders. Neighbours with equal points share a leaf.
    fn add_bins(&mut self, feature: i64, borders: &[f32], points: &[i32]) {
        let middle = borders.len() / 2;
        let is_flat = points.windows(2).all(|pair| pair[0] == pair[1]);
        match (borders.get(middle), points.first()) {
            (Some(border), _) if !is_flat => {
                let at = self.question(feature, f64::from(*border), false);
                self.no[at] = self.next();
                self.add_bins(feature, &borders[..middle], &points[..=middle]);
                self.yes[at] = self.next();
                self.add_bins(feature, &borders[middle + 1..], &points[middle + 1..]);
            }
            (_, points) => self.leaf(points.copied().unwrap_or(0)),
        }
    }

    /// The number of the next node within its tree.
    fn next(&self) -> i64 {
        match (self.tree_ids.last(), self.node_ids.last()) {
            (Some(tree), Some(node)) if *tree == self.trees => node + 1,
            _ => 0,
        }
    }

    /// Adds a question whose answers lead nowhere yet; answers its place in the lists.
    fn question(&mut self, feature: i64, border: f64, missing_is_yes: bool) -> usize {
        self.node(Bytes::from_static(b"BRANCH_GTE"), feature, border);
        if let Some(last) = self.missing_is_yes.last_mut() {
            *last = i64::from(missing_is_yes);
        }
        self.node_ids.len() - 1
    }

    fn leaf(&mut self, value: i32) {
        self.leaf_trees.push(self.trees);
        self.leaf_nodes.push(self.next());
        self.leaf_values.push(f64::from(value));
        self.node(Bytes::from_static(b"LEAF"), 0, 0.0);
    }

    fn node(&mut self, mode: Bytes, feature: i64, border: f64) {
        self.node_ids.push(self.next());
        self.tree_ids.push(self.trees);
        self.features.push(feature);
        self.modes.push(mode);
        self.borders.push(border);
        self.yes.push(0);
        self.no.push(0);
        self.missing_is_yes.push(0);
    }

    /// Adds the ensemble to a graph: from doubles, shape [rows, features], to the sum of leaves as floats, shape
    /// [rows, 1].
    pub(super) fn finish(self, graph: &mut Builder, features: &str, wanted: &str) -> String {
        let targets = vec![0; self.leaf_nodes.len()];
        let attributes = vec![
            Attribute::int("n_targets", 1),
            Attribute::ints("nodes_treeids", self.tree_ids),
            Attribute::ints("nodes_nodeids", self.node_ids),
            Attribute::ints("nodes_featureids", self.features),
            Attribute::strings("nodes_modes", self.modes),
            Attribute::tensor("nodes_values_as_tensor", Tensor::doubles(self.borders)),
            Attribute::ints("nodes_truenodeids", self.yes),
            Attribute::ints("nodes_falsenodeids", self.no),
            Attribute::ints("nodes_missing_value_tracks_true", self.missing_is_yes),
            Attribute::ints("target_treeids", self.leaf_trees),
            Attribute::ints("target_nodeids", self.leaf_nodes),
            Attribute::ints("target_ids", targets),
            Attribute::tensor("target_weights_as_tensor", Tensor::doubles(self.leaf_values)),
        ];
        graph.node(ML, "TreeEnsembleRegressor", &[features], wanted, attributes)
    }
}
