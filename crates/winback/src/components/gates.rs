//! `gates`: what keeps the model from becoming champion by itself. It changes nothing; `promote` does.

use serde_json::json;
use winback_flow::{Component, Task, Type, Values};

use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::Result;
use crate::steps::register::{self, named};
use crate::steps::{evidence, train};

pub(crate) fn component() -> Component {
    Component::new("gates", 1, "hold the model to the gates, and to the champion on the same unseen rows")
        .takes("model", Type::Text)
        .takes("digest", Type::Text)
        .may_take("evidence", Type::file("evidence"))
        .may_take("files", Type::file("customers").list())
        .gives("closed", Type::Json)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let version = named(desk, task)?;
    let package = desk.bucket.package(&version)?;
    let judged = if task.inputs.has("evidence") && task.inputs.has("files") {
        let evidence = evidence::load(&desk.read(task.inputs.file("evidence")?)?)?;
        let files = task.inputs.files("files")?;
        Some((evidence, train::history(desk, &files, &package.schema)?))
    } else {
        None
    };
    let judged = judged.as_ref().map(|(evidence, history)| (evidence, history));
    let closed = register::closed(&desk.bucket, &version, &package, judged)?;
    let closed: Vec<_> =
        closed.iter().map(|closed| json!({ "gate": closed.gate, "reason": closed.reason })).collect();
    Ok(outputs([("closed", parameter(&closed)?)]))
}
