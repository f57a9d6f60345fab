//! The contract of the ledger: nothing is lost to races, lost answers, cut objects or missing checkpoints.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;

use super::{CHECKPOINT_EVERY, draw_nonce, file_name, number_in};
use crate::testkit::{NOW, Unreliable, block_on, clock, memory, on_every_store};
use crate::{ErrorKind, Ledger, Record, Store};

fn ledger(store: &Store) -> Ledger<u64> {
    Ledger::new(store.clone(), clock(), "notes").unwrap()
}

fn contents(records: &[Arc<Record<u64>>]) -> Vec<u64> {
    records.iter().map(|record| record.content).collect()
}

/// Appends `first..=last`, one record each.
async fn fill(store: &Store, first: u64, last: u64) {
    let ledger = ledger(store);
    for content in first..=last {
        ledger.append_with(|_| Some(content)).await.unwrap();
    }
}

#[test]
fn records_come_back_in_order_with_number_and_time() {
    on_every_store(async |store| {
        let ledger = ledger(&store);
        assert_eq!(*ledger.read().await.unwrap(), []);
        let first = ledger.append_with(|history| Some(history.len() as u64 + 10)).await.unwrap().unwrap();
        assert_eq!((first.number, first.content, first.at.as_str()), (1, 10, NOW));
        let second = ledger.append_with(|history| Some(history.len() as u64 + 10)).await.unwrap().unwrap();
        assert_eq!(*ledger.read().await.unwrap(), [first, second]);
        assert!(store.exists("state/notes/00000000000000000002.json").await.unwrap());
        assert_eq!(ledger.append_with(|_| None).await.unwrap(), None);
        assert_eq!(ledger.read().await.unwrap().len(), 2);
    });
}

#[test]
fn of_sixteen_writers_each_gets_a_number_and_none_is_lost() {
    on_every_store(async |store| {
        let writers = (0..16).map(|writer| {
            let ledger = ledger(&store);
            async move {
                let mut asked = 0;
                let appended = ledger.append_with(|_| {
                    asked += 1;
                    Some(writer)
                });
                let record = appended.await.unwrap().unwrap();
                (record.number, asked)
            }
        });
        let (mut numbers, asked): (Vec<u64>, Vec<u32>) = join_all(writers).await.into_iter().unzip();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
        let mut written = contents(&ledger(&store).read().await.unwrap());
        written.sort_unstable();
        assert_eq!(written, (0..16).collect::<Vec<_>>());
        assert!(asked.iter().all(|asked| (1..=16).contains(asked)), "{asked:?}");
    });
}

#[test]
fn a_loser_decides_anew() {
    on_every_store(async |store| {
        // Each wants to be the only one, as two trainings want one reservation.
        let claims = (0..8).map(|writer| {
            let ledger = ledger(&store);
            async move { ledger.append_with(|history| history.is_empty().then_some(writer)).await.unwrap() }
        });
        let outcomes = join_all(claims).await;
        assert_eq!(outcomes.iter().flatten().count(), 1, "{outcomes:?}");
        assert_eq!(ledger(&store).read().await.unwrap().len(), 1);
    });
}

#[test]
fn a_writer_whose_answer_was_lost_knows_its_record() {
    let objects = Arc::new(Unreliable::default());
    let store = Store::over(Arc::clone(&objects) as _);
    block_on(async {
        fill(&store, 1, 3).await;
        objects.lose_answers(1);
        let record = ledger(&store).append_with(|_| Some(4)).await.unwrap().unwrap();
        assert_eq!(record.number, 4);
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), [1, 2, 3, 4]);
    });
}

#[test]
fn a_long_stream_reads_the_same_with_and_without_checkpoints() {
    on_every_store(async |store| {
        fill(&store, 1, 600).await;
        let all: Vec<u64> = (1..=600).collect();
        let checkpoint = |number| format!("state/notes/checkpoints/{}", file_name(number));
        let listed = store.list("state/notes/checkpoints").await.unwrap();
        let listed: Vec<String> = listed.into_iter().map(|entry| entry.path).collect();
        assert_eq!(listed, [checkpoint(CHECKPOINT_EVERY), checkpoint(2 * CHECKPOINT_EVERY)]);
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), all);

        // Cut, then lost, then none at all.
        store.delete(&checkpoint(512)).await.unwrap();
        store.put_new(&checkpoint(512), Bytes::from(r#"{"format":1,"records":["#)).await.unwrap();
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), all);
        store.delete(&checkpoint(512)).await.unwrap();
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), all);
        store.delete(&checkpoint(256)).await.unwrap();
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), all);
    });
}

#[test]
fn a_checkpoint_spares_reading_what_it_holds() {
    let objects = Arc::new(Unreliable::default());
    let store = Store::over(Arc::clone(&objects) as _);
    block_on(async {
        fill(&store, 1, 520).await;
        let before = objects.reads();
        let fresh = ledger(&store);
        assert_eq!(fresh.read().await.unwrap().len(), 520);
        assert_eq!(objects.reads() - before, 2 + 8, "two checkpoints and the records after them");
        let before = objects.reads();
        fresh.read().await.unwrap();
        assert_eq!(
            objects.reads() - before,
            1,
            "what was read once is known; one question tells that nothing came after"
        );
    });
}

#[test]
fn a_lost_checkpoint_does_not_fail_the_record_before_it() {
    let objects = Arc::new(Unreliable::default());
    let store = Store::over(Arc::clone(&objects) as _);
    block_on(async {
        fill(&store, 1, 255).await;
        // The name of the checkpoint is taken by rubbish.
        store.put_new("state/notes/checkpoints/00000000000000000256.json", Bytes::from("x")).await.unwrap();
        fill(&store, 256, 257).await;
        assert_eq!(ledger(&store).read().await.unwrap().len(), 257);
    });
}

#[test]
fn a_checkpoint_that_holds_other_records_than_its_name_says_is_passed_over() {
    block_on(async {
        let store = memory();
        fill(&store, 1, 3).await;
        let foreign = r#"{"format":1,"records":[{"nonce":"","at":"","record":99}]}"#;
        store
            .put_new("state/notes/checkpoints/00000000000000000256.json", Bytes::from(foreign))
            .await
            .unwrap();
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), [1, 2, 3]);
    });
}

#[test]
fn a_cut_record_is_named_and_a_missing_one_too() {
    on_every_store(async |store| {
        fill(&store, 1, 3).await;
        let path = "state/notes/00000000000000000002.json";
        let whole = store.get(path).await.unwrap();
        store.delete(path).await.unwrap();
        let error = ledger(&store).read().await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{path}` is missing")), "{error}");
        assert_eq!(error.kind(), ErrorKind::Other, "a gap is no plain absence");

        store.put_new(path, whole.slice(..whole.len() - 9)).await.unwrap();
        let error = ledger(&store).read().await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{path}` is not a whole record")), "{error}");
        let error = ledger(&store).append_with(|_| Some(4)).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{path}` is not a whole record")), "{error}");
        assert!(!store.exists("state/notes/00000000000000000004.json").await.unwrap());
    });
}

#[test]
fn streams_are_apart_and_other_files_among_them_do_no_harm() {
    on_every_store(async |store| {
        let other: Ledger<u64> = Ledger::new(store.clone(), clock(), "notes2").unwrap();
        other.append_with(|_| Some(9)).await.unwrap();
        store.put_new("state/notes/.DS_Store", Bytes::from("x")).await.unwrap();
        store.put_new("state/notes/7.json", Bytes::from("x")).await.unwrap();
        store.put_new("state/notes/checkpoints/latest", Bytes::from("x")).await.unwrap();
        fill(&store, 1, 2).await;
        assert_eq!(contents(&ledger(&store).read().await.unwrap()), [1, 2]);
        assert_eq!(contents(&other.read().await.unwrap()), [9]);
    });
}

#[test]
fn a_stream_has_a_plain_name() {
    for name in ["", "a/b", "..", "a b", "é", &"x".repeat(101)] {
        let error = Ledger::<u64>::new(memory(), clock(), name).unwrap_err();
        assert!(error.to_string().contains("cannot name a stream"), "{error}");
    }
}

#[test]
fn only_names_of_our_form_are_numbers() {
    let path = |name: &str| format!("state/a/{name}");
    assert_eq!(number_in("state/a", &path(&file_name(17))), Some(17));
    assert_eq!(number_in("state/a", &path(&file_name(u64::MAX))), Some(u64::MAX));
    for name in ["17.json", "00000000000000000017", "checkpoints/00000000000000000256.json", ".DS_Store"] {
        assert_eq!(number_in("state/a", &path(name)), None, "{name}");
    }
    assert_eq!(number_in("state/a", "state/ab/00000000000000000017.json"), None);
}

#[test]
fn nonces_differ() {
    assert_ne!(draw_nonce().unwrap(), draw_nonce().unwrap());
}
