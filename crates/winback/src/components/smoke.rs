//! `smoke`: the model scores made rows, and says of them what it said when it was trained, with effects that add up.

use winback_flow::{Component, Task, Type, Value, Values};
use winback_learn::package::{Package, SMOKE};
use winback_learn::smoke;

use crate::desk::{Desk, outputs};
use crate::error::{Result, ResultExt as _};
use crate::steps::register::named;

pub(crate) fn component() -> Component {
    Component::new("smoke", 1, "score made rows, and hold them to what training recorded")
        .takes("model", Type::Text)
        .takes("digest", Type::Text)
        .gives("rows", Type::Number)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let version = named(desk, task)?;
    let files = desk.bucket.wait(desk.bucket.registry.fetch(&version.model, version.version))?;
    let package = Package::from_files(&files)?;
    let recorded = files.iter().find(|(name, _)| name == SMOKE).map(|(_, bytes)| bytes.as_ref());
    let rows = smoke::test(&package.model, &package.profile, recorded);
    let rows = rows.users("the model does not score as its training recorded")?;
    Ok(outputs([("rows", Value::of(rows))]))
}
