//! What is answered to whom: on paths without a network where that is enough, else over one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use winback_server::{Auth, Limits, app};

use crate::fake::{Fake, eventually, paths, running, state};
use crate::messages::{Message, binary, post, push, structured};

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn ask(app: axum::Router, method: Method, path: &str, message: &Message) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in &message.headers {
        request = request.header(*name, value);
    }
    let response = app.oneshot(request.body(Body::from(message.body.clone())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Asks for a page.
pub(crate) async fn get(app: axum::Router, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    ask(app, Method::GET, path, &Message { headers, body: String::new() }).await
}

/// Posts a message as clouds do.
pub(crate) async fn tell(app: axum::Router, message: &Message) -> Answer {
    ask(app, Method::POST, "/events", message).await
}

fn plain(body: &str) -> Message {
    Message { headers: Vec::new(), body: body.to_owned() }
}

#[tokio::test]
async fn each_form_is_taken_on_both_paths_and_answered_with_what_became_of_it() {
    let sink = Arc::new(Fake::default());
    let name = "weekly/2026-W47.csv";
    let messages = [binary(name, 7), structured(name, 7), push(name, 7, true), push(name, 7, false)];
    for (message_idx, message) in messages.iter().enumerate() {
        for path in ["/", "/events"] {
            let answer = ask(paths(&sink), Method::POST, path, message).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let is_first = message_idx == 0 && path == "/";
            let expected = json!({"changes": [{
                "bucket": "acme-churn", "name": name, "generation": "7",
                "outcome": if is_first { "started" } else { "known" }, "run": "run-1",
            }]});
            assert_eq!(answer.json(), expected);
        }
    }
    assert_eq!(sink.started().len(), 1);
}

#[tokio::test]
async fn what_will_never_start_anything_is_answered_as_done() {
    let sink = Arc::new(Fake::default());
    for (name, because) in [
        ("output/scores.csv", "it lies outside the watched folders"),
        ("weekly/", "it stands for a folder"),
        ("weekly/virus.exe", "it is no table"),
    ] {
        let answer = ask(paths(&sink), Method::POST, "/events", &push(name, 1, true)).await;
        assert_eq!(
            (answer.status, &answer.json()["changes"][0]["because"]),
            (StatusCode::OK, &because.into())
        );
    }
    let mut gone = push("weekly/a.csv", 1, false);
    gone.body = gone.body.replace("OBJECT_FINALIZE", "OBJECT_DELETE");
    let answer = ask(paths(&sink), Method::POST, "/events", &gone).await;
    assert_eq!(answer.json()["changes"][0]["because"], "it was removed");
    let test = plain(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#);
    let answer = ask(paths(&sink), Method::POST, "/events", &test).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"changes": []})));
    assert!(sink.started().is_empty() && sink.refused.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_recorded_and_answered_as_done() {
    let sink = Arc::new(Fake::default());
    for body in ["", "no JSON", "{}", r#"{"message":{"attributes":{}}}"#] {
        let answer = ask(paths(&sink), Method::POST, "/events", &plain(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(sink.refused.lock().unwrap().last().unwrap(), answer.json()["refused"].as_str().unwrap());
    }
    assert_eq!(sink.refused.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn what_could_not_be_recorded_is_to_be_sent_again() {
    let sink = Arc::new(Fake::default());
    sink.is_down.store(true, Ordering::SeqCst);
    for message in [binary("weekly/a.csv", 1), plain("no JSON")] {
        let answer = ask(paths(&sink), Method::POST, "/", &message).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers["retry-after"], "30");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.json()["status"], 503);
        assert!(!answer.body.contains("secret"), "{}", answer.body);
    }
    sink.is_down.store(false, Ordering::SeqCst);
    let answer = ask(paths(&sink), Method::POST, "/", &binary("weekly/a.csv", 1)).await;
    assert_eq!(answer.json()["changes"][0]["outcome"], "started");
}

#[tokio::test]
async fn a_sink_that_takes_too_long_is_not_waited_for_and_not_interrupted() {
    let sink = Arc::new(Fake::default());
    *sink.delay.lock().unwrap() = Duration::from_secs(1);
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    let paths = app(state(&sink, Auth::Loopback, limits));
    let answer = ask(paths, Method::POST, "/", &binary("weekly/a.csv", 1)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "10");
    assert!(sink.started().is_empty());
    eventually(|| sink.started().len() == 1).await;
}

#[tokio::test]
async fn a_sender_who_goes_away_does_not_interrupt_a_claim() {
    let sink = Arc::new(Fake::default());
    *sink.delay.lock().unwrap() = Duration::from_secs(1);
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let Message { body, .. } = push("weekly/a.csv", 1, false);
    let request =
        format!("POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    sink.begins().await;
    drop(connection);
    assert!(sink.started().is_empty());
    eventually(|| sink.started().len() == 1).await;
}

#[tokio::test]
async fn a_body_that_is_no_event_is_too_large() {
    let sink = Arc::new(Fake::default());
    let limit = Limits::default().body;
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let (status, _) = post(&server.url("/events"), &plain(&" ".repeat(limit))).await;
    assert_eq!(status, 200);
    let (status, body) = post(&server.url("/events"), &plain(&" ".repeat(limit + 1))).await;
    assert_eq!(status, 413, "{body}");
    assert!(body.contains("files go to the bucket"), "{body}");
    assert_eq!(sink.refused.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_without_a_length_has_the_same_limit() {
    let sink = Arc::new(Fake::default());
    let server = running(&sink, Auth::Loopback, Limits { body: 1000, ..Limits::default() }).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..3 {
        connection.write_all(format!("1f4\r\n{}\r\n", " ".repeat(500)).as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn browsers_may_not_send_events_to_this_machine() {
    let sink = Arc::new(Fake::default());
    let mut message = push("weekly/a.csv", 1, false);
    message.headers.push(("origin", "https://elsewhere.example".to_owned()));
    let answer = ask(paths(&sink), Method::POST, "/events", &message).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(sink.started().is_empty());
}

#[tokio::test]
async fn event_grid_is_told_that_it_may_send() {
    let sink = Arc::new(Fake::default());
    let asking = vec![("webhook-request-origin", "eventgrid.azure.net".to_owned())];
    let message = Message { headers: asking, body: String::new() };
    let answer = ask(paths(&sink), Method::OPTIONS, "/events", &message).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["webhook-allowed-origin"], "eventgrid.azure.net");
    assert_eq!(answer.headers["webhook-allowed-rate"], "*");
    let answer = ask(paths(&sink), Method::OPTIONS, "/events", &plain("")).await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (StatusCode::NO_CONTENT, &"POST, OPTIONS".parse().unwrap())
    );
}

#[tokio::test]
async fn other_paths_answer_for_themselves() {
    let sink = Arc::new(Fake::default());
    for path in ["/healthz", "/readyz"] {
        let answer = ask(paths(&sink), Method::GET, path, &plain("")).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "ok\n"));
    }
    for (method, path, status) in [
        (Method::GET, "/nowhere", StatusCode::NOT_FOUND),
        (Method::GET, "/events", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, "/", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = ask(paths(&sink), method, path, &plain("")).await;
        assert_eq!((answer.status, &answer.json()["status"]), (status, &status.as_u16().into()));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way() {
    let sink = Arc::new(Fake::default());
    *sink.delay.lock().unwrap() = Duration::from_millis(300);
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let url = server.url("/");
    let asked = tokio::spawn(async move { post(&url, &binary("weekly/a.csv", 1)).await });
    sink.begins().await;
    server.stop.send(()).unwrap();
    assert_eq!(asked.await.unwrap().0, 200);
    tokio::time::timeout(Duration::from_secs(5), server.ended).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn the_end_does_not_wait_for_a_request_that_never_comes() {
    let sink = Arc::new(Fake::default());
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let mut connection = TcpStream::connect(server.address).await.unwrap();
    connection.write_all(b"POST /events HTTP/1.1\r\nhost:").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.ended.is_finished());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(10)).await;
    tokio::time::resume();
    tokio::time::timeout(Duration::from_secs(5), server.ended).await.unwrap().unwrap().unwrap();
}
