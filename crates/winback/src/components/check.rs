//! `check`: what the leak guard finds in the history, before any figure of a model is believed.

use winback_flow::{Component, Task, Type, Values};

use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::Result;
use crate::steps::train::{self, reopen};

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("check", 1, "look for columns that know the outcome")
        .takes("files", Type::file("customers").list())
        .takes("schema", Type::file("schema"))
        .gives("findings", Type::Json)
        .depends_on(settings.of_checking())
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let files = task.inputs.files("files")?;
    // Another history may have come since the run began: better told now than after the work.
    desk.unchanged(files.iter().copied())?;
    let history = reopen(desk, &files, task.inputs.file("schema")?)?;
    let findings = train::examine(&desk.settings, &history)?;
    desk.unchanged(files)?;
    Ok(outputs([("findings", parameter(&findings)?)]))
}
