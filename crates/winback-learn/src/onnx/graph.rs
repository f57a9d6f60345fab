//! A graph in the making: inputs first, then one node after the other, each named by what it answers.

use std::collections::BTreeSet;

use super::proto::{Attribute, Graph, Node, Tensor, ValueInfo};

/// The operators of ONNX itself, and the version of them that is asked for.
pub(super) const CORE: (&str, i64) = ("", 17);
/// The operators for classical models.
pub(super) const ML: (&str, i64) = ("ai.onnx.ml", 3);

/// A graph in the making.
pub(super) struct Builder {
    graph: Graph,
    /// Names that are given: in a graph no two values may share one.
    taken: BTreeSet<String>,
}

impl Builder {
    /// A graph with these inputs.
    pub(super) fn new(name: &str, inputs: Vec<ValueInfo>) -> Self {
        let taken = inputs.iter().map(|input| input.name.clone()).collect();
        Self { graph: Graph { name: name.to_owned(), input: inputs, ..Graph::default() }, taken }
    }

    /// A name nobody has: the wanted one, with underscores behind it where an input or a value before has that.
    fn free(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// Adds a constant; answers its name.
    pub(super) fn constant(&mut self, wanted: &str, value: Tensor) -> String {
        let name = self.free(wanted);
        self.graph.initializer.push(Tensor { name: name.clone(), ..value });
        name
    }

    /// Adds a node with one output; answers the name of that.
    pub(super) fn node(
        &mut self,
        (domain, _): (&str, i64),
        operator: &str,
        inputs: &[&str],
        wanted: &str,
        attributes: Vec<Attribute>,
    ) -> String {
        let output = self.free(wanted);
        self.graph.node.push(Node {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.clone()],
            name: output.clone(),
            op_type: operator.to_owned(),
            attribute: attributes,
            domain: domain.to_owned(),
        });
        output
    }

    /// Sets columns of one type side by side: shape [rows, as many as there are].
    pub(super) fn beside(&mut self, columns: &[String], wanted: &str) -> String {
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        self.node(CORE, "Concat", &columns, wanted, vec![Attribute::int("axis", 1)])
    }

    /// Makes another type of a value.
    pub(super) fn cast(&mut self, value: &str, element: i32, wanted: &str) -> String {
        self.node(CORE, "Cast", &[value], wanted, vec![Attribute::int("to", i64::from(element))])
    }

    /// The graph with its one output, which must be the answer of a node.
    pub(super) fn finish(mut self, output: ValueInfo) -> Graph {
        self.graph.output = vec![output];
        self.graph
    }
}
