//! Whether a worker still lives, on stores that are folders of this machine: it holds the lock of a file of its name, and
//! the system frees that lock when it ends, however it ends. So after a kill the next start goes on at once, where on an
//! object store it waits for the lease. A lock that lies (some network file systems) costs double work, nothing else.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::PathBuf;

use crate::error::check_name;
use crate::{Error, Result, Store};

/// A worker's sign of life, as long as this value lives.
#[derive(Debug)]
pub struct Presence {
    /// Where the files are, on a store that has such; and ours, locked.
    held: Option<(PathBuf, PathBuf, File)>,
}

impl Presence {
    /// Shows that the worker `owner` lives, and clears away the signs of those that were killed.
    pub fn announce(store: &Store, owner: &str) -> Result<Self> {
        check_name("worker", owner)?;
        let Some(file) = store.local_path(&format!("state/workers/{owner}"))? else {
            return Ok(Self { held: None });
        };
        let folder = file.parent().map(PathBuf::from).unwrap_or_default();
        let failed = |source: std::io::Error| Error::Folder { folder: folder.clone(), source: source.into() };
        fs::create_dir_all(&folder).map_err(failed)?;
        // Under its name it is never seen unlocked, for that would look like death.
        let unseen = folder.join(format!(".{owner}"));
        let open =
            OpenOptions::new().write(true).create(true).truncate(false).open(&unseen).map_err(failed)?;
        open.lock().map_err(failed)?;
        fs::rename(unseen, &file).map_err(failed)?;
        let held = Self { held: Some((folder.clone(), file, open)) };
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            name.to_str().filter(|other| *other != owner).map(|other| held.is_dead(other));
        }
        Ok(held)
    }

    /// Whether a worker is known to have ended; what it left here, it takes away.
    pub(crate) fn is_dead(&self, owner: &str) -> bool {
        let Some((folder, ..)) = &self.held else { return false };
        if check_name("worker", owner).is_err() {
            return false;
        }
        let path = folder.join(owner);
        match File::open(&path).map(|file| file.try_lock().map(|()| file)) {
            Ok(Ok(_free)) => {
                drop(fs::remove_file(&path));
                true
            }
            Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) => false,
            // Workers take their file away when they end well, and none claims anything before it has one.
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some((_, file, _)) = &self.held {
            drop(fs::remove_file(file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_disk_the_dead_are_known_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open("file:bank", folder.path(), &std::collections::BTreeMap::new()).unwrap();
        let ours = Presence::announce(&store, "a").unwrap();
        let other = Presence::announce(&store, "b").unwrap();
        assert!(!ours.is_dead("b") && ours.is_dead("never-there") && !ours.is_dead("../b"));
        drop(other);
        assert!(ours.is_dead("b"), "it ended well");
        // One that was killed leaves its file, unlocked.
        let left = folder.path().join("bank/state/workers/c");
        fs::write(&left, "").unwrap();
        assert!(ours.is_dead("c") && !left.exists());
        fs::write(&left, "").unwrap();
        let next = Presence::announce(&store, "d").unwrap();
        assert!(!left.exists(), "the next to begin clears it away");
        assert!(!next.is_dead("a") && !next.is_dead("d"));
    }

    #[test]
    fn elsewhere_nobody_is_known_to_be_dead() {
        let presence = Presence::announce(&crate::testkit::memory(), "a").unwrap();
        assert!(!presence.is_dead("b"));
    }
}
