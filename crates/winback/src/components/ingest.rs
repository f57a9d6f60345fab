//! `ingest`: the history under a schema that its values and the settings make together; rows that cannot be used are put
//! aside with their reasons.

use serde_json::json;
use winback_flow::{Component, Task, Type, Value, Values};
use winback_table::Source as _;

use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::{Result, ResultExt as _};
use crate::steps::train;

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("ingest", 1, "read the history, tell its columns, put aside what cannot be used")
        .takes("files", Type::file("customers").list())
        .gives("schema", Type::file("schema"))
        .gives("rows", Type::Json)
        .may_give("rejected", Type::file("quarantine"))
        .depends_on(settings.of_tables())
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let files = task.inputs.files("files")?;
    let paths = files.iter().map(|file| desk.bring(file)).collect::<Result<Vec<_>>>()?;
    let inputs: Vec<_> = paths.iter().map(|path| desk.input(path)).collect();
    let progress = desk.printer.progress("reading the history", "rows", None);
    let history = train::ingest(&desk.settings, &inputs, &mut |rows| progress.set(rows))?;
    // A first pass to the end: it counts what is rejected, and refuses too much of it.
    let read: winback_table::Result<()> = history.open()?.try_for_each(|batch| batch.map(drop));
    drop(progress);
    let rejected = history.rejected()?.map(|rejected| desk.keep(rejected.bytes)).transpose()?;
    let told = rejected
        .as_ref()
        .map(|rejected| format!("`artifacts/{}` lists the rows that were rejected", rejected.digest));
    if let Some(told) = &told {
        read.hint(told.clone())?;
    } else {
        read?;
    }
    desk.unchanged(files)?;
    let tally = history.tally();
    let oddities: Vec<String> = history.oddities().iter().map(ToString::to_string).collect();
    let rows =
        json!({ "read": tally.read, "kept": tally.kept, "rejected": tally.rejected, "oddities": oddities });
    let schema = desk.keep(history.schema().to_json())?;
    let mut given = outputs([("schema", Value::File(schema)), ("rows", parameter(&rows)?)]);
    if let Some(rejected) = rejected {
        given.insert("rejected".to_owned(), Value::File(rejected));
    }
    Ok(given)
}
