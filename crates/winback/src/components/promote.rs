//! `promote`: champion if no gate stands closed, else refused; either way a record of the ledger, made once for each run.

use winback_flow::{Alias, Component, Gate, Task, Type, Value, Values};

use crate::desk::{Desk, Inputs as _, outputs};
use crate::error::Result;
use crate::steps::register::{is_undecided, named};

pub(crate) fn component() -> Component {
    Component::new("promote", 1, "make it champion, or record why not")
        .takes("model", Type::Text)
        .takes("digest", Type::Text)
        .takes("closed", Type::Json)
        .takes("smoke", Type::Number)
        .gives("promoted", Type::Flag)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let version = named(desk, task)?;
    let closed: Vec<Gate> = task.inputs.parameter("closed")?;
    let registry = &desk.bucket.registry;
    let (model, number) = (version.model.as_str(), version.version);
    let by = format!("run {}", task.run);
    // Decided once: what a person has decided since is not undone by a step that comes late.
    let version = if !is_undecided(&version) {
        version
    } else if closed.is_empty() {
        let reason = "no gate stands closed";
        desk.bucket.wait(registry.promote_first(model, number, Alias::Champion, &by, reason))?
    } else {
        // One that is sound and only not better is tried beside the champion.
        let is_sound = closed.iter().all(|gate| gate.gate == "champion");
        let refused = desk.bucket.wait(registry.refuse(model, number, Alias::Champion, closed))?;
        if is_sound {
            let reason = "tried beside the champion";
            desk.bucket.wait(registry.promote(model, number, Alias::Challenger, &by, reason, &[]))?
        } else {
            refused
        }
    };
    Ok(outputs([("promoted", Value::of(version.aliases.contains(&Alias::Champion)))]))
}
