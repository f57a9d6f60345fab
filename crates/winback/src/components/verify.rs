//! `verify`: a registered package is whole: each file is the one that its manifest names, the manifest the one that the
//! ledger names, and the model can be loaded.

use winback_flow::{Component, Task, Type, Value, Values};

use crate::desk::{Desk, outputs};
use crate::error::Result;
use crate::steps::register::named;

pub(crate) fn component() -> Component {
    Component::new("verify", 1, "hold each file of the package to its digest")
        .takes("model", Type::Text)
        .gives("digest", Type::Text)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let version = named(desk, task)?;
    desk.bucket.package(&version)?;
    Ok(outputs([("digest", Value::of(version.digest.to_string()))]))
}
