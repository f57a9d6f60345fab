//! Where the parts meet: the store and the registry behind the settings, called from code that waits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;
use winback_flow::{Clock, Digest, ModelVersion, Registry, Store, is_whole_name};
use winback_learn::package::Package;
use winback_table::input::{FileInput, Input, Limits};

use crate::config::{History, Settings};
use crate::error::{Result, ResultExt as _, UserError};

/// Where labelled customers are put if the settings name no files.
pub(crate) const INPUT_FOLDER: &str = "input_folder";

/// The bucket and the registry in it. A clone is a second handle on the same.
#[derive(Clone)]
pub(crate) struct Bucket {
    pub(crate) store: Store,
    pub(crate) registry: Arc<Registry>,
    runtime: Arc<Runtime>,
}

impl Bucket {
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        let store = Store::open(&settings.root, Path::new(""), &settings.store)?;
        let registry = Arc::new(Registry::new(store.clone(), Clock::system())?);
        let runtime = Arc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
        Ok(Self { store, registry, runtime })
    }

    /// Waits for an answer of the store.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = winback_flow::Result<T>>) -> Result<T> {
        Ok(self.runtime.block_on(answer)?)
    }

    /// Runs something that is more than one answer of the store.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
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
            History::Files(files) => expand(files),
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
        let paths = entries.flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> = paths.filter(|path| is_settled(path)).collect();
        files.sort();
        let files = once(files);
        if files.is_empty() {
            let message = format!("`{}` has no files", folder.display());
            return Err(UserError::new(message)).hint("put files of labelled customers there");
        }
        Ok(files)
    }
}

/// Files by name, as a page says it: where they lie is nobody's business there.
pub(crate) fn named(files: &[PathBuf]) -> String {
    let first = files.first().and_then(|file| file.file_name()).unwrap_or_default().to_string_lossy();
    match files.len() {
        0 | 1 => first.into_owned(),
        many => format!("{first} and {} more", many - 1),
    }
}

/// Files as the readers want them.
pub(crate) fn inputs(files: &[PathBuf], limits: Limits) -> Vec<Arc<dyn Input>> {
    let input = |file: &PathBuf| Arc::new(FileInput::new(file).with_limits(limits)) as Arc<dyn Input>;
    files.iter().map(input).collect()
}

/// The files that some names stand for: a name with `*`, `?` or `[` that is no file itself means every file it matches,
/// in the order of their names. No file comes twice, however it is named.
pub(crate) fn expand(names: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for name in names {
        if is_pattern(name) {
            files.extend(matching(name)?);
        } else {
            files.push(name.clone());
        }
    }
    Ok(once(files))
}

/// The files without those that were there before, perhaps under another name: by another way, or through a link.
fn once(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    // A file that is not there keeps the name it has; reading says so.
    files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    files
}

fn is_pattern(name: &Path) -> bool {
    let (_, rest) = parts(name);
    rest.to_str().is_some_and(|rest| rest.contains(['*', '?', '['])) && !name.exists()
}

/// The folder that is there, taken as it is whatever signs its own name has, and the rest.
fn parts(name: &Path) -> (&Path, &Path) {
    let mut above = name.ancestors().skip(1);
    let folder =
        above.find(|folder| folder.as_os_str().is_empty() || folder.is_dir()).unwrap_or(Path::new(""));
    (folder, name.strip_prefix(folder).unwrap_or(name))
}

fn matching(pattern: &Path) -> Result<Vec<PathBuf>> {
    let shown = pattern.display();
    let (folder, rest) = parts(pattern);
    let text = Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(rest);
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    let paths = glob::glob_with(&text.to_string_lossy(), options);
    let paths = paths
        .users(format!("cannot understand the name `{shown}`"))
        .hint("`*` stands for any letters, `?` for one")?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.users(format!("cannot look for files like `{shown}`"))?;
        if is_settled(&path) && !is_ours(&path) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let message = format!("no file matches `{shown}`");
        return Err(UserError::new(message))
            .hint("look at the folder and the ending; `*` does not cross folders, `**` does");
    }
    Ok(files)
}

/// Whether a path is a file that nobody is still writing.
fn is_settled(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.is_file() && is_whole_name(&name)
}

/// Whether a path is what scoring left beside a file, which a pattern does not mean.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".scored.csv", ".scored.parquet", ".quarantine.csv"].iter().any(|ending| name.ends_with(ending))
}

/// One digest of several files, in their order.
pub(crate) fn digest(inputs: &[Arc<dyn Input>]) -> Result<Digest> {
    let digests = inputs.iter().map(|input| digest_of(input.as_ref())).collect::<Result<Vec<_>>>()?;
    Ok(joined(&digests))
}

/// One digest of several, in their order.
pub(crate) fn joined(digests: &[Digest]) -> Digest {
    let bytes: Vec<u8> = digests.iter().flat_map(Digest::bytes).copied().collect();
    Digest::of(&bytes)
}

/// The digest of a file's bytes as they lie, packed or not.
pub(crate) fn digest_of(input: &dyn Input) -> Result<Digest> {
    let reader = input.open().users(format!("cannot open `{}`", input.name()))?;
    Digest::of_reader(reader).users(format!("cannot read `{}`", input.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_signs_stand_for_files_in_order() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("odd [1]");
        std::fs::create_dir(&folder).unwrap();
        for name in ["b.csv", "a.csv", "c.txt", ".d.csv", "e.csv.part", "f[1].csv"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let found = |names: &[&str]| {
            let names: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
            let files = expand(&names).map_err(|error| error.to_string())?;
            Ok(files
                .iter()
                .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
                .collect::<Vec<_>>())
        };
        assert_eq!(found(&["*.csv"]), Ok(["a.csv", "b.csv", "f[1].csv"].map(str::to_owned).to_vec()));
        assert_eq!(found(&["b.csv", "?.csv"]), Ok(["b.csv", "a.csv"].map(str::to_owned).to_vec()));
        assert_eq!(
            found(&["f[1].csv"]),
            Ok(vec!["f[1].csv".to_owned()]),
            "a file of that very name is meant"
        );
        assert_eq!(
            found(&["gone.csv"]),
            Ok(vec!["gone.csv".to_owned()]),
            "reading says that it is not there"
        );
        let none: Result<_, String> = found(&["*.parquet"]);
        assert_eq!(none.unwrap_err(), format!("no file matches `{}`", folder.join("*.parquet").display()));
    }

    #[test]
    fn a_file_comes_once_however_it_is_named() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("weeks");
        std::fs::create_dir(&folder).unwrap();
        for name in ["a.csv", "b.csv"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let [plain, other] = ["a.csv", "b.csv"].map(|name| folder.join(name));
        let mut names = vec![plain.clone(), folder.join("./a.csv"), folder.join("../weeks/a.csv")];
        names.extend([folder.join("*.csv"), folder.join("gone.csv"), folder.join("gone.csv")]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&plain, folder.join("link.txt")).unwrap();
            names.push(folder.join("link.txt"));
        }
        assert_eq!(expand(&names).unwrap(), [plain, other, folder.join("gone.csv")]);
    }
}
