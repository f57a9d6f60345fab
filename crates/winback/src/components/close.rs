//! `close`: at the end of a run, whatever became of it: a file that was refused goes to quarantine with the reason, so
//! that nobody has to look for it in a log.

use bytes::Bytes;
use serde_json::{Value as Json, json};
use winback_flow::{Artifact, Component, ErrorKind, Task, Type, Value, Values};

use crate::desk::{Desk, Inputs as _, outputs};
use crate::error::Result;

/// Where refused files and rows are kept.
pub(crate) const QUARANTINE_FOLDER: &str = "quarantine";

pub(crate) fn component() -> Component {
    Component::new("close", 1, "put a refused file into quarantine, with the reason")
        .takes("status", Type::Json)
        .takes("file", Type::file("customers"))
        .takes("name", Type::Text)
        .may_give("quarantine", Type::Text)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let status: Json = task.inputs.parameter("status")?;
    if status["outcome"] != "refused" {
        return Ok(outputs([]));
    }
    let (file, name): (&Artifact, String) = (task.inputs.file("file")?, task.inputs.parameter("name")?);
    let folder = format!("{QUARANTINE_FOLDER}/{name}/{}", file.digest.short());
    let reason = json!({
        "format": 1,
        "run": task.run,
        "file": { "name": name, "sha256": file.digest, "size": file.size },
        "reasons": status["failures"],
        "hint": "mend the file and put it back under the same or another name: other bytes are a new file",
    });
    // The file itself as well, while it still is the one that was refused: whoever mends it in place loses nothing.
    if let Some(winback_flow::Place::Object { path, version }) = &file.place {
        desk.bucket.wait(async {
            let store = &desk.bucket.store;
            match store.head(path).await {
                Ok(entry) if entry.version == *version => {
                    store.copy_once(path, &format!("{folder}/{}", base(path))).await
                }
                Ok(_) => Ok(()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            }
        })?;
    }
    let text: Bytes = format!("{reason:#}\n").into();
    let put = async |path: &str| desk.bucket.store.put_once(path, text.clone()).await;
    desk.bucket.wait(under_free_name(&folder, "reason", "json", put))?;
    Ok(outputs([("quarantine", Value::of(folder))]))
}

/// Keeps something under the first name in a folder that is free, or has the same already: `reason.json`, and where a
/// file is refused again for another reason, `reason-2.json` and so on. Answers its path.
pub(crate) async fn under_free_name(
    folder: &str,
    stem: &str,
    ending: &str,
    put: impl AsyncFn(&str) -> winback_flow::Result<()>,
) -> winback_flow::Result<String> {
    let mut path = format!("{folder}/{stem}.{ending}");
    let mut number = 1;
    loop {
        match put(&path).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number += 1;
                path = format!("{folder}/{stem}-{number}.{ending}");
            }
            outcome => return outcome.map(|()| path),
        }
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use winback_flow::Store;

    use super::*;

    #[test]
    fn each_reason_is_kept_once() {
        let store = Store::open("memory:", Path::new(""), &BTreeMap::new()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for reason in ["no column", "too many rows", "no column", "too many rows"] {
                let put = async |path: &str| store.put_once(path, reason.into()).await;
                under_free_name("quarantine/a", "reason", "json", put).await.unwrap();
            }
            let kept = store.list("quarantine").await.unwrap();
            let paths: Vec<&str> = kept.iter().map(|entry| entry.path.as_str()).collect();
            assert_eq!(paths, ["quarantine/a/reason-2.json", "quarantine/a/reason.json"]);
        });
    }
}
