//! The rules of a graph, one function each. Each answers what it finds wrong, in words, with the step's name.

use std::collections::BTreeSet;

use super::{Pipeline, Source, Step};
use crate::component::{Component, Components};
use crate::error::check_name;
use crate::value::{Type, Value};

/// Everything that is wrong, the most basic first.
pub(super) fn problems(pipeline: &Pipeline, components: &Components) -> Vec<String> {
    let mut problems: Vec<String> = names(pipeline).into_iter().chain(order(pipeline)).collect();
    for step in &pipeline.steps {
        let Some(component) = components.get(step.component.as_str()) else {
            problems.push(format!(
                "step `{}` uses the component `{}`, which is unknown",
                step.name, step.component
            ));
            continue;
        };
        problems.extend(inputs(pipeline, components, step, component));
        problems.extend(conditions(pipeline, components, step));
        problems.extend(fan_out(pipeline, components, step, component));
    }
    problems
}

/// Names are plain and unique.
fn names(pipeline: &Pipeline) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for Step { name, .. } in &pipeline.steps {
        if name.split('/').any(|part| check_name("step", part).is_err()) {
            problems.push(format!(
                "`{name}` cannot name a step: use letters, digits, `-`, `_`, and `/` between parts"
            ));
        }
        if !seen.insert(name) {
            problems.push(format!("two steps are called `{name}`"));
        }
    }
    problems
}

/// A step comes after all it needs, so there is no circle; and what runs at the end is needed by nobody.
fn order(pipeline: &Pipeline) -> Vec<String> {
    let mut before = BTreeSet::new();
    let mut problems = Vec::new();
    for step in &pipeline.steps {
        for need in step.needs() {
            let name = &step.name;
            match pipeline.find(need) {
                None => problems.push(format!("step `{name}` needs the step `{need}`, which is not there")),
                Some(_) if !before.contains(need) => problems.push(format!(
                    "step `{name}` needs `{need}`, which does not come before it: mend the order, or break the circle"
                )),
                Some(needed) if needed.exit && !step.exit => {
                    problems.push(format!("step `{name}` needs `{need}`, which runs only when all others have ended"));
                }
                Some(_) => {}
            }
        }
        if step.cache && step.sources().any(|source| *source == Source::Status) {
            problems.push(format!("step `{}` asks how the run stands, so it has to run in each", step.name));
        }
        before.insert(step.name.as_str());
    }
    problems
}

/// Every input of the component is given something of its type, and nothing else is given.
fn inputs(pipeline: &Pipeline, components: &Components, step: &Step, component: &Component) -> Vec<String> {
    let mut problems = Vec::new();
    for port in &component.inputs {
        let Some(source) = step.inputs.get(port.name) else {
            if !port.optional {
                problems.push(format!("step `{}` is not given the input `{}`", step.name, port.name));
            }
            continue;
        };
        if !port.optional && matches!(source, Source::Output { if_given: true, .. }) {
            let (name, source) = (&step.name, in_words(source));
            problems.push(format!(
                "step `{name}` may go without {source}, but its input `{}` may not",
                port.name
            ));
        }
        let wanted =
            if step.each.as_deref() == Some(port.name) { port.of.clone().list() } else { port.of.clone() };
        problems.extend(typed(pipeline, components, step, source, &wanted));
    }
    for given in step.inputs.keys() {
        if !component.inputs.iter().any(|port| port.name == given) {
            let (step, component) = (&step.name, component.name);
            problems.push(format!("step `{step}` gives `{given}` to `{component}`, which has no such input"));
        }
    }
    problems
}

/// Conditions ask about parameters.
fn conditions(pipeline: &Pipeline, components: &Components, step: &Step) -> Vec<String> {
    let asked = step.when.iter().map(|condition| &condition.source);
    asked.flat_map(|source| typed(pipeline, components, step, source, &Type::Json)).collect()
}

/// What is given one item at a time is an input of the component.
fn fan_out(pipeline: &Pipeline, components: &Components, step: &Step, component: &Component) -> Vec<String> {
    let Some(each) = &step.each else { return Vec::new() };
    if !component.inputs.iter().any(|port| port.name == each) {
        return vec![format!(
            "step `{}` runs for each `{each}`, which `{}` does not take",
            step.name, component.name
        )];
    }
    match step.inputs.get(each).and_then(|source| type_of(pipeline, components, source)) {
        Some(Type::List(_)) | None => Vec::new(),
        Some(other) => {
            vec![format!("step `{}` runs for each `{each}`, which is a {other} and no list", step.name)]
        }
    }
}

/// A source that gives something else than is wanted.
fn typed(
    pipeline: &Pipeline,
    components: &Components,
    step: &Step,
    source: &Source,
    wanted: &Type,
) -> Option<String> {
    let name = &step.name;
    if let Source::Constant(json) = source {
        let fits = wanted.admits(&Value::Parameter(json.clone()));
        return (!fits).then(|| format!("step `{name}` is given {json} where a {wanted} is needed"));
    }
    match type_of(pipeline, components, source) {
        None => Some(format!("step `{name}` is given {}, which is not there", in_words(source))),
        Some(given) if !wanted.takes(&given) => Some(format!(
            "step `{name}` is given {}, a {given}, where a {wanted} is needed",
            in_words(source)
        )),
        Some(_) => None,
    }
}

fn type_of(pipeline: &Pipeline, components: &Components, source: &Source) -> Option<Type> {
    match source {
        Source::Constant(_) | Source::Status => Some(Type::Json),
        Source::Input(name) => pipeline.inputs.get(name).map(|input| input.of.clone()),
        Source::Output { step, output, .. } => {
            let step = pipeline.find(step)?;
            let component = components.get(step.component.as_str())?;
            let port = component.outputs.iter().find(|port| port.name == output)?;
            Some(if step.each.is_some() { port.of.clone().list() } else { port.of.clone() })
        }
    }
}

fn in_words(source: &Source) -> String {
    match source {
        Source::Constant(json) => json.to_string(),
        Source::Status => "how the run stands".to_owned(),
        Source::Input(name) => format!("the pipeline's input `{name}`"),
        Source::Output { step, output, .. } => format!("the output `{output}` of `{step}`"),
    }
}
