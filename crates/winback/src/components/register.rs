//! `register`: the package becomes a version of the model. The same package is registered once.

use winback_flow::{Component, Task, Type, Value, Values};
use winback_retain::findings::Finding;

use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs};
use crate::error::Result;
use crate::steps::register::{self, Kept};

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("register", 1, "make the package a version of the model")
        .takes("package", Type::folder("model"))
        .takes("out_of_fold", Type::file("out-of-fold"))
        .takes("evidence", Type::file("evidence"))
        .takes("findings", Type::Json)
        .takes("history", Type::Text)
        .gives("model", Type::Text)
        .gives("undecided", Type::Flag)
        .depends_on(serde_json::json!({ "name": settings.train.name }))
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let Some(Value::Folder(package)) = task.inputs.get("package") else {
        anyhow::bail!("the step was given no package: this is a fault of winback");
    };
    let mut files = Vec::new();
    for (name, artifact) in package {
        files.push((name.clone(), desk.read(artifact)?));
    }
    let findings: Vec<Finding> = task.inputs.parameter("findings")?;
    let history: String = task.inputs.parameter("history")?;
    let (out_of_fold, evidence) =
        (task.inputs.file("out_of_fold")?.digest, task.inputs.file("evidence")?.digest);
    let name = &desk.settings.train.name;
    let version =
        register::publish(&desk.bucket, name, files, Kept { out_of_fold, evidence }, &findings, &history)?;
    Ok(outputs([
        ("model", Value::of(format!("{}/{}", version.model, version.version))),
        // Asked of the registry and not of this run, so that a repetition after a kill says the same.
        ("undecided", Value::of(register::is_undecided(&version))),
    ]))
}
