//! What every store must do, whatever it is: each function is one clause, for a store under which nothing lies at the
//! paths it uses. The tests of this crate run them on stores of this machine, those of `tests/it` on servers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::{FutureExt as _, StreamExt as _, stream};
use winback_flow::{Clock, Digest, ErrorKind, Ledger, Store};

/// Names that a bank's files have had.
const ODD_NAMES: [&str; 9] = [
    "with space and + plus",
    "100%",
    "%2e%2e",
    "Müller & Söhne.csv",
    "客户.csv",
    "a=b,c;d'e\"f",
    "week #7.csv",
    "...",
    "~{[^]}|<>?*",
];

/// Requests on their way at the same time, where many are made.
const AT_ONCE: usize = 32;

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

/// A create finds what is there, and changes nothing.
pub(crate) async fn a_name_is_created_once(store: &Store) {
    store.put_new("a/b/c", Bytes::from("first")).await.unwrap();
    let error = store.put_new("a/b/c", Bytes::from("second")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    assert!(error.to_string().starts_with("`a/b/c` is already in"), "{error}");
    assert_eq!(store.get("a/b/c").await.unwrap(), "first");

    store.put_once("a/b/c", Bytes::from("first")).await.unwrap();
    let error = store.put_once("a/b/c", Bytes::from("second")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
}

/// What is absent is told as absent, before, and after a delete, of which a second one is no error.
pub(crate) async fn what_is_not_there_is_not_found(store: &Store) {
    let error = store.get("none/b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().starts_with("there is no `none/b` in"), "{error}");
    assert!(!store.exists("none/b").await.unwrap());
    assert_eq!(store.list("none").await.unwrap(), []);

    store.put_new("none/b", Bytes::new()).await.unwrap();
    assert!(store.exists("none/b").await.unwrap());
    assert_eq!(store.head("none/b").await.unwrap().size, 0);

    store.delete("none/b").await.unwrap();
    store.delete("none/b").await.unwrap();
    assert!(!store.exists("none/b").await.unwrap());
    store.put_new("none/b", Bytes::from("again")).await.unwrap();
}

/// What lies above an object is no object.
pub(crate) async fn a_folder_is_no_object(store: &Store) {
    store.put_new("folder/deep/a", Bytes::from("x")).await.unwrap();
    for path in ["folder", "folder/deep"] {
        assert!(!store.exists(path).await.unwrap(), "{path}");
        assert_eq!(store.get(path).await.unwrap_err().kind(), ErrorKind::NotFound, "{path}");
    }
}

/// Listings are whole however many pages they have, and in the order of the paths.
pub(crate) async fn listings_are_whole_and_in_order(store: &Store, count: usize) {
    let paths: Vec<String> = (0..count).map(|number| format!("many/{:05}", number * 7 % count)).collect();
    let make = async |(number, path): (usize, &String)| match store.local_path(path).unwrap() {
        // Whoever puts thousands of files into a folder does not wait for the disk after each.
        Some(file) if number > 500 => std::fs::write(file, "x").unwrap(),
        _ => store.put_new(path, Bytes::from("x")).await.unwrap(),
    };
    stream::iter(paths.iter().enumerate()).map(make).buffer_unordered(AT_ONCE).collect::<()>().await;
    store.put_new("many/deep/er", Bytes::from("xyz")).await.unwrap();
    store.put_new("many2/0000", Bytes::from("x")).await.unwrap();

    let entries = store.list("many").await.unwrap();
    assert_eq!(entries.len(), count + 1);
    assert!(entries.is_sorted_by(|one, other| one.path < other.path));
    let last = entries.last().unwrap();
    assert_eq!((last.path.as_str(), last.size), ("many/deep/er", 3));
    assert_eq!(store.list("many2").await.unwrap().len(), 1);

    let [third, second, first] = [3, 2, 1].map(|back| format!("many/{:05}", count - back));
    let after = store.list_after("many", &third).await.unwrap();
    let after: Vec<&str> = after.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(after, [&second, &first, "many/deep/er"]);
}

/// Of sixteen writers of one name exactly one is told that it won, and its bytes are there.
pub(crate) async fn of_many_writers_of_one_name_one_wins(store: &Store) {
    let writers = (0..16_u8).map(|writer| {
        let store = store.clone();
        async move { store.put_new("race/one", Bytes::from(vec![writer; 1_000])).await }
    });
    let outcomes = join_all(writers).await;
    let winners: Vec<usize> = (0..16).filter(|writer| outcomes[*writer].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    }
    assert_eq!(store.get("race/one").await.unwrap(), vec![winners[0] as u8; 1_000]);
    assert_eq!(store.list("race/one").await.unwrap(), [], "it is no folder");
}

/// The same of copies.
pub(crate) async fn of_many_copies_to_one_name_one_wins(store: &Store) {
    for copy in 0..8 {
        store.put_new(&format!("racers/{copy}"), Bytes::from(vec![copy; 1_000])).await.unwrap();
    }
    let copies = (0..8).map(|copy| {
        let store = store.clone();
        async move { store.copy_new(&format!("racers/{copy}"), "race/copy").await }
    });
    let outcomes = join_all(copies).await;
    let winners: Vec<usize> = (0..8).filter(|copy| outcomes[*copy].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert_eq!(store.get("race/copy").await.unwrap(), vec![winners[0] as u8; 1_000]);
}

/// Sixteen writers of one ledger get sixteen numbers, and nothing is lost.
pub(crate) async fn a_ledger_loses_nothing_to_a_race(store: &Store) {
    let ledger =
        || Ledger::<u64>::new(store.clone(), Clock::fixed("2026-11-22T06:00:00Z").unwrap(), "race").unwrap();
    let writers = (0..16).map(|writer| {
        let ledger = ledger();
        async move { ledger.append_with(|_| Some(writer)).await.unwrap().unwrap().number }
    });
    let mut numbers = join_all(writers).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
    let records = ledger().read().await.unwrap();
    let mut written: Vec<u64> = records.iter().map(|record| record.content).collect();
    written.sort_unstable();
    assert_eq!(written, (0..16).collect::<Vec<_>>());
}

/// Names are kept as they are, as names of objects and of folders.
pub(crate) async fn odd_names_come_back_as_they_were(store: &Store) {
    for name in ODD_NAMES {
        for path in [format!("odd/{name}"), format!("under/{name}/x")] {
            store.put_new(&path, Bytes::from(path.clone())).await.unwrap();
            assert_eq!(store.get(&path).await.unwrap(), path);
        }
    }
    let mut expected = ODD_NAMES.map(|name| format!("odd/{name}"));
    expected.sort_unstable();
    let paths = async |prefix: String| {
        let entries = store.list(&prefix).await.unwrap();
        entries.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
    };
    assert_eq!(paths("odd".to_owned()).await, expected);
    assert_eq!(paths("under".to_owned()).await.len(), ODD_NAMES.len());
    for name in ODD_NAMES {
        assert_eq!(paths(format!("under/{name}")).await, [format!("under/{name}/x")]);
        store.delete(&format!("odd/{name}")).await.unwrap();
    }
    assert_eq!(paths("odd".to_owned()).await, [""; 0]);
}

/// Paths that some store would take for others are refused by all.
pub(crate) async fn paths_that_could_mislead_are_refused(store: &Store) {
    for path in ["", "/a", "a/", "a//b", "..", "a/../b", "a/.", "a\\b", "a\nb", "a/b#12", "\u{7f}"] {
        let error = store.put_new(path, Bytes::new()).await.unwrap_err();
        assert!(error.to_string().contains("is not a path in a store"), "{error}");
        assert!(store.get(path).await.is_err(), "{path}");
        assert!(store.delete(path).await.is_err(), "{path}");
    }
}

/// A blob is stored once, and one that was touched is not handed out.
pub(crate) async fn an_artifact_is_stored_once_and_checked(store: &Store) {
    let digest = store.put_artifact(Bytes::from("scores")).await.unwrap();
    assert_eq!(store.put_artifact(Bytes::from("scores")).await.unwrap(), digest);
    assert_eq!(store.get_artifact(&digest).await.unwrap(), "scores");
    assert_eq!(store.list("artifacts").await.unwrap().len(), 1);

    let path = format!("artifacts/{digest}");
    store.delete(&path).await.unwrap();
    let error = store.get_artifact(&digest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    store.put_new(&path, Bytes::from("score")).await.unwrap();
    for error in [
        store.get_artifact(&digest).await.unwrap_err(),
        store.put_artifact(Bytes::from("scores")).await.unwrap_err(),
    ] {
        assert!(error.to_string().starts_with(&format!("`{path}` is cut or altered")), "{error}");
    }
}

/// An upload that is dropped half way shows nothing, and can be made again.
pub(crate) async fn a_broken_upload_shows_nothing(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let (file, digest) = made_file(folder.path(), LARGE);
    let mut cut = 0;
    for steps in [1, 2, 4, 8] {
        let path = format!("broken/{steps}");
        let mut upload = Some(Box::pin(store.put_file(&path, &file)));
        for _ in 0..steps {
            let Some(running) = &mut upload else { break };
            if running.now_or_never().is_some() {
                upload = None;
            } else {
                // Long enough for the next answer, short for the rest.
                pause().await;
            }
        }
        if upload.take().is_some() && !store.is_local() {
            cut += 1;
            assert!(!store.exists(&path).await.unwrap());
            assert!(!store.list("broken").await.unwrap().iter().any(|entry| entry.path == path));
        }
        // What a disk has begun to copy it copies to its end, and then shows it whole.
        store.put_file(&path, &file).await.or_else(already).unwrap();
        let entry = store.head(&path).await.unwrap();
        assert_eq!(store.digest(&entry).await.unwrap(), digest);
    }
    // In memory an upload may be done at the first look; over a network it cannot.
    let by_network = !store.is_local() && store.url().contains("://");
    assert!(cut > 0 || !by_network, "no upload was cut");
}

fn already(error: winback_flow::Error) -> winback_flow::Result<()> {
    if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
}

/// Lets other tasks run, and the clock.
async fn pause() {
    std::thread::sleep(Duration::from_millis(5));
    tokio::task::yield_now().await;
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
    store.put_new("copies/other", Bytes::from("1ne")).await.unwrap();
    for other in ["copies/longer", "copies/other"] {
        let error = store.copy_once(other, "copied/copies/1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    }
}
