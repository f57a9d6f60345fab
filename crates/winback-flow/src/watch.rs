//! A folder of the store whose new files start runs: which of them are new, whole, and in which order they are due. It is
//! asked again and again; what it answers ends in the same runs as any event about the same files.

use std::time::Duration;

use crate::{Entry, Result, Runs, Store, Time};

/// A folder that is looked at.
#[derive(Debug, Clone)]
pub struct Watch {
    store: Store,
    folder: String,
}

/// What a look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// New versions of files, the one that was changed last first.
    pub found: Vec<Entry>,
    /// When a file may be whole that somebody may still be writing.
    pub again: Option<Time>,
    /// What lies there and can never be taken up, for its name, because it is a link that leads nowhere, or no file.
    pub odd: Vec<String>,
}

/// On a disk a file grows under its name, so it counts as whole when nothing has changed for so long. Elsewhere objects
/// appear whole.
const SETTLING: Duration = Duration::from_secs(2);

impl Watch {
    /// The folder `folder` of a store.
    #[must_use]
    pub fn new(store: Store, folder: &str) -> Self {
        Self { store, folder: folder.to_owned() }
    }

    /// Looks for versions of files that no run stands for. `is_whole` tells of a file that it need not settle, where
    /// that is known.
    pub async fn look(
        &self,
        runs: &Runs,
        now: Time,
        is_whole: &(dyn Fn(&Entry) -> bool + Sync),
    ) -> Result<Look> {
        let mut entries = self.store.list(&self.folder).await?;
        entries.retain(|entry| is_whole_name(&entry.path));
        let mut look = Look { found: runs.unseen(entries).await?, again: None, odd: Vec::new() };
        if self.store.is_local() {
            let settled = |entry: &Entry| entry.modified.parse().map_or(now, |at: Time| at.plus(SETTLING));
            let due = |entry: &Entry| settled(entry) <= now || now.plus(SETTLING) < settled(entry);
            let (found, growing): (Vec<Entry>, Vec<Entry>) =
                look.found.into_iter().partition(|entry| is_whole(entry) || due(entry));
            look.again = growing.iter().map(settled).min();
            look.found = found;
            look.odd = self.store.unlisted(&self.folder).await?;
            look.odd.retain(|path| is_whole_name(path));
            look.found.retain(|entry| !look.odd.contains(&entry.path));
        }
        look.found.sort_by(|left, right| (&right.modified, &right.path).cmp(&(&left.modified, &left.path)));
        Ok(look)
    }

    /// The name that a file of the folder has in it.
    #[must_use]
    pub fn name_of<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(&self.folder).map_or(path, |rest| rest.trim_start_matches('/'))
    }
}

/// Whether a path is that of a file that is whole, as far as names tell: programs that write in place mark what is not.
#[must_use]
pub fn is_whole_name(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    !hidden && !path.ends_with('/') && !path.ends_with(".tmp") && !path.ends_with(".part")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{NOW, block_on, clock, on_every_store};

    #[test]
    fn new_files_are_found_newest_first_and_half_ones_are_not() {
        on_every_store(async |store| {
            let runs = Runs::new(store.clone(), clock()).unwrap();
            for name in ["a.csv", "b/c.csv", ".hidden", "d.tmp", "e.csv.part", ".x/y.csv"] {
                store.put_new(&format!("weekly_folder/{name}"), "x".into()).await.unwrap();
            }
            store.put_new("weekly_folder2/z.csv", "x".into()).await.unwrap();
            let watch = Watch::new(store.clone(), "weekly_folder");
            // Long ago from where the clock of this test stands, or long after: both are settled.
            let look = watch.look(&runs, NOW.parse().unwrap(), &|_| false).await.unwrap();
            let mut names: Vec<&str> = look.found.iter().map(|entry| watch.name_of(&entry.path)).collect();
            names.sort_unstable();
            assert_eq!(names, ["a.csv", "b/c.csv"]);
            let modified: Vec<&String> = look.found.iter().map(|entry| &entry.modified).collect();
            assert!(modified.is_sorted_by(|left, right| left >= right), "{modified:?}");
        });
    }

    #[test]
    fn on_a_disk_a_fresh_file_is_let_settle() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open("file:bank", folder.path(), &std::collections::BTreeMap::new()).unwrap();
        block_on(store.put_new("weekly_folder/a.csv", "x".into())).unwrap();
        let runs = Runs::new(store.clone(), clock()).unwrap();
        let written: Time = block_on(store.head("weekly_folder/a.csv")).unwrap().modified.parse().unwrap();
        let watch = Watch::new(store, "weekly_folder");
        let at = |milliseconds, told| {
            let now = written.plus(Duration::from_millis(milliseconds));
            let look = block_on(watch.look(&runs, now, &|_| told)).unwrap();
            (look.found.len(), look.again.map(|again| again.since(now).as_millis()))
        };
        assert_eq!(at(500, false), (0, Some(1_500)));
        assert_eq!(at(500, true), (1, None));
        assert_eq!(at(2_000, false), (1, None));
    }
}
