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
        .may_take("champion", Type::Number)
        .takes("smoke", Type::Number)
        .gives("promoted", Type::Flag)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let mut version = named(desk, task)?;
    let closed: Vec<Gate> = task.inputs.parameter("closed")?;
    let judged_against: Option<u64> = task.inputs.parameter("champion")?;
    let registry = &desk.bucket.registry;
    let (model, number) = (version.model.clone(), version.version);
    let model = model.as_str();
    let by = format!("run {}", task.run);
    // Each of these does nothing where something was decided before, by this step before it was killed or by a person.
    if closed.is_empty() {
        let reason = "no gate stands closed";
        version = desk.bucket.wait(registry.promote_first(model, number, judged_against, &by, reason))?;
        if is_undecided(&version) {
            let reason =
                "the champion changed while it was judged; `winback models promote` decides".to_owned();
            let gate = Gate { gate: "champion".to_owned(), reason };
            version = desk.bucket.wait(registry.refuse_first(model, number, vec![gate]))?;
        }
    } else {
        // One that is sound and only not better is tried beside the champion.
        let is_sound = closed.iter().all(|gate| gate.gate == "champion");
        version = desk.bucket.wait(registry.refuse_first(model, number, closed.clone()))?;
        let is_ours = version.refusals.last().is_some_and(|refusal| refusal.gates == closed);
        if is_sound && is_ours {
            let reason = "tried beside the champion";
            version = desk.bucket.wait(registry.challenge_first(model, number, &by, reason))?;
        }
    }
    Ok(outputs([("promoted", Value::of(version.aliases.contains(&Alias::Champion)))]))
}
