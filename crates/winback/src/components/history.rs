//! `history`: which files of labelled customers there are, and what is in them, by digest. It looks at the world, so it
//! runs in every run; what follows is skipped when nothing has changed.

use winback_flow::{Artifact, Component, Place, Task, Type, Value, Values, is_whole_name};

use crate::config::History;
use crate::desk::{Desk, outputs};
use crate::error::{Result, ResultExt as _, UserError};
use crate::wire::{INPUT_FOLDER, digest_of, expand};

pub(crate) fn component() -> Component {
    Component::new("history", 1, "find the history's files").gives("files", Type::file("customers").list())
}

pub(crate) fn run(desk: &Desk, _task: &Task) -> Result<Values> {
    let files = match &desk.settings.data.history {
        History::Files(names) => local(desk, names)?,
        History::InputFolder => stored(desk)?,
    };
    Ok(outputs([("files", Value::List(files.into_iter().map(Value::File).collect()))]))
}

/// Files that the settings name.
fn local(desk: &Desk, names: &[std::path::PathBuf]) -> Result<Vec<Artifact>> {
    let mut files = Vec::new();
    for path in expand(names)? {
        let path = std::path::absolute(&path).users(format!("cannot find `{}`", path.display()))?;
        let input = desk.input(&path);
        let (digest, size) =
            (digest_of(input.as_ref())?, input.size().users(format!("cannot read `{}`", path.display()))?);
        let Some(text) = path.to_str() else {
            return Err(UserError::new(format!("the name of `{}` is not UTF-8", path.display())).into());
        };
        files.push(Artifact { digest, size, place: Some(Place::Local { path: text.to_owned() }) });
    }
    Ok(files)
}

/// All files of the bucket's folder for them.
fn stored(desk: &Desk) -> Result<Vec<Artifact>> {
    let store = &desk.bucket.store;
    let mut files = Vec::new();
    for entry in desk.bucket.wait(store.list(INPUT_FOLDER))? {
        if !is_whole_name(&entry.path) {
            continue;
        }
        let digest = desk.bucket.wait(store.digest(&entry))?;
        let place = Place::Object { path: entry.path.clone(), version: entry.version.clone() };
        files.push(Artifact { digest, size: entry.size, place: Some(place) });
    }
    if files.is_empty() {
        let empty = UserError::new(format!("`{INPUT_FOLDER}` of `{}` has no files", store.url()));
        return Err(empty).hint("put files of labelled customers there, or name them in `[data] history`");
    }
    Ok(files)
}
