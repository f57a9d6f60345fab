//! `shadow`: the challenger scores the same file, for comparison alone: nobody is contacted on its word.

use serde_json::json;
use winback_flow::{Component, Task, Type, Values};
use winback_table::Role;
use winback_table::reader::Repeats;

use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::Result;
use crate::steps::opened::scorer;
use crate::steps::register::named;
use crate::steps::score::{Week, score};
use crate::steps::shadow::compare;
use crate::steps::train::options;

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("shadow", 1, "score the file with the challenger too, and compare")
        .takes("file", Type::file("customers"))
        .takes("model", Type::Text)
        .takes("scores", Type::file("scores"))
        .gives("comparison", Type::Json)
        .depends_on(settings.of_scoring())
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let (file, model): (_, String) = (task.inputs.file("file")?, task.inputs.parameter("model")?);
    let package = desk.bucket.package(&named(desk, task)?)?;
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let key = schema.with_role(Role::Key).map(|field| field.name.clone());
    let scorer = scorer(&desk.settings, package, key, &model)?;
    let output = desk.folder(task)?.join("scores.csv");
    let week = Week {
        inputs: vec![desk.input(&desk.bring(file)?)],
        output: &output,
        options: options(&desk.settings, Repeats::Rejected),
        reject_limit: desk.settings.data.reject_limit,
    };
    score(&scorer, &schema, week, None, &|_| ())?;
    desk.unchanged([file])?;
    let champions = desk.bring(task.inputs.file("scores")?)?;
    let compared = compare(&champions, &output, desk.settings.data.limits)?;
    let told = json!({
        "challenger": model,
        "customers": compared.customers,
        "mean_probability": compared.mean_probability,
        "mean_difference": compared.mean_difference,
        "mean_absolute_difference": compared.mean_absolute_difference,
        "in_another_band": compared.in_another_band,
    });
    Ok(outputs([("comparison", parameter(&told)?)]))
}
