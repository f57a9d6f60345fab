//! Whom the server listens to when tokens are verified, when a platform verifies them, and when nothing can be verified.

use std::sync::Arc;
use std::time::Duration;

use winback_server::{Auth, Limits, Verify};

use crate::fake::{Fake, running};
use crate::messages::{Message, post, push};

pub(crate) const AUDIENCE: &str = "https://churn.acme.example/events";
pub(crate) const EMAIL: &str = "push@acme.iam.gserviceaccount.com";

pub(crate) fn with_token(token: &str, generation: u64) -> Message {
    let mut message = push("weekly/a.csv", generation, false);
    message.headers.push(("authorization", format!("Bearer {token}")));
    message
}

#[tokio::test]
async fn without_a_token_nothing_is_read_and_nothing_fetched() {
    let sink = Arc::new(Fake::default());
    // Nobody listens there.
    let verify =
        Verify { jwks_url: "http://127.0.0.1:9/certs".to_owned(), ..Verify::google(AUDIENCE, EMAIL) };
    let server = running(&sink, Auth::Tokens(verify), Limits::default()).await;
    let (status, body) = post(&server.url("/events"), &push("weekly/a.csv", 1, false)).await;
    assert_eq!(status, 401, "{body}");
    let mut basic = push("weekly/a.csv", 1, false);
    basic.headers.push(("authorization", "Basic YTpi".to_owned()));
    assert_eq!(post(&server.url("/events"), &basic).await.0, 401);
    let large = Message { body: " ".repeat(5 << 20), headers: Vec::new() };
    // It may be that the connection is closed before all was sent; what matters is that it is not taken.
    let sent = reqwest::Client::new().post(server.url("/events")).body(large.body).send().await;
    assert!(sent.is_err() || sent.is_ok_and(|answer| answer.status() == 401));
    assert!(sink.started().is_empty() && sink.refused.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_puts_events_off() {
    let sink = Arc::new(Fake::default());
    let verify =
        Verify { jwks_url: "http://127.0.0.1:9/certs".to_owned(), ..Verify::google(AUDIENCE, EMAIL) };
    let server = running(&sink, Auth::Tokens(verify), Limits::default()).await;
    // {"alg":"RS256","kid":"x"}.{}. and a signature of zeros
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AAAA";
    let request =
        reqwest::Client::new().post(server.url("/")).bearer_auth(token).timeout(Duration::from_secs(7));
    let answer = request.body(push("weekly/a.csv", 1, false).body).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"10".parse().unwrap()));
    assert!(sink.started().is_empty());
}

#[tokio::test]
async fn a_platform_in_front_has_checked_the_token() {
    let sink = Arc::new(Fake::default());
    let server = running(&sink, Auth::Platform, Limits::default()).await;
    let (status, _) =
        post(&server.url("/"), &with_token("eyJhbGciOiJSUzI1NiJ9.e30.SIGNATURE_REMOVED", 1)).await;
    assert_eq!((status, sink.started().len()), (200, 1));
}
