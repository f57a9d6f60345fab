//! Fuzz target: see `package::package`.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

/// The package that the bytes are put into.
static WHOLE: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/hostile/package"));
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("the package is in the repository")
        .flatten()
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("readable"))
        })
        .collect();
    files.sort();
    files
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| winback_fuzz::package::package(&WHOLE, bytes));
