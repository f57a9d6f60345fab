//! `publish`: the results under the folder of the file, each written once, and the manifest last, which commits them.
//! Repeating it after a kill writes the same bytes under the same names.

use serde_json::{Value as Json, json};
use winback_flow::{Artifact, Component, Digest, ErrorKind, RunId, Task, Type, Value, Values};

use crate::config::Settings;
use crate::desk::{Desk, Inputs as _, outputs};
use crate::error::{Result, ResultExt as _, UserError};

/// Where results are published.
pub(crate) const OUTPUT_FOLDER: &str = "output_folder";

pub(crate) fn component(settings: &Settings) -> Component {
    Component::new("publish", 1, "write the results, and the manifest that commits them")
        .takes("file", Type::file("customers"))
        .takes("name", Type::Text)
        .takes("scores", Type::file("scores"))
        .takes("page", Type::file("page"))
        .may_take("rejected", Type::file("quarantine"))
        .takes("summary", Type::Json)
        .takes("model", Type::Text)
        .takes("digest", Type::Text)
        .may_take("warning", Type::Text)
        .may_take("drift", Type::Json)
        .may_take("asks_for_training", Type::Flag)
        .may_take("shadow", Type::Json)
        .takes("status", Type::Json)
        .gives("folder", Type::Text)
        .gives("manifest", Type::Text)
        .depends_on(json!({ "drift_blocks": settings.pipelines.drift_blocks }))
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let (file, name): (&Artifact, String) = (task.inputs.file("file")?, task.inputs.parameter("name")?);
    let folder = folder(&name, &file.digest, task.run.as_str());
    let asks: Option<bool> = task.inputs.parameter("asks_for_training")?;
    if asks == Some(true) && desk.settings.pipelines.drift_blocks {
        let beyond = UserError::new("the file's customers differ too much from those of the training");
        return Err(beyond).hint(
            "the settings say that drift blocks; look at the run's findings, and train on newer history",
        );
    }
    let parameter = |input: &str| task.inputs.get(input).and_then(Value::json).cloned().unwrap_or(Json::Null);
    let mut files = serde_json::Map::new();
    for (input, published) in
        [("scores", "scores.csv"), ("page", "report.html"), ("rejected", "quarantine.csv")]
    {
        if task.inputs.has(input) {
            let artifact = task.inputs.file(input)?;
            copy(desk, artifact, &format!("{folder}/{published}"))?;
            files.insert(published.to_owned(), json!({ "sha256": artifact.digest, "size": artifact.size }));
        }
    }
    let manifest = json!({
        "format": 1,
        "run": task.run,
        "file": { "name": name, "sha256": file.digest, "size": file.size },
        "model": { "version": parameter("model"), "digest": parameter("digest"), "warning": parameter("warning") },
        "summary": parameter("summary"),
        "drift": {
            "findings": parameter("drift"),
            "asks_for_training": asks,
            // Whoever learns from the same history learns the same.
            "training": asks.unwrap_or(false).then_some("asked for; a training on unchanged history gives the same model, so it waits for new history"),
        },
        "shadow": parameter("shadow"),
        "failures": parameter("status")["failures"],
        "files": files,
    });
    let path = format!("{folder}/manifest.json");
    let text = format!("{manifest:#}\n");
    commit(desk, &path, text, &task.run)?;
    point(desk, &name, &folder)?;
    Ok(outputs([("folder", Value::of(folder)), ("manifest", Value::of(path))]))
}

/// Writes the manifest. One that is there already is right if it is of this very run: a repetition may word it anew.
fn commit(desk: &Desk, path: &str, text: String, run: &RunId) -> Result<()> {
    let store = &desk.bucket.store;
    desk.bucket.wait(async {
        match store.put_new(path, text.into()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let there = store.get(path).await?;
                let is_ours =
                    serde_json::from_slice::<Json>(&there).is_ok_and(|there| there["run"] == run.as_str());
                if is_ours { Ok(()) } else { Err(error) }
            }
            outcome => outcome,
        }
    })
}

/// The folder of a file's results; a forced repetition has one of its own.
fn folder(name: &str, digest: &Digest, run: &str) -> String {
    let round = run
        .rsplit_once("-r")
        .map(|(_, round)| round)
        .filter(|round| round.bytes().all(|byte| byte.is_ascii_digit()));
    let round = round.map_or_else(String::new, |round| format!("-r{round}"));
    format!("{OUTPUT_FOLDER}/{name}/{}{round}", digest.short())
}

fn copy(desk: &Desk, artifact: &Artifact, to: &str) -> Result<()> {
    let from = format!("artifacts/{}", artifact.digest);
    desk.bucket.wait(desk.bucket.store.copy_once(&from, to))
}

/// The pointer for people and tools. Nothing of ours reads it, and where two write at a time either may stay.
fn point(desk: &Desk, name: &str, folder: &str) -> Result<()> {
    let store = &desk.bucket.store;
    let path = format!("{OUTPUT_FOLDER}/{name}/latest.json");
    let text = format!("{:#}\n", json!({ "folder": folder, "manifest": format!("{folder}/manifest.json") }));
    desk.bucket.wait(async {
        store.delete(&path).await?;
        match store.put_new(&path, text.into()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome,
        }
    })
}
