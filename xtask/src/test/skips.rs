//! The file in which tests write what they could not check on this machine.
//!
//! A test that needs a peer (a folder of real data, a Python package) and does not find it appends `NAME:
//! why` to the file named by `WINBACK_SKIPS` and passes, where `NAME` is the test's own. Nothing is silently
//! left out: each line is printed and counted. The file is fresh for each run, so a skip of yesterday does
//! not count today.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The skips of one run.
#[derive(Debug)]
pub(super) struct Skips {
    path: PathBuf,
}

impl Skips {
    /// Starts an empty file under the build folder. The process id keeps two runs at once apart.
    pub(super) fn start(target: &Path) -> anyhow::Result<Self> {
        let folder = target.join("xtask");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`; check its permissions", folder.display()))?;
        let path = folder.join(format!("skips-{}.txt", std::process::id()));
        fs::write(&path, "")
            .with_context(|| format!("cannot write `{}`; check its permissions", path.display()))?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The skips so far, sorted and without repetitions: a runner may try a test twice.
    pub(super) fn read(&self) -> anyhow::Result<Vec<String>> {
        let text = fs::read_to_string(&self.path).with_context(|| {
            format!("cannot read the skips in `{}`; did a test clean the build folder", self.path.display())
        })?;
        Ok(lines(&text))
    }
}

impl Drop for Skips {
    fn drop(&mut self) {
        // The lines have been printed; a leftover file harms nobody.
        let _left = fs::remove_file(&self.path);
    }
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_sorted_and_counted_once() {
        let text = "b: no data\n\n  a: no peer\r\nb: no data\n";
        assert_eq!(lines(text), ["a: no peer", "b: no data"]);
        assert!(lines("\n").is_empty());
    }
}
