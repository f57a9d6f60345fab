//! Every path that the server answers.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};

use crate::error::ApiError;
use crate::{State, events};

/// All paths, with what they share.
pub fn app(state: State) -> Router {
    let body_limit = DefaultBodyLimit::max(state.limits.body);
    Router::new()
        // Eventarc posts to the root unless the trigger names a path.
        .route("/", post(events::receive))
        .route("/events", post(events::receive).options(events::handshake))
        .route("/healthz", get(alive))
        .route("/readyz", get(alive))
        .fallback(async || {
            ApiError::new(StatusCode::NOT_FOUND, "there is no such page; events go to `/events`")
        })
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this page is not asked for in this way")
        })
        .layer(body_limit)
        .with_state(state)
}

/// The server keeps nothing that could be unready while it answers.
async fn alive() -> &'static str {
    "ok\n"
}
