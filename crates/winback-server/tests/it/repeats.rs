//! At least once and in no order: what is told many times, in several forms, is taken once.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt as _;
use winback_server::{Auth, Limits};

use crate::fake::{Fake, running};
use crate::messages::{binary, post_by, push, structured};

const N_FILES: u64 = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_repeated_and_shuffled_events_start_each_run_once() {
    let mut messages = Vec::new();
    for file in 0..N_FILES {
        // Two generations of each name.
        let (name, generation) = (format!("weekly/{}.csv", file / 2), 1000 + file);
        messages.push(binary(&name, generation));
        messages.push(structured(&name, generation));
        messages.push(push(&name, generation, true));
        messages.push(push(&name, generation, false));
    }
    shuffle(&mut messages);
    let sink = Arc::new(Fake::default());
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let (client, url) = (reqwest::Client::new(), server.url("/events"));
    let posts =
        futures::stream::iter(&messages).map(|message| post_by(&client, &url, message)).buffer_unordered(16);
    let answers: Vec<(u16, String)> = posts.collect().await;

    assert_eq!(answers.len(), 1000);
    assert!(answers.iter().all(|(status, _)| *status == 200));
    let started = answers.iter().filter(|(_, body)| body.contains("\"outcome\":\"started\"")).count();
    assert_eq!(started as u64, N_FILES);
    let taken: BTreeSet<_> =
        sink.started().into_iter().map(|change| (change.name, change.generation)).collect();
    let expected: BTreeSet<_> = (0..N_FILES)
        .map(|file| (format!("weekly/{}.csv", file / 2), Some((1000 + file).to_string())))
        .collect();
    assert_eq!(taken, expected);
}

/// The same disorder each time.
fn shuffle<T>(items: &mut [T]) {
    let mut state = 20_261_122_u64;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (last + 1);
        items.swap(last, other);
    }
}
