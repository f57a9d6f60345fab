//! `/metrics`: the texts to the letter, what is counted, who may ask; and that `promtool` and Python's own client read
//! them as they were meant.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use axum::routing::Router;
use futures::future::BoxFuture;
use winback_peers as peers;
use winback_server::{Auth, Kind, Later, Limits, Measured, Metric, Verify, app, metrics_app};

use crate::answers::{get, tell};
use crate::fake::{Fake, state};
use crate::messages::{Message, binary};

const OPEN_METRICS: (&str, &str) = (
    "accept",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75",
);

/// One figure with labels that need care, one without, and one that nothing is known of.
struct Figures {
    are_known: bool,
}

impl Measured for Figures {
    fn metrics(&self) -> BoxFuture<'_, Result<Vec<Metric>, Later>> {
        let gauge = |name, help, series| Metric { name, help, kind: Kind::Gauge, series };
        let told = if self.are_known {
            Ok(vec![
                gauge(
                    "winback_drift_index",
                    "How a column differs",
                    vec![
                        (vec![("column", "a \"quoted\\ name\"\nof two lines".to_owned())], 0.25),
                        (vec![("column", "größe".to_owned())], f64::NAN),
                    ],
                ),
                gauge("winback_asks_ratio", "Whether it asks", vec![(Vec::new(), 1.0)]),
                gauge("winback_since_timestamp_seconds", "When it began", Vec::new()),
            ])
        } else {
            Err(Later::new("the bucket `secret` is away"))
        };
        Box::pin(async { told })
    }
}

/// The two addresses of one server.
fn addresses(sink: &Arc<Fake>, auth: Auth, are_known: bool) -> [Router; 2] {
    let state = state(sink, auth, Limits::default()).with_metrics(Arc::new(Figures { are_known }));
    [app(state.clone()), metrics_app(state)]
}

/// What is told after an event of each kind and a page that is not there.
async fn told(accept: &[(&'static str, &str)]) -> (String, String) {
    let sink = Arc::new(Fake::default());
    let [app, metrics] = addresses(&sink, Auth::Loopback, true);
    for name in ["weekly/a.csv", "weekly/a.csv", "other/a.csv", "weekly/a.exe"] {
        assert_eq!(tell(app.clone(), &binary(name, 1)).await.status, StatusCode::OK);
    }
    let unreadable = Message { headers: Vec::new(), body: "no event".to_owned() };
    assert_eq!(tell(app.clone(), &unreadable).await.status, StatusCode::OK);
    sink.is_down.store(true, Ordering::SeqCst);
    assert_eq!(tell(app.clone(), &binary("weekly/b.csv", 1)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(app, "/customers/4711", &[]).await.status, StatusCode::NOT_FOUND);
    let answer = get(metrics, "/metrics", accept).await;
    assert_eq!(answer.status, StatusCode::OK);
    (answer.headers["content-type"].to_str().unwrap().to_owned(), answer.body)
}

const TEXT: &str = r##"# HELP winback_events_total Changes that events told of, and messages that nobody understood, by what became of them
# TYPE winback_events_total counter
winback_events_total{outcome="ignored"} 1.0
winback_events_total{outcome="known"} 1.0
winback_events_total{outcome="noticed"} 0.0
winback_events_total{outcome="put_off"} 1.0
winback_events_total{outcome="refused"} 1.0
winback_events_total{outcome="started"} 1.0
winback_events_total{outcome="unreadable"} 1.0
# HELP winback_http_requests_total Requests that were answered
# TYPE winback_http_requests_total counter
winback_http_requests_total{path="/events",status="200"} 5.0
winback_http_requests_total{path="/events",status="503"} 1.0
winback_http_requests_total{path="other",status="404"} 1.0
# HELP winback_drift_index How a column differs
# TYPE winback_drift_index gauge
winback_drift_index{column="a \"quoted\\ name\"\nof two lines"} 0.25
winback_drift_index{column="größe"} NaN
# HELP winback_asks_ratio Whether it asks
# TYPE winback_asks_ratio gauge
winback_asks_ratio 1.0
# HELP winback_since_timestamp_seconds When it began
# TYPE winback_since_timestamp_seconds gauge
"##;

#[tokio::test]
async fn how_things_stand_is_told_in_the_text_of_prometheus() {
    let (content_type, text) = told(&[]).await;
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(text, TEXT);
}

#[tokio::test]
async fn whoever_asks_for_open_metrics_gets_them() {
    let (content_type, text) = told(&[OPEN_METRICS]).await;
    assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    // The family of a counter has no `_total` there, and the text ends in a mark.
    let expected = TEXT
        .replace("HELP winback_events_total", "HELP winback_events")
        .replace("TYPE winback_events_total", "TYPE winback_events")
        .replace("HELP winback_http_requests_total", "HELP winback_http_requests")
        .replace("TYPE winback_http_requests_total", "TYPE winback_http_requests");
    assert_eq!(text, expected + "# EOF\n");
}

#[tokio::test]
async fn metrics_are_told_to_whoever_may_send_events_and_at_their_own_address_to_anyone() {
    let sink = Arc::new(Fake::default());
    let tokens = Auth::Tokens(Verify::google("https://churn.example", "push@acme.example"));
    let [app, metrics] = addresses(&sink, tokens, true);
    let refused = get(app, "/metrics", &[]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(!refused.body.contains("winback_"), "{}", refused.body);
    assert_eq!(get(metrics.clone(), "/metrics", &[]).await.status, StatusCode::OK);
    assert_eq!(get(metrics.clone(), "/healthz", &[]).await.status, StatusCode::OK);
    // No event comes in there.
    assert_eq!(tell(metrics, &binary("weekly/a.csv", 1)).await.status, StatusCode::NOT_FOUND);
    let [app, _] = addresses(&sink, Auth::Loopback, true);
    assert_eq!(get(app.clone(), "/metrics", &[]).await.status, StatusCode::OK);
    // A page of the web has made its name lead here, and the browser says no more than that.
    for (host, status) in [
        ("evil.example:8080", StatusCode::FORBIDDEN),
        ("127.0.0.1.evil.example", StatusCode::FORBIDDEN),
        ("10.0.0.1", StatusCode::FORBIDDEN),
        ("not a host", StatusCode::FORBIDDEN),
        ("LocalHost:8080", StatusCode::OK),
        ("127.0.0.1:8080", StatusCode::OK),
        ("[::1]:8080", StatusCode::OK),
    ] {
        assert_eq!(get(app.clone(), "/metrics", &[("host", host)]).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn what_cannot_be_told_now_is_asked_for_again_and_gives_nothing_away() {
    let sink = Arc::new(Fake::default());
    let [_, metrics] = addresses(&sink, Auth::Loopback, false);
    let answer = get(metrics, "/metrics", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after") && !answer.body.contains("secret"), "{}", answer.body);
}

#[tokio::test]
async fn promtool_finds_nothing_to_mend() {
    let Some(promtool) = peers::program("promtool_finds_nothing_to_mend", "promtool") else { return };
    let (_, text) = told(&[]).await;
    let mut check = Command::new(promtool).args(["check", "metrics"]).stdin(Stdio::piped()).spawn().unwrap();
    check.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(check.wait().unwrap().success());
}

/// Prints families, their kinds and samples.
const PARSE: &str = "
import json, sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
text = sys.stdin.buffer.read().decode()
parse = openmetrics if text.endswith('# EOF\\n') else parser
families = parse.text_string_to_metric_families(text)
told = [[f.name, f.type, [[s.name, s.labels, repr(s.value)] for s in f.samples]] for f in families]
json.dump(told, sys.stdout)
";

#[tokio::test]
async fn pythons_client_reads_both_texts_alike() {
    if !peers::python("pythons_client_reads_both_texts_alike", &["prometheus_client"]) {
        return;
    }
    let mut read = Vec::new();
    for accept in [&[][..], &[OPEN_METRICS]] {
        let (_, text) = told(accept).await;
        let mut python = Command::new("python3");
        let python = python.args(["-c", PARSE]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut python = python.spawn().unwrap();
        python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        assert!(output.status.success());
        let families: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        read.push(families);
    }
    assert_eq!(read[0], read[1]);
    let drift = &read[0].as_array().unwrap()[2];
    assert_eq!(drift[0], "winback_drift_index");
    assert_eq!(drift[2][0][1]["column"], "a \"quoted\\ name\"\nof two lines");
    assert_eq!(read[0][0][0], "winback_events");
    assert_eq!(read[0][0][2].as_array().unwrap().len(), 7);
}
