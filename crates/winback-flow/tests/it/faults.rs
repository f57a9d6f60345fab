//! What a store makes of rivals and of a network that fails: nothing is lost, nothing is made twice, and nobody is told
//! that something was done that was not.

use std::time::Duration;

use bytes::Bytes;
use winback_flow::{Clock, Digest, ErrorKind, Ledger, Store};

use crate::contract;
use crate::gateway::{Face, Fault, Gateway};
use crate::servers::{BUCKET, Server, service_account};
use crate::stores::{block_on, open};

/// A store before which a gateway stands.
struct Bench {
    store: Store,
    gateway: Gateway,
    _server: Server,
}

impl Bench {
    fn new(test: &str, face: Face) -> Option<Self> {
        let server = Server::moto(test)?;
        let gateway = Gateway::start(face, server.address);
        let endpoint = format!("http://{}", gateway.address);
        let store = match face {
            Face::Google => {
                let folder = tempfile::tempdir().unwrap();
                let account = service_account(folder.path());
                let options = [
                    ("google_base_url", endpoint.as_str()),
                    ("google_service_account", account.as_str()),
                    ("timeout", "2s"),
                ];
                open(&format!("gs://{BUCKET}/faults"), &options)
            }
            Face::Amazon => {
                let options = [
                    ("aws_endpoint", endpoint.as_str()),
                    ("aws_skip_signature", "true"),
                    ("allow_http", "true"),
                ];
                open(&format!("s3://{BUCKET}/faults"), &options)
            }
        };
        Some(Self { store, gateway, _server: server })
    }
}

/// The races of the contract, which the servers for S3 do not decide rightly by themselves.
#[test]
fn of_many_writers_on_s3_one_wins() {
    let Some(bench) = Bench::new("of_many_writers_on_s3_one_wins", Face::Amazon) else { return };
    block_on(async {
        contract::of_many_writers_of_one_name_one_wins(&bench.store).await;
        contract::of_many_copies_to_one_name_one_wins(&bench.store).await;
        contract::a_ledger_loses_nothing_to_a_race(&bench.store).await;
    });
}

#[test]
fn a_network_that_fails_loses_nothing() {
    let Some(bench) = Bench::new("a_network_that_fails_loses_nothing", Face::Google) else { return };
    let Bench { store, gateway, .. } = &bench;
    block_on(async {
        // What was not done is done again.
        for (path, faults) in
            [("busy", &[Fault::Status(429), Fault::Status(503)][..]), ("cut", &[Fault::Cut, Fault::Cut])]
        {
            gateway.fail("PUT", faults);
            store.put_new(path, Bytes::from("x")).await.unwrap();
            assert_eq!(gateway.faults_left(), 0);
        }
        // What was done, and not told, is found by whoever asks again; "exists" may be about our own.
        for (path, fault) in [("lost", Fault::LostAnswer), ("late", Fault::Late(Duration::from_secs(3)))] {
            gateway.fail("PUT", &[fault]);
            let error = store.put_new(path, Bytes::from("x")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
            assert_eq!(gateway.faults_left(), 0);
            store.put_once(path, Bytes::from("x")).await.unwrap();
            assert_eq!(store.get(path).await.unwrap(), "x");
        }
        // One refusal for good is told, and nothing is there.
        gateway.fail("PUT", &[Fault::Status(403)]);
        let error = store.put_new("refused", Bytes::from("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
        assert!(!store.exists("refused").await.unwrap());
    });
}

#[test]
fn a_ledger_knows_its_own_record_after_a_lost_answer() {
    let test = "a_ledger_knows_its_own_record_after_a_lost_answer";
    let Some(bench) = Bench::new(test, Face::Google) else { return };
    let Bench { store, gateway, .. } = &bench;
    block_on(async {
        let clock = Clock::fixed("2026-11-22T06:00:00Z").unwrap();
        let ledger = Ledger::<u64>::new(store.clone(), clock, "notes").unwrap();
        for (content, fault) in [(1, Fault::LostAnswer), (2, Fault::Cut), (3, Fault::Status(503))] {
            gateway.fail("PUT", &[fault]);
            let record = ledger.append_with(|_| Some(content)).await.unwrap().unwrap();
            assert_eq!((record.number, gateway.faults_left()), (content, 0));
        }
        assert_eq!(store.list("state/notes").await.unwrap().len(), 3);
    });
}

#[test]
fn large_files_survive_a_network_that_fails() {
    let Some(bench) = Bench::new("large_files_survive_a_network_that_fails", Face::Google) else { return };
    let Bench { store, gateway, .. } = &bench;
    let folder = tempfile::tempdir().unwrap();
    // More than one range of a read.
    let bytes: Vec<u8> =
        (0..40_u32 << 20).map(|place| (place.wrapping_mul(0x9e37_79b9) >> 13) as u8).collect();
    let (file, digest) = (folder.path().join("large"), Digest::of(&bytes));
    std::fs::write(&file, &bytes).unwrap();
    block_on(async {
        gateway.fail("PUT", &[Fault::Status(503), Fault::Cut, Fault::LostAnswer]);
        store.put_file("large", &file).await.unwrap();
        let entry = store.head("large").await.unwrap();
        gateway.fail("GET", &[Fault::HalfAnswer, Fault::Cut, Fault::Status(500)]);
        assert_eq!(store.digest(&entry).await.unwrap(), digest);
        assert_eq!(gateway.faults_left(), 0);

        // An upload that is refused for good leaves nothing.
        gateway.fail("PUT", &[Fault::Status(403)]);
        let error = store.put_file("refused", &file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
        assert!(!store.exists("refused").await.unwrap());
    });
}

#[test]
fn a_conflict_is_tried_again_and_told_if_it_does_not_end() {
    let test = "a_conflict_is_tried_again_and_told_if_it_does_not_end";
    let Some(bench) = Bench::new(test, Face::Amazon) else { return };
    let Bench { store, gateway, .. } = &bench;
    block_on(async {
        gateway.fail("PUT", &[Fault::Status(409), Fault::Status(409)]);
        store.put_new("once", Bytes::from("x")).await.unwrap();
        gateway.fail("PUT", &[Fault::Status(409)]);
        let error = store.put_new("once", Bytes::from("y")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");

        gateway.fail("PUT", &[Fault::Status(409); 5]);
        let error = store.put_new("never", Bytes::from("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error}");
        assert_eq!(gateway.faults_left(), 0);
        assert!(!store.exists("never").await.unwrap());
    });
}
