//! A made bank with a champion, for tests of what comes after training: trained once, then copied for each test.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::csv::Csv;
use crate::run::Bench;

/// Where the history lies.
pub(crate) const HISTORY: &str = "input_folder/history.csv";
/// Where the weekly file lies.
pub(crate) const WEEK: &str = "weekly_folder/week-2026-04-06.csv";
/// The folder of the champion's package.
pub(crate) const PACKAGE: &str = "models/churn/1";

/// A bank without a model; the settings and everything else lie in the bench's folder. Small, because unoptimised
/// code learns from it, yet with more than the thirty leavers that are the least to learn from.
pub(crate) fn made() -> Bench {
    let bench = Bench::new();
    bench.json(&["simulate", "--customers", "600", "--weeks", "1", "--out", "."]);
    bench.json(&["init", HISTORY, "--root", "file:."]);
    bench
}

/// The same with a linear champion, version 1.
pub(crate) fn trained() -> Bench {
    let bench = Bench::new();
    for (name, bytes) in TRAINED.iter() {
        let path = bench.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    bench
}

/// The files are kept in memory, so that no folder outlives the tests and none sees what another test did to it.
static TRAINED: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let bench = made();
    let trained = bench.json(&["train", "--learner", "linear"]);
    assert_eq!((&trained["version"], &trained["promoted"]), (&1.into(), &true.into()));
    let mut found = Vec::new();
    collect(bench.path(), bench.path(), &mut found);
    found
});

fn collect(root: &Path, folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            found.push((path.strip_prefix(root).unwrap().to_owned(), std::fs::read(&path).unwrap()));
        }
    }
}

/// The weekly file of a bench.
pub(crate) fn week(bench: &Bench) -> Csv {
    Csv::parse(&bench.read(WEEK))
}
