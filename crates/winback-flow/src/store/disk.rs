//! Creating files so that they outlive a power cut, for stores on a local disk.
//!
//! `object_store` links a new file under its final name before the bytes are on the disk, and syncs neither file nor
//! folder: after a power cut an acknowledged object could be empty or gone. Here the bytes are synced first, the name
//! is linked then, and the folders are synced last. Reading, listing and deleting are left to `object_store`.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use object_store::local::LocalFileSystem;

/// A folder on a local disk, as the place of a store.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    files: LocalFileSystem,
    /// Folders whose chain up to the root this process has synced. Another process may have made a folder and not
    /// have synced it yet, so it is not enough that a folder exists.
    settled: Mutex<BTreeSet<PathBuf>>,
}

impl Disk {
    /// Opens `folder`, making it if need be.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
        fs::create_dir_all(folder)?;
        for made in missing {
            made.parent().map_or(Ok(()), sync_folder)?;
        }
        let root = fs::canonicalize(folder)?;
        let files = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self { root, files, settled: Mutex::default() })
    }

    /// The folder itself, absolute and free of links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The same folder for everything that needs no sync.
    pub(super) fn files(&self) -> &LocalFileSystem {
        &self.files
    }

    /// Creates `target` with all that `content` has, or fails with [`ErrorKind::AlreadyExists`]. It blocks.
    ///
    /// The bytes are always copied, never linked: a file that others made may be written again in its place, and what
    /// is stored would change with it. From file to file the system copies, and shares blocks where it can.
    pub(super) fn create(&self, target: &Path, content: &mut impl Read) -> io::Result<()> {
        let folder = target.parent().unwrap_or(&self.root);
        let (mut file, staged) = self.stage(folder)?;
        let linked = io::copy(content, &mut file)
            .and_then(|_| file.sync_all())
            // A link, unlike a rename, refuses to replace what is there.
            .and_then(|()| fs::hard_link(&staged, target));
        // Should this fail, the staged file is only litter: `object_store` shows no such name in a listing.
        drop(fs::remove_file(&staged));
        linked?;
        self.settle(folder)
    }

    /// The names in a folder, as far as they are text; none if it does not exist. It blocks.
    pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(io::Result::transpose).collect()
    }

    /// What lies under a folder of the root, in no order. It blocks.
    pub(super) fn walk(root: &Path, below: &str) -> io::Result<Walked> {
        let mut walked = Walked::default();
        let mut folders = vec![below.to_owned()];
        while let Some(folder) = folders.pop() {
            let place = root.join(&folder);
            let entries = match fs::read_dir(&place) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let name = entry?.file_name();
                let shown = name.to_string_lossy();
                let path = if folder.is_empty() { shown.to_string() } else { format!("{folder}/{shown}") };
                let (is_text, found) = (name.to_str().is_some(), place.join(&name));
                match fs::metadata(&found) {
                    Ok(metadata) if metadata.is_dir() && is_text && !leads_back(&place, &found) => {
                        folders.push(path);
                    }
                    Ok(metadata) if metadata.is_file() && is_text => walked.paths.push(path),
                    // It has gone meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound && !found.is_symlink() => {}
                    _ => walked.odd.push(path),
                }
            }
        }
        Ok(walked)
    }

    /// Opens a new file in `folder`, named in the way that `object_store` keeps out of its listings: all that follows
    /// the first `#` are digits. The name does not contain that of the object, which may have a `#` of its own.
    fn stage(&self, folder: &Path) -> io::Result<(File, PathBuf)> {
        let mut attempt = 1_u64;
        loop {
            let staged = folder.join(format!("new#{attempt}"));
            match OpenOptions::new().write(true).create_new(true).open(&staged) {
                Ok(file) => return Ok((file, staged)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => attempt += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.settled.lock().unwrap_or_else(PoisonError::into_inner).remove(folder);
                    fs::create_dir_all(folder)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Syncs a folder in which a name was made and, the first time, those above it: a folder may be new as well.
    fn settle(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)?;
        let known = self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(folder);
        if !known {
            for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.root)) {
                sync_folder(above)?;
            }
            self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        }
        Ok(())
    }
}

/// What lies under a folder.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The paths of files.
    pub(super) paths: Vec<String>,
    /// What nobody can ask for, as far as it can be shown: names that are no text, links that lead nowhere or back, and
    /// what is neither file nor folder.
    pub(super) odd: Vec<String>,
}

/// Whether a folder is one of those that `place` lies in, by a link.
fn leads_back(place: &Path, found: &Path) -> bool {
    found.is_symlink()
        && match (fs::canonicalize(place), fs::canonicalize(found)) {
            (Ok(place), Ok(found)) => place.starts_with(found),
            _ => true,
        }
}

/// Makes the names in a folder durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened as files here; the file system's own journal has to do.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_once_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(&folder.path().join("new/bank")).unwrap();
        let target = disk.root().join("a/b/c.json");
        disk.create(&target, &mut &b"first"[..]).unwrap();
        let error = disk.create(&target, &mut &b"second"[..]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).unwrap(), b"first");
        let names: Vec<_> = fs::read_dir(disk.root().join("a/b")).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn a_folder_removed_meanwhile_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        disk.create(&disk.root().join("a/1"), &mut &b"1"[..]).unwrap();
        fs::remove_dir_all(disk.root().join("a")).unwrap();
        disk.create(&disk.root().join("a/2"), &mut &b"2"[..]).unwrap();
        assert_eq!(fs::read(disk.root().join("a/2")).unwrap(), b"2");
    }

    #[test]
    fn litter_of_a_killed_writer_is_stepped_over() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        fs::write(disk.root().join("new#1"), b"half").unwrap();
        disk.create(&disk.root().join("a"), &mut &b"whole"[..]).unwrap();
        assert_eq!(fs::read(disk.root().join("a")).unwrap(), b"whole");
    }
}
