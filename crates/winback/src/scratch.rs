//! A folder for temporary files, which hold customers: it goes with the program, and if that is killed, with the next
//! one that begins on this machine. Who lives is told by a locked file in it, which the system frees in any case.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::error::Result;

/// What the names of the folders begin with, and those of folders that have no lock yet and nothing in them.
const PREFIX: &str = "winback-";
const BEGUN: &str = ".winback-";
/// The file that is locked.
const LOCK: &str = "lock";

/// A folder of this process alone.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
    lock: Option<File>,
}

impl Scratch {
    /// A new folder under `parent`, after those of the dead there are removed.
    pub(crate) fn begin(parent: &Path) -> Result<Self> {
        remove_of_dead(parent);
        let failed = "cannot make a folder for temporary files";
        // It gets its name when it is locked, or somebody could take it for one of the dead.
        let begun = tempfile::Builder::new().prefix(BEGUN).tempdir_in(parent).context(failed)?;
        let lock = File::create_new(begun.path().join(LOCK)).context(failed)?;
        lock.lock().context(failed)?;
        let unique = begun.path().file_name().unwrap_or_default().to_string_lossy().replace(BEGUN, "");
        let folder = parent.join(format!("{PREFIX}{unique}"));
        fs::rename(begun.keep(), &folder).context(failed)?;
        Ok(Self { folder, lock: Some(lock) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Some systems do not remove what is open.
        self.lock = None;
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Removes the folders of processes that were killed. What cannot be removed, such as another user's, stays.
fn remove_of_dead(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        // A link is not followed.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let lock = || File::options().write(true).open(entry.path().join(LOCK)).ok();
        let Some(lock) = Some(entry.path()).filter(|_| is_folder).and_then(|_| lock()) else { continue };
        match lock.try_lock() {
            Ok(()) => {
                drop(lock);
                fs::remove_dir_all(entry.path()).ok();
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        // One that was killed, one of somebody else's making, and a file.
        fs::create_dir(path("winback-dead")).unwrap();
        fs::write(path("winback-dead/lock"), "").unwrap();
        fs::write(path("winback-dead/customers.csv"), "4711").unwrap();
        fs::create_dir(path("winback-notes")).unwrap();
        fs::write(path("winback-file"), "").unwrap();
        let living = Scratch::begin(parent.path()).unwrap();
        assert!(!path("winback-dead").exists());
        fs::write(living.path().join("customers.csv"), "4711").unwrap();
        let other = Scratch::begin(parent.path()).unwrap();
        assert!(living.path().join("customers.csv").exists() && other.path() != living.path());
        drop((living, other));
        let mut left: Vec<_> =
            fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["winback-file", "winback-notes"]);
    }
}
