//! What the system tells of files in watched folders of this machine: that a writer has closed one, or that one was
//! moved in. Such a file is whole at once, where without notice it counts as whole when nothing has changed for a while.
//! Systems that tell neither, and folders that come later, lose nothing but that while.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Files that were closed or moved in, and not looked at since.
pub(crate) struct Notices {
    whole: Arc<Mutex<BTreeSet<PathBuf>>>,
    /// It listens as long as it lives; nothing where it cannot.
    _watcher: Option<RecommendedWatcher>,
}

impl Notices {
    /// Listens to folders that exist, and wakes whoever waits.
    pub(crate) fn listen(folders: &[PathBuf], wake: &Arc<Notify>) -> Self {
        let whole = Arc::<Mutex<BTreeSet<PathBuf>>>::default();
        let (noted, wake) = (Arc::clone(&whole), Arc::clone(wake));
        let hear = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            if is_whole(event.kind) {
                // Of a move within the folders the last path is where the file is now.
                noted.extend(event.paths.into_iter().last());
                wake.notify_one();
            } else if !matches!(event.kind, EventKind::Access(_)) {
                // It is being written, or gone: what was told of it before counts no more.
                noted.retain(|path| !event.paths.contains(path));
            }
        };
        let watcher = notify::recommended_watcher(hear).ok().map(|mut watcher| {
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                // A folder that cannot be listened to is looked at all the same.
                watcher.watch(folder, RecursiveMode::Recursive).ok();
            }
            watcher
        });
        Self { whole, _watcher: watcher }
    }

    /// Whether the system told that a file is whole; it is told once.
    pub(crate) fn take(&self, file: &Path) -> bool {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).remove(file)
    }
}

fn is_whole(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both))
    )
}
