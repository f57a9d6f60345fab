//! Where the parts meet: the store and the registry behind the settings, called from code that waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;
use winback_flow::{Clock, Digest, ModelVersion, Registry, Store};
use winback_learn::package::Package;
use winback_table::input::{FileInput, Input};

use crate::config::{History, Settings};
use crate::error::{Result, ResultExt as _, UserError};

/// Where labelled customers are put if the settings name no files.
const INPUT_FOLDER: &str = "input_folder";

/// The bucket and the registry in it.
pub(crate) struct Bucket {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    runtime: Runtime,
}

impl Bucket {
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        let store = Store::open(&settings.root, Path::new(""))?;
        let registry = Registry::new(store.clone(), Clock::system())?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Self { store, registry, runtime })
    }

    /// Waits for an answer of the store.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = winback_flow::Result<T>>) -> Result<T> {
        Ok(self.runtime.block_on(answer)?)
    }

    /// A registered model, verified.
    pub(crate) fn package(&self, version: &ModelVersion) -> Result<Package> {
        let files = self.wait(self.registry.fetch(&version.model, version.version))?;
        Ok(Package::from_files(&files)?)
    }

    /// The champion, or what to do when there is none.
    pub(crate) fn champion(&self, settings: &Settings) -> Result<ModelVersion> {
        let name = &settings.train.name;
        let champion = self.wait(self.registry.champion(name))?;
        let missing =
            || UserError::new(format!("`{}` has no champion of the model `{name}` yet", self.store.url()));
        champion
            .ok_or_else(missing)
            .hint("`winback train` makes one; `winback models promote` chooses one by hand")
    }

    /// The history's files.
    pub(crate) fn history(&self, settings: &Settings) -> Result<Vec<PathBuf>> {
        match &settings.data.history {
            History::Files(files) => Ok(files.clone()),
            History::InputFolder => self.input_folder(),
        }
    }

    fn input_folder(&self) -> Result<Vec<PathBuf>> {
        let elsewhere = || UserError::new(format!("`{}` is not on this machine", self.store.url()));
        let folder = self.store.local_path(INPUT_FOLDER)?.ok_or_else(elsewhere);
        let folder = folder.hint("name the history's files in `[data] history`")?;
        let entries = std::fs::read_dir(&folder)
            .users(format!("cannot read the history in `{}`", folder.display()))
            .hint("put files of labelled customers there, or let `winback init HISTORY` write settings that name them")?;
        let is_settled = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.is_file() && !name.starts_with('.') && !name.ends_with(".tmp") && !name.ends_with(".part")
        };
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(is_settled).collect();
        files.sort();
        if files.is_empty() {
            let message = format!("`{}` has no files", folder.display());
            return Err(UserError::new(message)).hint("put files of labelled customers there");
        }
        Ok(files)
    }
}

/// Files as the readers want them.
pub(crate) fn inputs(files: &[PathBuf]) -> Vec<Arc<dyn Input>> {
    files.iter().map(|file| Arc::new(FileInput::new(file)) as Arc<dyn Input>).collect()
}

/// One digest of several files, in their order.
pub(crate) fn digest(inputs: &[Arc<dyn Input>]) -> Result<Digest> {
    use sha2::Digest as _;
    let mut of_files = Vec::new();
    for input in inputs {
        let mut hasher = sha2::Sha256::new();
        let mut reader = input.open().users(format!("cannot open `{}`", input.name()))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = reader.read(&mut buffer).users(format!("cannot read `{}`", input.name()))?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
        }
        of_files.extend_from_slice(&hasher.finalize());
    }
    Ok(Digest::of(&of_files))
}
