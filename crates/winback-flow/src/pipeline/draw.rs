//! A pipeline as a picture: for the terminal as an indented list in the order of its steps, for Graphviz as DOT.

use std::fmt::Write as _;

use super::{Pipeline, Source, Step};

impl Pipeline {
    /// The graph in the language of Graphviz: solid arrows carry values, dashed ones only order.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", quoted(&self.name));
        for (name, input) in &self.inputs {
            let label = quoted(&format!("{name}\n{}", input.of));
            writeln!(text, "  {} [shape=ellipse, label={label}];", quoted(&input_node(name)))
                .expect("text grows without end");
        }
        for step in &self.steps {
            let style = if step.when.is_empty() { "" } else { ", style=dashed" };
            let label = quoted(&match step.name.rsplit('/').next() {
                Some(last) if last == step.component => step.name.clone(),
                _ => format!("{}\n({})", step.name, step.component),
            });
            writeln!(text, "  {} [label={label}{style}];", quoted(&step.name))
                .expect("text grows without end");
            for (from, label, is_order) in arrows(step) {
                let style = if is_order { "style=dashed" } else { "" };
                let label =
                    if label.is_empty() { String::new() } else { format!("label={}", quoted(&label)) };
                let both = [label.as_str(), style]
                    .iter()
                    .filter(|part| !part.is_empty())
                    .copied()
                    .collect::<Vec<_>>();
                let (from, to) = (quoted(&from), quoted(&step.name));
                writeln!(text, "  {from} -> {to} [{}];", both.join(", ")).expect("text grows without end");
            }
        }
        text.push_str("}\n");
        text
    }

    /// One line a step: its name, what it is given and from where, and what else decides about it.
    #[must_use]
    pub fn outline(&self) -> Vec<(String, String, String)> {
        self.steps.iter().map(|step| (step.name.clone(), given(step), rules(step))).collect()
    }
}

fn input_node(name: &str) -> String {
    format!("input {name}")
}

/// Where arrows to a step come from, what they carry, and whether they carry only order.
fn arrows(step: &Step) -> Vec<(String, String, bool)> {
    let mut arrows = Vec::new();
    for source in step.sources() {
        match source {
            Source::Constant(_) | Source::Status => {}
            Source::Input(name) => arrows.push((input_node(name), String::new(), false)),
            Source::Output { step, output, .. } => arrows.push((step.clone(), output.clone(), false)),
        }
    }
    arrows.extend(step.after.iter().map(|name| (name.clone(), String::new(), true)));
    arrows.sort();
    arrows.dedup();
    arrows
}

/// Where a step's inputs come from: other steps, and in brackets inputs of the run.
fn given(step: &Step) -> String {
    let mut from: Vec<String> = Vec::new();
    for source in step.inputs.values() {
        let name = match source {
            Source::Constant(_) | Source::Status => continue,
            Source::Input(name) => format!("[{name}]"),
            Source::Output { step, .. } => step.clone(),
        };
        if !from.contains(&name) {
            from.push(name);
        }
    }
    from.sort();
    if from.is_empty() { String::new() } else { format!("← {}", from.join(", ")) }
}

fn rules(step: &Step) -> String {
    let mut rules: Vec<String> = Vec::new();
    rules.extend(step.when.iter().map(|condition| {
        let source = match &condition.source {
            Source::Constant(json) => json.to_string(),
            Source::Status => "the run".to_owned(),
            Source::Input(name) => name.clone(),
            Source::Output { step, output, .. } => format!("{step}.{output}"),
        };
        format!("when {source} is {}", condition.equals)
    }));
    rules.extend(step.each.iter().map(|each| format!("for each {each}")));
    rules.extend(step.waits_for.iter().map(|what| format!("waits for a {what}")));
    let first = |name: &&String| !step.sources().any(|source| source.step() == Some(name.as_str()));
    rules.extend(step.after.iter().filter(first).map(|name| format!("after {name}")));
    if step.exit {
        rules.push("at the end".to_owned());
    }
    if !step.cache {
        rules.push("always".to_owned());
    }
    rules.join(", ")
}

/// A text as DOT writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
