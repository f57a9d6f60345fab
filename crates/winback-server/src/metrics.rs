//! `/metrics`: how things stand, as [`Measured`] tells, and what this server has answered, in the text that Prometheus
//! reads.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use axum::extract::{self, MatchedPath, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::error::ApiError;
use crate::{Accepted, Later, State};

/// Tells how things stand. The program's own reads the ledger; tests have others.
pub trait Measured: Send + Sync + 'static {
    /// Looks afresh, within seconds: whoever asks does so several times a minute.
    fn metrics(&self) -> BoxFuture<'_, Result<Vec<Metric>, Later>>;
}

/// A figure, once for each combination of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The name as Prometheus wants it: `winback_`, words, the unit. A counter's is without `_total`.
    pub name: &'static str,
    /// What it is, in a sentence without its full stop.
    pub help: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// The figures. Labels never hold anything of a customer's, nor names that grow in number with the weeks.
    pub series: Vec<(Labels, f64)>,
}

/// Names and values of labels.
pub type Labels = Vec<(&'static str, String)>;

/// How a metric moves, in the words of Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the program ends.
    Counter,
    /// It rises and falls.
    Gauge,
}

/// The text that the asker prefers.
pub(crate) async fn tell(state: State, headers: HeaderMap) -> Result<Response, ApiError> {
    let mut metrics = state.counts.metrics();
    if let Some(measured) = &state.measured {
        let look = async {
            // One at a time, so that whoever asks without end holds up nobody but those who ask.
            let _turn = state.looks.acquire().await;
            measured.metrics().await
        };
        metrics.extend(told_in_time(&state, look).await?);
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Told(metrics)));
    let mut text = String::new();
    let wants_open_metrics = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/openmetrics-text")));
    let (encoded, content_type) = if wants_open_metrics {
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        (text::encode(&mut text, &registry), content_type)
    } else {
        (prometheus_text::encode(&mut text, &registry), prometheus_text::CONTENT_TYPE)
    };
    encoded.expect("writing to a string cannot fail");
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}

async fn told_in_time(
    state: &State,
    told: impl Future<Output = Result<Vec<Metric>, Later>>,
) -> Result<Vec<Metric>, ApiError> {
    match tokio::time::timeout(state.limits.time, told).await {
        Ok(Ok(metrics)) => Ok(metrics),
        Ok(Err(later)) => {
            tracing::warn!(cause = %later.source, "how things stand cannot be told");
            Err(ApiError::later("how things stand cannot be told now; ask again", later.after))
        }
        Err(_) => Err(ApiError::later("how things stand could not be told in time; ask again", None)),
    }
}

/// What this server has answered since it began.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Changes and messages, by what became of them.
    events: Mutex<BTreeMap<&'static str, u64>>,
    /// Requests, by path and status.
    requests: Mutex<BTreeMap<(String, u16), u64>>,
}

/// What may become of a change, or of a message that tells of none.
const OUTCOMES: [&str; 7] = ["started", "known", "noticed", "ignored", "refused", UNREADABLE, PUT_OFF];
/// A message that nobody understands.
pub(crate) const UNREADABLE: &str = "unreadable";
/// A change that could not be recorded, so that it is sent again.
pub(crate) const PUT_OFF: &str = "put_off";

impl Default for Counts {
    fn default() -> Self {
        // Each outcome is there from the start, or the first of its kind would not be seen to rise.
        let events = OUTCOMES.map(|outcome| (outcome, 0)).into();
        Self { events: Mutex::new(events), requests: Mutex::default() }
    }
}

impl Counts {
    pub(crate) fn event(&self, outcome: &'static str) {
        *self.events.lock().unwrap_or_else(PoisonError::into_inner).entry(outcome).or_default() += 1;
    }

    fn request(&self, path: &str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((path.to_owned(), status)).or_default() += 1;
    }

    fn metrics(&self) -> Vec<Metric> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = |name, help, series| Metric { name, help, kind: Kind::Counter, series };
        vec![
            counter(
                "winback_events",
                "Changes that events told of, and messages that nobody understood, by what became of them",
                events
                    .iter()
                    .map(|(outcome, count)| (vec![("outcome", (*outcome).to_owned())], *count as f64))
                    .collect(),
            ),
            counter(
                "winback_http_requests",
                "Requests that were answered",
                requests
                    .iter()
                    .map(|((path, status), count)| {
                        (vec![("path", path.clone()), ("status", status.to_string())], *count as f64)
                    })
                    .collect(),
            ),
        ]
    }
}

impl Accepted {
    /// The word for it, in answers and metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Known { .. } => "known",
            Self::Noticed => "noticed",
            Self::Ignored(_) => "ignored",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Counts a request and its answer, under the path that the server knows it by.
pub(crate) async fn count(
    extract::State(state): extract::State<State>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    state.counts.request(path, response.status().as_u16());
    response
}

/// Metrics as the library takes them.
#[derive(Debug)]
struct Told(Vec<Metric>);

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for Metric { name, help, kind, series } in &self.0 {
            let mut described = encoder.encode_descriptor(name, help, None, kind.of_library())?;
            for (labels, value) in series {
                if labels.is_empty() {
                    kind.encode(&mut described, *value)?;
                } else {
                    let labels: Vec<(&str, &str)> =
                        labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    kind.encode(&mut described.encode_family(&labels)?, *value)?;
                }
            }
        }
        Ok(())
    }
}

impl Kind {
    fn of_library(self) -> MetricType {
        match self {
            Self::Counter => MetricType::Counter,
            Self::Gauge => MetricType::Gauge,
        }
    }

    fn encode(self, encoder: &mut MetricEncoder<'_>, value: f64) -> Result<(), fmt::Error> {
        match self {
            Self::Counter => encoder.encode_counter::<NoLabelSet, _, f64>(&value, None),
            Self::Gauge => encoder.encode_gauge(&value),
        }
    }
}
