//! What every store must do, whatever it is: each function is one clause, for a store under which nothing lies at the
//! paths it uses. The tests of this crate run them on stores of this machine, those of `tests/it` on servers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use winback_flow::{Digest, ErrorKind, Store};

/// More than goes in one request, and no multiple of a part.
const LARGE: usize = (20 << 20) + 7;

/// A file of `size` bytes that do not repeat, and their digest.
fn made_file(folder: &Path, size: usize) -> (PathBuf, Digest) {
    let bytes: Vec<u8> =
        (0..size as u64).map(|place| (place.wrapping_mul(0x9e37_79b9) >> 11) as u8).collect();
    let file = folder.join(format!("{size}.bin"));
    std::fs::write(&file, &bytes).unwrap();
    (file, Digest::of(&bytes))
}

/// A listing and a look at one object tell the same size and version, and times in one form.
pub(crate) async fn entries_agree(store: &Store) {
    store.put_new("entries/a", Bytes::from("first")).await.unwrap();
    let listed = store.list("entries").await.unwrap().remove(0);
    let seen = store.head("entries/a").await.unwrap();
    assert_eq!((&listed.path, listed.size, &listed.version), (&seen.path, seen.size, &seen.version));
    for time in [&listed.modified, &seen.modified] {
        assert_eq!(time.len(), "2026-11-22T06:00:00.000Z".len(), "{time}");
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
}

/// Files small, empty and large are stored, refused where something is, and come back as they were.
pub(crate) async fn files_go_in_and_come_out(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    for size in [0, 5, LARGE] {
        let (file, digest) = made_file(folder.path(), size);
        let path = format!("files/{size}");
        store.put_file(&path, &file).await.unwrap();
        let error = store.put_file(&path, &file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");

        let entry = store.head(&path).await.unwrap();
        assert_eq!(entry.size, size as u64);
        assert_eq!(store.digest(&entry).await.unwrap(), digest);
        let fetched = folder.path().join("fetched");
        assert_eq!(store.fetch(&entry, &fetched).await.unwrap(), digest);
        assert_eq!(Digest::of(&std::fs::read(&fetched).unwrap()), digest);
    }
    let error = store.put_file("files/none", &folder.path().join("none")).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot read the file"), "{error}");
    assert!(!store.exists("files/none").await.unwrap());
}

/// What was replaced since it was listed is not read in its place, and what is gone is not found.
pub(crate) async fn a_pinned_read_notices_a_change(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let fetched = folder.path().join("fetched");
    store.put_new("pinned/a", Bytes::from("first")).await.unwrap();
    let before = store.list("pinned").await.unwrap().remove(0);
    store.delete("pinned/a").await.unwrap();
    assert_eq!(store.digest(&before).await.unwrap_err().kind(), ErrorKind::NotFound);
    // The clock of a file system may stand still for some milliseconds, and a disk use an inode again.
    std::thread::sleep(Duration::from_millis(50));
    store.put_new("pinned/a", Bytes::from("other")).await.unwrap();
    for error in [store.digest(&before).await.unwrap_err(), store.fetch(&before, &fetched).await.unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
        assert!(error.to_string().starts_with("`pinned/a` in"), "{error}");
    }
    assert!(!fetched.exists());
    let now = store.list("pinned").await.unwrap().remove(0);
    assert_eq!(store.fetch(&now, &fetched).await.unwrap(), Digest::of(b"other"));
}

/// A copy is made once, is whole, and stays when its source goes.
pub(crate) async fn a_copy_is_made_once(store: &Store) {
    let names = ["copies/1", "copies/ü +%=#'\" 1", "copies/empty"];
    for (name, content) in names.into_iter().zip(["one", "two", ""]) {
        store.put_new(name, Bytes::from(content)).await.unwrap();
        let to = format!("copied/{name}");
        store.copy_new(name, &to).await.unwrap();
        store.copy_once(name, &to).await.unwrap();
        let error = store.copy_new(name, &to).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        store.delete(name).await.unwrap();
        assert_eq!(store.get(&to).await.unwrap(), content);
    }
    let error = store.copy_new("copies/none", "copied/none").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(!store.exists("copied/none").await.unwrap());

    store.put_new("copies/longer", Bytes::from("longer")).await.unwrap();
    let error = store.copy_once("copies/longer", "copied/copies/1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
}
