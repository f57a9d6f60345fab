//! What a step works with: the settings, the bucket, a folder of its own, and files brought to this machine.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use winback_flow::{Artifact, Digest, Place, Task, Value, Values};
use winback_table::input::{FileInput, Input};

use crate::config::Settings;
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::Printer;
use crate::scratch::Scratch;
use crate::wire::{Bucket, digest_of};

/// What a step works with.
pub(crate) struct Desk {
    pub(crate) settings: Settings,
    pub(crate) bucket: Bucket,
    pub(crate) printer: Printer,
    scratch: Scratch,
    /// Attempts under way; what was brought stays as long as there is one.
    attempts: Mutex<u64>,
}

/// Removes what an attempt leaves on this machine, when it ends.
pub(crate) struct Tidied<'a> {
    desk: &'a Desk,
    folder: PathBuf,
}

impl Drop for Tidied<'_> {
    fn drop(&mut self) {
        // What cannot be removed now goes with the program.
        std::fs::remove_dir_all(&self.folder).ok();
        let mut attempts = self.desk.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        *attempts -= 1;
        if *attempts == 0 {
            std::fs::remove_dir_all(self.desk.brought()).ok();
        }
    }
}

impl Desk {
    pub(crate) fn new(settings: Settings, bucket: Bucket, printer: Printer) -> Result<Self> {
        let scratch = Scratch::begin(&std::env::temp_dir())?;
        Ok(Self { settings, bucket, printer, scratch, attempts: Mutex::default() })
    }

    /// Begins an attempt; its files go when what is answered is dropped.
    pub(crate) fn begin(&self, task: &Task) -> Tidied<'_> {
        *self.attempts.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Tidied { desk: self, folder: self.place(task) }
    }

    fn place(&self, task: &Task) -> PathBuf {
        let step = format!("{}-{}", slug(&task.step.to_string()), task.attempt);
        self.scratch.path().join(task.run.as_str()).join(step)
    }

    /// Where files are brought to.
    fn brought(&self) -> PathBuf {
        self.scratch.path().join("brought")
    }

    /// A folder that is this attempt's alone, and empty.
    pub(crate) fn folder(&self, task: &Task) -> Result<PathBuf> {
        let folder = self.place(task);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("cannot clear a folder for temporary files")?;
        }
        std::fs::create_dir_all(&folder).context("cannot make a folder for temporary files")?;
        Ok(folder)
    }

    /// A file of this machine with the bytes of an artifact. One that lies here is not copied.
    pub(crate) fn bring(&self, artifact: &Artifact) -> Result<PathBuf> {
        let store = &self.bucket.store;
        let (path, entry) = match &artifact.place {
            Some(Place::Local { path }) => return Ok(PathBuf::from(path)),
            Some(Place::Object { path, version }) => {
                let entry = self.bucket.wait(store.head(path))?;
                if entry.version != *version && self.bucket.wait(store.digest(&entry))? != artifact.digest {
                    return Err(changed(path));
                }
                (path.clone(), entry)
            }
            None => {
                let path = format!("artifacts/{}", artifact.digest);
                (path.clone(), self.bucket.wait(store.head(&path))?)
            }
        };
        if let Some(local) = store.local_path(&path)? {
            return Ok(local);
        }
        let name = path.rsplit('/').next().unwrap_or(&path);
        let folder = self.brought().join(artifact.digest.to_string());
        let local = folder.join(name);
        if !local.exists() {
            std::fs::create_dir_all(&folder).context("cannot make a folder for temporary files")?;
            // Two attempts may bring the same bytes at the same time, each its own way.
            let half = tempfile::Builder::new().suffix(".part").tempfile_in(&folder);
            let half = half.context("cannot make a temporary file")?.into_temp_path();
            if self.bucket.wait(store.fetch(&entry, &half))? != artifact.digest {
                return Err(changed(&path));
            }
            half.persist(&local).map_err(|error| error.error).context("cannot write a temporary file")?;
        }
        Ok(local)
    }

    /// Refuses work on files that changed while they were read.
    pub(crate) fn unchanged<'a>(&self, artifacts: impl IntoIterator<Item = &'a Artifact>) -> Result<()> {
        for artifact in artifacts {
            match &artifact.place {
                None => {}
                Some(Place::Local { path }) => {
                    let found = digest_of(self.input(Path::new(path)).as_ref())?;
                    if found != artifact.digest {
                        return Err(changed(path));
                    }
                }
                Some(Place::Object { path, version }) => {
                    let entry = self.bucket.wait(self.bucket.store.head(path))?;
                    if entry.version != *version
                        && self.bucket.wait(self.bucket.store.digest(&entry))? != artifact.digest
                    {
                        return Err(changed(path));
                    }
                }
            }
        }
        Ok(())
    }

    /// A file as the readers want it.
    pub(crate) fn input(&self, path: &Path) -> Arc<dyn Input> {
        Arc::new(FileInput::new(path).with_limits(self.settings.data.limits))
    }

    /// The same under the name that people know it by, wherever this machine has it.
    pub(crate) fn input_called(&self, path: &Path, name: &str) -> Arc<dyn Input> {
        Arc::new(FileInput::new(path).called(name).with_limits(self.settings.data.limits))
    }

    /// Stores bytes as an artifact.
    pub(crate) fn keep(&self, bytes: impl Into<Bytes>) -> Result<Artifact> {
        let bytes = bytes.into();
        let size = bytes.len() as u64;
        let digest = self.bucket.wait(self.bucket.store.put_artifact(bytes))?;
        Ok(Artifact { digest, size, place: None })
    }

    /// Stores a file of ours as an artifact: nobody else may be writing to it.
    pub(crate) fn keep_file(&self, path: &Path) -> Result<Artifact> {
        let size = std::fs::metadata(path).context("cannot read a temporary file")?.len();
        let digest = digest_of(self.input(path).as_ref())?;
        let name = format!("artifacts/{digest}");
        let store = &self.bucket.store;
        match self.bucket.wait(store.put_file(&name, path)) {
            Ok(()) => {}
            Err(error) if is_there(&error) => {
                let entry = self.bucket.wait(store.head(&name))?;
                if self.bucket.wait(store.digest(&entry))? != digest {
                    anyhow::bail!("`{name}` is cut or altered; remove it, and it is made again");
                }
            }
            Err(error) => return Err(error),
        }
        Ok(Artifact { digest, size, place: None })
    }

    /// The bytes of an artifact.
    pub(crate) fn read(&self, artifact: &Artifact) -> Result<Vec<u8>> {
        let path = self.bring(artifact)?;
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        if Digest::of(&bytes) != artifact.digest {
            anyhow::bail!("`{}` is cut or altered", path.display());
        }
        Ok(bytes)
    }
}

fn changed(path: &str) -> anyhow::Error {
    let changed = UserError::new(format!("`{path}` has changed since it was seen"));
    Err::<(), _>(changed).hint("what it holds now gets a run of its own").expect_err("it is an error")
}

fn is_there(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<winback_flow::Error>().map(winback_flow::Error::kind);
    kind == Some(winback_flow::ErrorKind::AlreadyExists)
}

fn slug(text: &str) -> String {
    text.replace(|character: char| !character.is_ascii_alphanumeric(), "-")
}

/// Comforts for what a step is given.
pub(crate) trait Inputs {
    /// A file.
    fn file(&self, name: &str) -> Result<&Artifact>;
    /// Files.
    fn files(&self, name: &str) -> Result<Vec<&Artifact>>;
    /// Whether something was given under a name.
    fn has(&self, name: &str) -> bool;
    /// A parameter.
    fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<T>;
}

impl Inputs for Values {
    fn file(&self, name: &str) -> Result<&Artifact> {
        match self.get(name) {
            Some(Value::File(artifact)) => Ok(artifact),
            _ => anyhow::bail!("the step was given no file as `{name}`: this is a fault of winback"),
        }
    }

    fn files(&self, name: &str) -> Result<Vec<&Artifact>> {
        let value = self.get(name);
        let value = value
            .ok_or_else(|| anyhow::anyhow!("the step was not given `{name}`: this is a fault of winback"))?;
        Ok(value.artifacts())
    }

    fn has(&self, name: &str) -> bool {
        self.contains_key(name)
    }

    fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let json = self.get(name).and_then(Value::json).cloned().unwrap_or_default();
        serde_json::from_value(json).map_err(|error| {
            anyhow::Error::new(error)
                .context(format!("the step was given an odd `{name}`: this is a fault of winback"))
        })
    }
}

/// What a step gives, by name.
pub(crate) fn outputs<const N: usize>(given: [(&str, Value); N]) -> Values {
    given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Something of ours as a parameter.
pub(crate) fn parameter(value: &impl Serialize) -> Result<Value> {
    Ok(Value::Parameter(serde_json::to_value(value)?))
}
