//! `gates`: what keeps the model from becoming champion by itself. It changes nothing; `promote` does.

use serde_json::json;
use winback_flow::{Component, Task, Type, Value, Values};

use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::Result;
use crate::steps::register::{self, named};
use crate::steps::train;
use crate::wire::joined;

pub(crate) fn component() -> Component {
    Component::new("gates", 1, "hold the model to the gates, and to the champion on the same unseen rows")
        .takes("model", Type::Text)
        .takes("digest", Type::Text)
        .may_take("files", Type::file("customers").list())
        .gives("closed", Type::Json)
        .may_give("champion", Type::Number)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let version = named(desk, task)?;
    let package = desk.bucket.package(&version)?;
    let files = if task.inputs.has("files") { task.inputs.files("files")? } else { Vec::new() };
    let digests: Vec<_> = files.iter().map(|file| file.digest).collect();
    // Places of rows mean something only in the history that the version learnt from.
    let is_its = joined(&digests).to_string() == version.details.history;
    let history = is_its.then(|| train::history(desk, &files, &package.schema)).transpose()?;
    let champion = desk.bucket.wait(desk.bucket.registry.champion(&version.model))?;
    let closed = register::closed(&desk.bucket, &version, &package, history.as_ref())?;
    let closed: Vec<_> =
        closed.iter().map(|closed| json!({ "gate": closed.gate, "reason": closed.reason })).collect();
    let mut given = outputs([("closed", parameter(&closed)?)]);
    // Whom it was judged against: a promotion counts only against that one.
    if let Some(champion) = champion {
        given.insert("champion".to_owned(), Value::of(champion.version));
    }
    Ok(given)
}
