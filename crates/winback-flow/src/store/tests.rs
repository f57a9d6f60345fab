//! The contract of a store, run on every kind of it, and what a root and a path may be.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use bytes::Bytes;
use proptest::prelude::{ProptestConfig, proptest};

use crate::testkit::{block_on, contract, memory, on_every_store};
use crate::{ErrorKind, Store};

/// A clause of the contract, run on each kind of store.
macro_rules! clauses {
    ($($clause:ident),* $(,)?) => {$(
        #[test]
        fn $clause() {
            on_every_store(async |store| contract::$clause(&store).await);
        }
    )*};
}

clauses!(
    a_name_is_created_once,
    what_is_not_there_is_not_found,
    a_folder_is_no_object,
    of_many_writers_of_one_name_one_wins,
    of_many_copies_to_one_name_one_wins,
    a_ledger_loses_nothing_to_a_race,
    odd_names_come_back_as_they_were,
    paths_that_could_mislead_are_refused,
    an_artifact_is_stored_once_and_checked,
    entries_agree,
    files_go_in_and_come_out,
    a_broken_upload_shows_nothing,
    a_pinned_read_notices_a_change,
    a_copy_is_made_once,
);

#[test]
fn listings_are_whole_and_in_order() {
    on_every_store(async |store| contract::listings_are_whole_and_in_order(&store, 10_000).await);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_path_is_either_refused_or_kept_everywhere_alike(path in "[a-zé.#%/ 1~]{1,12}") {
        let folder = tempfile::tempdir().unwrap();
        let disk = Store::open("file:bank", folder.path(), &BTreeMap::new()).unwrap();
        let stores = [memory(), disk];
        let kept = stores.each_ref().map(|store| block_on(async {
            let put = store.put_new(&path, Bytes::from("x")).await.is_ok();
            let listed: Vec<String> =
                store.list("").await.unwrap().into_iter().map(|entry| entry.path).collect();
            assert_eq!(listed, if put { vec![path.clone()] } else { Vec::new() });
            put
        }));
        assert_eq!(kept[0], kept[1]);
    }
}

#[test]
fn a_file_of_the_disk_that_others_write_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open("file:bank", folder.path(), &BTreeMap::new()).unwrap();
    block_on(async {
        let file = store.local_path("inbox/week.csv").unwrap().unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "first").unwrap();
        let listed = store.list("inbox").await.unwrap().remove(0);
        store.copy_new("inbox/week.csv", "archive/week.csv").await.unwrap();
        // The clock of a file system may stand still for some milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(50));
        std::fs::write(&file, "other").unwrap();
        let error = store.digest(&listed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
        assert_eq!(store.get("archive/week.csv").await.unwrap(), "first", "a copy is no link");
    });
}

#[test]
fn a_root_is_a_folder_or_memory() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let inside = base.join("bank");
    let roots = ["file:./bank".to_owned(), "file:bank".to_owned(), format!("file:{}", inside.display())];
    for root in roots.iter().chain([&format!("file://{}", inside.display())]) {
        let store = Store::open(root, &base, &BTreeMap::new()).unwrap();
        assert_eq!(store.url(), format!("file://{}", inside.display()));
        let path = store.local_path("a/b c").unwrap().unwrap();
        assert_eq!(path, inside.join("a/b c"));
    }
    assert_eq!(memory().url(), "memory:");
    assert_eq!(memory().local_path("a").unwrap(), None);
}

#[test]
fn a_root_of_another_kind_says_which_there_are() {
    fn check(root: &str, expected: &str) {
        let error = Store::open(root, FilePath::new("/nowhere"), &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("`memory:`"), "{error}");
    }
    check("ftp://bank", "there is no store for `ftp:`");
    check("gs:bank", "a bucket must follow");
    check("s3://", "its bucket is no name");
    check("s3://key:word@bank", "`s3://…@bank` is not a root");
    check("az://bank/a?sig=word", "`az://bank/a` is not a root");
    check("gs://bank/a/../b", "what follows the bucket is no path");
    check("./bank", "it has no scheme");
    check("file:", "`file:` needs a folder");
    check("file://elsewhere/bank", "no folder of this machine");
    check("memory:bank", "nothing may follow");
}

#[test]
fn a_bucket_is_opened_with_settings_that_are_no_secrets() {
    fn opened(root: &str, options: &[(&str, &str)]) -> Result<String, String> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let store = Store::open(root, FilePath::new(""), &options.collect());
        store.map(|store| store.url().to_owned()).map_err(|error| error.to_string())
    }
    let account = ("azure_storage_account_name", "bank");
    assert_eq!(opened("s3://bank-1", &[]), Ok("s3://bank-1".to_owned()));
    assert_eq!(
        opened("s3://bank/churn/a/", &[("aws_region", "eu-central-1")]),
        Ok("s3://bank/churn/a".to_owned())
    );
    assert_eq!(
        opened("gs://bank/churn", &[("google_skip_signature", "true")]),
        Ok("gs://bank/churn".to_owned())
    );
    assert_eq!(opened("az://bank/churn", &[account, ("timeout", "40s")]), Ok("az://bank/churn".to_owned()));

    assert_eq!(opened("memory:", &[("aws_region", "a")]), Ok("memory:".to_owned()));

    let refused = |root: &str, options: &[(&str, &str)], expected: &str| {
        let message = opened(root, options).unwrap_err();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("word"), "{message}");
    };
    refused("s3://bank", &[("aws_regoin", "a")], "the setting `aws_regoin` of the store cannot be used");
    refused("s3://bank", &[("aws_regoin", "a")], "did you mean `aws_region`?");
    refused("gs://bank", &[("aws_region", "a")], "a store in `gs:` has none of that name");
    refused("s3://bank", &[("aws_bucket", "other")], "the root names it");
    refused("s3://bank", &[("secret_access_key", "word")], "variable `AWS_SECRET_ACCESS_KEY`");
    refused("gs://bank", &[("google_service_account_key", "word")], "variable `GOOGLE_SERVICE_ACCOUNT_KEY`");
    refused("az://bank", &[account, ("sas_token", "word")], "variable `AZURE_STORAGE_SAS_KEY`");
    refused("s3://bank", &[("allow_http", "perhaps")], "cannot open the bucket of `s3://bank`");
    refused("az://bank", &[], "cannot open the bucket of `az://bank`");
}

#[test]
fn two_handles_on_a_folder_see_the_same_objects() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (
        Store::open("file:bank", folder.path(), &BTreeMap::new()).unwrap(),
        Store::open("file:bank", folder.path(), &BTreeMap::new()).unwrap(),
    );
    block_on(async {
        one.put_new("a/b", Bytes::from("x")).await.unwrap();
        let error = other.put_new("a/b", Bytes::from("y")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert_eq!(other.get("a/b").await.unwrap(), "x");
    });
}

#[test]
fn names_after_another_are_those_of_a_listing() {
    on_every_store(async |store| {
        assert_eq!(store.names_after("notes", "notes/1").await.unwrap(), Vec::<String>::new());
        for name in ["notes/1", "notes/2", "notes/3", "notes2/4"] {
            store.put_new(name, Bytes::from("x")).await.unwrap();
        }
        for (after, expected) in [("notes/0", 3), ("notes/1", 2), ("notes/25", 1), ("notes/3", 0)] {
            let mut names = store.names_after("notes", after).await.unwrap();
            names.sort_unstable();
            let listed = store.list_after("notes", after).await.unwrap();
            assert_eq!(names, listed.into_iter().map(|entry| entry.path).collect::<Vec<_>>());
            assert_eq!(names.len(), expected, "{after}");
        }
    });
}

#[cfg(unix)]
#[test]
fn what_cannot_be_asked_for_hides_nothing_and_is_told() {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open("file:bank", folder.path(), &std::collections::BTreeMap::new()).unwrap();
    block_on(store.put_new("weekly_folder/a.csv", "x".into())).unwrap();
    let place = folder.path().join("bank/weekly_folder");
    std::fs::create_dir(place.join("below")).unwrap();
    std::fs::create_dir(folder.path().join("elsewhere")).unwrap();
    std::fs::write(folder.path().join("elsewhere/b.csv"), "x").unwrap();
    symlink(folder.path().join("elsewhere"), place.join("linked")).unwrap();
    let listed = || {
        let listed = block_on(store.list("weekly_folder")).unwrap();
        listed.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
    };
    let expected = ["weekly_folder/a.csv", "weekly_folder/linked/b.csv"];
    assert_eq!(listed(), expected);
    assert_eq!(block_on(store.unlisted("weekly_folder")).unwrap(), [""; 0]);

    std::fs::write(place.join(std::ffi::OsStr::from_bytes(b"odd-\xff.csv")), "x").unwrap();
    std::fs::write(place.join("back\\slash.csv"), "x").unwrap();
    std::fs::write(place.join("new#1"), "still being written").unwrap();
    symlink("nowhere", place.join("dangling.csv")).unwrap();
    symlink("..", place.join("below/loop")).unwrap();
    assert_eq!(listed(), expected);
    let odd = ["back\\slash.csv", "below/loop", "dangling.csv", "odd-\u{fffd}.csv"];
    assert_eq!(
        block_on(store.unlisted("weekly_folder")).unwrap(),
        odd.map(|name| format!("weekly_folder/{name}"))
    );
}
