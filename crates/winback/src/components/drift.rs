//! `drift`: whether the week's customers are still those of the training. It never stops scoring; what is beyond a limit
//! asks for a training.

use winback_flow::{Component, Task, Type, Value, Values};
use winback_retain::drift::Week;

use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::Result;

pub(crate) fn component() -> Component {
    Component::new("drift", 1, "compare the file with the training")
        .takes("week", Type::Json)
        .gives("findings", Type::Json)
        .gives("asks_for_training", Type::Flag)
}

pub(crate) fn run(_desk: &Desk, task: &Task) -> Result<Values> {
    let week: Week = task.inputs.parameter("week")?;
    let judged = week.judge();
    Ok(outputs([
        ("findings", parameter(&judged.findings)?),
        ("asks_for_training", Value::of(judged.asks_for_training)),
    ]))
}
