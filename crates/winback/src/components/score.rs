//! `score`: every customer of a weekly file scored and explained; rows that cannot be used put aside with their reasons.

use std::path::Path;

use serde_json::json;
use winback_flow::{Component, Task, Type, Value, Values};
use winback_retain::findings::Severity;
use winback_retain::report::{About, Gathering};
use winback_retain::{drift, page};
use winback_table::reader::Repeats;
use winback_table::{Error as Table, Role};

use super::close::{QUARANTINE_FOLDER, under_free_name};
use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs, parameter};
use crate::error::{self, Result, ResultExt as _, UserError};
use crate::steps::notes::{expected_unknown, notes};
use crate::steps::opened::scorer;
use crate::steps::register::named;

use crate::steps::score::{BANDS, QUARANTINE, Week, beside, score};
use crate::steps::shadow;
use crate::steps::train::options;

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("score", 2, "score and explain every customer of the file")
        .takes("file", Type::file("customers"))
        .takes("name", Type::Text)
        .takes("model", Type::Text)
        .takes("digest", Type::Text)
        .may_take("warning", Type::Text)
        .may_take("challenger", Type::Text)
        .gives("scores", Type::file("scores"))
        .gives("page", Type::file("page"))
        .gives("summary", Type::Json)
        .gives("week", Type::Json)
        .may_give("rejected", Type::file("quarantine"))
        .may_give("shadow", Type::Json)
        .depends_on(settings.of_scoring())
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let (file, name): (_, String) = (task.inputs.file("file")?, task.inputs.parameter("name")?);
    let model: String = task.inputs.parameter("model")?;
    let warning: Option<String> = task.inputs.parameter("warning")?;
    let package = desk.bucket.package(&named(desk, task)?)?;
    let (known, expected) = (package.schema.clone(), expected_unknown(&package));
    let importance = package.importance.clone();
    let weight =
        |name: &str| importance.iter().find(|column| column.name == name).map_or(0.0, |column| column.share);
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let key = schema.with_role(Role::Key).map(|field| field.name.clone());
    let mut gathering = Gathering::new(None, key.is_some());
    let scorer = scorer(&desk.settings, package, key, &model)?;
    let output = desk.folder(task)?.join("scores.csv");
    let progress = desk.printer.progress("scoring", "customers", None);
    let week = Week {
        inputs: vec![desk.input_called(&desk.bring(file)?, &name)],
        output: &output,
        options: options(&desk.settings, Repeats::Rejected),
        reject_limit: desk.settings.data.reject_limit,
    };
    let summary = score(&scorer, &schema, week, Some(&mut gathering), &|rows| progress.set(rows));
    drop(progress);
    let summary = match summary {
        Err(error) if is_too_much(&error) => return refuse(desk, task, &name, &output, &error),
        summary => summary?,
    };
    let challenger: Option<String> = task.inputs.parameter("challenger")?;
    let shadow = challenger.map(|challenger| shadow::told(desk, file, &challenger, &output));
    desk.unchanged([file])?;
    let notes = notes(&summary, &known, &expected);
    let about =
        About { file: name, model_version: model, read: summary.tally.read, notes: notes.clone(), warning };
    let mut report = scorer.report(gathering, about);
    let of_week = drift::Week::new(&report, &weight);
    let findings = of_week.judge().findings.into_iter().filter(|finding| finding.severity == Severity::Warn);
    report.notes.extend(findings.map(|finding| format!("{} ({})", finding.message, finding.evidence)));
    report.notes.extend(shadow.iter().map(|shadow| shadow.in_words.clone()));
    let bands: serde_json::Map<String, serde_json::Value> = BANDS
        .iter()
        .zip(summary.bands)
        .map(|(band, customers)| (band.name().to_owned(), customers.into()))
        .collect();
    let told = json!({
        "read": summary.tally.read,
        "scored": summary.tally.kept,
        "quarantined": summary.tally.rejected,
        "risk_bands": bands,
        "mean_probability": summary.mean_probability,
        "notes": notes,
    });
    let mut given = outputs([
        ("scores", Value::File(desk.keep_file(&output)?)),
        ("page", Value::File(desk.keep(page::scored(&report))?)),
        ("summary", parameter(&told)?),
        ("week", parameter(&of_week)?),
    ]);
    if let Some(shadow) = shadow {
        given.insert("shadow".to_owned(), Value::Parameter(shadow.told));
    }
    if let Some(rejected) = &summary.quarantine {
        given.insert("rejected".to_owned(), Value::File(desk.keep_file(rejected)?));
    }
    Ok(given)
}

fn is_too_much(error: &anyhow::Error) -> bool {
    let is = |cause: &&(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(Table::TooManyRejects { .. }))
    };
    error::causes(error).iter().any(is)
}

/// Keeps the rows that were too many, for whoever mends the file.
fn refuse(desk: &Desk, task: &Task, name: &str, output: &Path, error: &anyhow::Error) -> Result<Values> {
    let rows = desk.keep_file(&beside(output, QUARANTINE))?;
    let file = task.inputs.file("file")?;
    let folder = format!("{QUARANTINE_FOLDER}/{name}/{}", file.digest.short());
    let (store, from) = (&desk.bucket.store, format!("artifacts/{}", rows.digest));
    let put = async |path: &str| store.copy_once(&from, path).await;
    let path = desk.bucket.wait(under_free_name(&folder, "rows", "csv", put))?;
    let many = error::causes(error).into_iter().find_map(|cause| match cause.downcast_ref() {
        Some(Table::TooManyRejects { rejected, read, limit_percent, .. }) => {
            Some(format!("{rejected} of {read} rows were rejected, more than the limit of {limit_percent} %"))
        }
        _ => None,
    });
    Err(UserError::new(many.unwrap_or_default()))
        .hint(format!("`{path}` lists them; `reject_limit` under `[data]` lets more rows be rejected"))
}
