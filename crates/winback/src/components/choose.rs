//! `choose`: which model scores: the champion as it is now, written down so that a repetition uses the same.

use winback_flow::{Alias, Component, ModelVersion, Task, Type, Value, Values};

use crate::desk::{Desk, outputs};
use crate::error::Result;
use crate::steps::opened::overridden;

pub(crate) fn component() -> Component {
    Component::new("choose", 1, "look up the champion, and the challenger if there is one")
        .gives("model", Type::Text)
        .gives("digest", Type::Text)
        .may_give("challenger", Type::Text)
        .may_give("warning", Type::Text)
}

pub(crate) fn run(desk: &Desk, _task: &Task) -> Result<Values> {
    let champion = desk.bucket.champion(&desk.settings)?;
    let name = |version: &ModelVersion| format!("{}/{}", version.model, version.version);
    let mut given =
        outputs([("model", Value::of(name(&champion))), ("digest", Value::of(champion.digest.to_string()))]);
    if let Some(warning) = overridden(&champion) {
        given.insert("warning".to_owned(), Value::of(warning));
    }
    let challenger = desk.bucket.registry.alias(&champion.model, Alias::Challenger);
    if let Some(challenger) = desk.bucket.wait(challenger)?.filter(|other| other.version != champion.version)
    {
        given.insert("challenger".to_owned(), Value::of(name(&challenger)));
    }
    Ok(given)
}
