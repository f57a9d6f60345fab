//! `fit`: the whole procedure of learning, from split to explanation, which decides on the way what the next part of it
//! does: so it is one step. What it makes is a package, and what judges it later.

use std::collections::BTreeMap;

use winback_flow::{Component, Task, Type, Value, Values};
use winback_retain::findings::Finding;

use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::Result;
use crate::steps::train::{self, reopen};
use crate::steps::{evidence, out_of_fold, report};
use crate::wire::joined;

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("fit", 1, "learn, calibrate, judge on rows not learnt from, explain")
        .takes("files", Type::file("customers").list())
        .takes("schema", Type::file("schema"))
        .takes("findings", Type::Json)
        .gives("package", Type::folder("model"))
        .gives("out_of_fold", Type::file("out-of-fold"))
        .gives("evidence", Type::file("evidence"))
        .gives("findings", Type::Json)
        .gives("report", Type::Json)
        .gives("history", Type::Text)
        .depends_on(settings.of_training())
        .long()
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let files = task.inputs.files("files")?;
    // Another history may have come since the run began: better told now than after the work.
    desk.unchanged(files.iter().copied())?;
    let history = reopen(desk, &files, task.inputs.file("schema")?)?;
    let findings: Vec<Finding> = task.inputs.parameter("findings")?;
    let progress = desk.printer.progress("learning", "parts", Some(1));
    let mut made = train::learn(&desk.settings, &history, findings, &|done, total| {
        progress.set_of(done, total);
        !task.stop.is_raised()
    })?;
    drop(progress);
    let digests: Vec<_> = files.iter().map(|file| file.digest).collect();
    let digest = joined(&digests).to_string();
    made.package.page = Some(report::of_model(&desk.settings, &made, &history, &digest)?);
    desk.unchanged(files)?;
    let mut package = BTreeMap::new();
    for (name, bytes) in made.package.files() {
        package.insert(name, desk.keep(bytes)?);
    }
    Ok(outputs([
        ("package", Value::Folder(package)),
        ("out_of_fold", Value::File(desk.keep(out_of_fold::save(&made.out_of_fold, &made.identities)?)?)),
        ("evidence", Value::File(desk.keep(evidence::save(&made.out_of_fold, &made.groups)?)?)),
        ("findings", parameter(&made.findings)?),
        ("report", parameter(&made.package.report)?),
        ("history", Value::of(digest)),
    ]))
}
