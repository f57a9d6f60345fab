//! A folder for temporary files, which hold customers: it goes with the program, and if that is killed, with the next
//! one that begins on this machine. Who lives is told by a locked file in it, which the system frees in any case.

use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::error::Result;

/// What the names of the folders begin with, and those of folders that have no lock yet and nothing in them.
const PREFIX: &str = "winback-";
const BEGUN: &str = ".winback-";
/// The file that is locked.
const LOCK: &str = "winback.lock";

/// A folder of this process alone.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
    lock: Option<File>,
}

impl Scratch {
    /// A new folder under `parent`, after those of the dead there are removed.
    pub(crate) fn begin(parent: &Path) -> Result<Self> {
        let failed = "cannot make a folder for temporary files";
        // It gets its name when it is locked, or somebody could take it for one of the dead.
        let begun = own_folder(parent).context(failed)?;
        let ours = begun.path().metadata().context(failed)?;
        remove_of_dead(parent, &ours);
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

/// A folder that nobody else may look into.
fn own_folder(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(BEGUN);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir_in(parent)
}

/// Removes the folders of processes of ours that were killed.
fn remove_of_dead(parent: &Path, ours: &Metadata) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let (folder, lock) = (entry.path(), entry.path().join(LOCK));
        // Others may have put there what they like: nothing of theirs is opened, and no link followed.
        let is_ours = |path: &Path, is: fn(&Metadata) -> bool| {
            fs::symlink_metadata(path).is_ok_and(|found| is(&found) && is_of_same_user(&found, ours))
        };
        if !is_ours(&folder, Metadata::is_dir) || !is_ours(&lock, Metadata::is_file) {
            continue;
        }
        let Ok(lock) = File::options().write(true).open(lock) else { continue };
        match lock.try_lock() {
            Ok(()) => {
                drop(lock);
                fs::remove_dir_all(folder).ok();
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(unix)]
fn is_of_same_user(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    one.uid() == other.uid()
}

/// The folder for temporary files is each user's own there.
#[cfg(not(unix))]
fn is_of_same_user(_one: &Metadata, _other: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        // One that was killed, one of somebody else's making, one that leads elsewhere, and a file.
        fs::create_dir(path("winback-dead")).unwrap();
        fs::write(path("winback-dead").join(LOCK), "").unwrap();
        fs::write(path("winback-dead/customers.csv"), "4711").unwrap();
        fs::create_dir(path("winback-notes")).unwrap();
        fs::write(path("winback-file"), "").unwrap();
        fs::create_dir(path("elsewhere")).unwrap();
        fs::write(path("elsewhere").join(LOCK), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(path("elsewhere"), path("winback-link")).unwrap();
        let living = Scratch::begin(parent.path()).unwrap();
        assert!(!path("winback-dead").exists() && path("elsewhere").join(LOCK).exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(living.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        fs::write(living.path().join("customers.csv"), "4711").unwrap();
        let other = Scratch::begin(parent.path()).unwrap();
        assert!(living.path().join("customers.csv").exists() && other.path() != living.path());
        drop((living, other));
        let left = fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.filter(|name| name != "winback-link").collect();
        left.sort();
        assert_eq!(left, ["elsewhere", "winback-file", "winback-notes"]);
    }
}
