//! `record`: what became of customers is written down as it came, for what measures campaigns.

use anyhow::Context as _;
use winback_flow::{Artifact, Component, Task, Type, Value, Values};

use crate::desk::{Desk, Inputs as _, outputs};
use crate::error::{Result, ResultExt as _};

pub(crate) fn component() -> Component {
    Component::new("record", 1, "keep the outcomes, by digest")
        .takes("file", Type::file("outcomes"))
        .gives("outcomes", Type::file("outcomes"))
        .gives("lines", Type::Number)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let file: &Artifact = task.inputs.file("file")?;
    // A copy of ours, which nobody writes to while it is kept.
    let path = desk.folder(task)?.join("outcomes");
    std::fs::copy(desk.bring(file)?, &path).context("cannot copy the outcomes")?;
    let kept = desk.keep_file(&path)?;
    desk.unchanged([file])?;
    let lines = count_lines(desk, &path)?;
    Ok(outputs([("outcomes", Value::File(kept)), ("lines", Value::of(lines))]))
}

/// Lines of a CSV file, its header included; a quick measure of how much came.
fn count_lines(desk: &Desk, path: &std::path::Path) -> Result<u64> {
    let mut reader = desk.input(path).open().users(format!("cannot read `{}`", path.display()))?;
    let (mut lines, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        let count = reader.read(&mut buffer).users(format!("cannot read `{}`", path.display()))?;
        if count == 0 {
            return Ok(lines);
        }
        lines += buffer[..count].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}
