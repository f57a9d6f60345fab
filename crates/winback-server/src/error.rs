//! The one form in which the server says no: a status and a problem in JSON (RFC 9457); and what can be wrong before
//! it starts.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// How long a sender should wait when nothing else is known: the shortest backoff that Pub/Sub knows.
const USUAL_WAIT: Duration = Duration::from_secs(10);

/// A request that is not answered as asked. The detail is made of our own words alone.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    detail: &'static str,
    wait: Option<Duration>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, detail: &'static str) -> Self {
        Self { status, detail, wait: None }
    }

    /// It may work later, after `wait` if that is known.
    pub(crate) fn later(detail: &'static str, wait: Option<Duration>) -> Self {
        let wait = Some(wait.unwrap_or(USUAL_WAIT));
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail, wait }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.wait {
            // Less than a second would read as at once.
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

/// Why the server cannot start with these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Anyone in the network could start runs.
    #[error(
        "`{address}` can be reached by others, and nobody checks who sends events; configure how tokens are verified \
         (audience and e-mail of the sender), say that the platform in front verifies them, or listen on `127.0.0.1`"
    )]
    Open {
        /// Where the server was to listen.
        address: std::net::SocketAddr,
    },
    /// A setting of the verification is empty or cannot be used.
    #[error("`{setting}` of the verification of tokens {problem}")]
    Setting {
        /// The field's name.
        setting: &'static str,
        /// What is wrong with it, and what to write.
        problem: &'static str,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS to fetch the keys of tokens; check the certificates of this machine")]
    Client(#[source] reqwest::Error),
}
