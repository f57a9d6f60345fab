//! What is answered to whoever sends an event.
//!
//! A message that was dealt with is answered with 200, also if it will never start anything and if it cannot be read:
//! Pub/Sub takes any other answer as "send it again", for days. So whatever is wrong with a message itself is recorded
//! first and answered with 200 then; 503 is for what may work later.

use std::error::Error as _;

use axum::body::Bytes;
use axum::extract::{self, FromRequest as _, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use winback_flow::trigger::{self, Change, Malformed};

use crate::error::ApiError;
use crate::metrics::{PUT_OFF, UNREADABLE};
use crate::{Accepted, Later, State};

/// How Event Grid asks whether it may send events, and how it is told.
const ORIGIN_ASKED: HeaderName = HeaderName::from_static("webhook-request-origin");
const ORIGIN_ALLOWED: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const RATE_ALLOWED: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// Takes one message.
pub(crate) async fn receive(
    extract::State(state): extract::State<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let limit = state.limits.time;
    match tokio::time::timeout(limit, received(state, request)).await {
        Ok(answer) => answer,
        Err(_) => {
            tracing::warn!("an event was not dealt with in time");
            Err(ApiError::later("the event was not dealt with in time; send it again", None))
        }
    }
}

async fn received(state: State, request: Request) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    // In a task of its own, so that strangers who go away cannot interrupt the fetching of keys.
    let (guard, asking) = (state.guard.clone(), headers.clone());
    uninterrupted(async move { guard.check(&asking).await }).await?;
    let body = Bytes::from_request(request, &()).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than any event; files go to the bucket, only events come here",
        ),
        status => ApiError::new(status, "the body did not arrive whole; send it again"),
    })?;
    let turn = state.turns.clone().acquire_owned().await.expect("the semaphore is never closed");
    // So that a sender who goes away cannot interrupt a claim half way.
    uninterrupted(async move {
        let answer = answer(&state, &headers, &body).await;
        drop(turn);
        answer
    })
    .await
}

/// Does the work to its end, even if nobody waits for the answer any more.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(work).await.map_err(|_| {
        tracing::error!("taking an event ended unexpectedly");
        ApiError::later("taking the event ended unexpectedly; send it again", None)
    })?
}

async fn answer(state: &State, headers: &HeaderMap, body: &[u8]) -> Result<Response, ApiError> {
    let changes = match trigger::parse(&|name| text(headers, name), body) {
        Ok(changes) => changes,
        Err(malformed) => {
            let reason = whole_reason(&malformed);
            tracing::warn!(reason, "an event was refused");
            state.sink.refuse(reason.clone()).await.map_err(|later| put_off(state, &later))?;
            state.counts.event(UNREADABLE);
            return Ok(done(&json!({"refused": reason})));
        }
    };
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        let Change { bucket, name, generation, .. } = change.clone();
        let accepted = state.sink.accept(change).await.map_err(|later| put_off(state, &later))?;
        state.counts.event(accepted.word());
        let mut outcome = json!({"bucket": bucket, "name": name, "generation": generation});
        outcome.as_object_mut().expect("an object was just made").extend(said(&accepted));
        outcomes.push(outcome);
    }
    Ok(done(&json!({"changes": outcomes})))
}

/// What became of a change, as fields of the answer.
fn said(accepted: &Accepted) -> Vec<(String, Value)> {
    let more = match accepted {
        Accepted::Started { run } | Accepted::Known { run } => Some(("run", run.clone())),
        Accepted::Noticed => None,
        Accepted::Ignored(why) => Some(("because", why.to_string())),
        Accepted::Refused { reason } => Some(("because", reason.clone())),
    };
    let outcome = ("outcome", accepted.word().to_owned());
    [outcome].into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// The reason with that of its cause, on one line.
fn whole_reason(malformed: &Malformed) -> String {
    match malformed.source() {
        Some(cause) => format!("{malformed}: {cause}"),
        None => malformed.to_string(),
    }
}

fn put_off(state: &State, later: &Later) -> ApiError {
    state.counts.event(PUT_OFF);
    tracing::warn!(cause = %later.source, "an event could not be recorded");
    ApiError::later("the event could not be recorded now; send it again", later.after)
}

fn done(answer: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// A header's value, if it is text.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    String::from_utf8(headers.get(name)?.as_bytes().to_vec()).ok()
}

/// Tells Event Grid, and whoever else speaks CloudEvents' web hooks, that events are welcome here. It gives nothing
/// away: who may send them is checked when they come.
pub(crate) async fn handshake(headers: HeaderMap) -> Response {
    let allow = (header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
    match headers.get(ORIGIN_ASKED) {
        Some(origin) => {
            let rate = HeaderValue::from_static("*");
            ([allow, (ORIGIN_ALLOWED, origin.clone()), (RATE_ALLOWED, rate)], "").into_response()
        }
        None => (StatusCode::NO_CONTENT, [allow]).into_response(),
    }
}
