//! Every path that the server answers.

use axum::Router;
use axum::extract::{self, DefaultBodyLimit};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};

use crate::error::ApiError;
use crate::{State, events, metrics};

/// All paths, with what they share. Metrics are told to whoever may send events.
pub fn app(state: State) -> Router {
    let routes = Router::new()
        // Eventarc posts to the root unless the trigger names a path.
        .route("/", post(events::receive))
        .route("/events", post(events::receive).options(events::handshake))
        .route("/metrics", get(checked_metrics))
        .layer(DefaultBodyLimit::max(state.limits.body));
    complete(routes, state, "there is no such page; events go to `/events`")
}

/// The paths of an address of its own for metrics, where nobody is checked: whoever reaches it may read them.
pub fn metrics_app(state: State) -> Router {
    let routes = Router::new().route("/metrics", get(open_metrics));
    complete(routes, state, "there is no such page; metrics are at `/metrics`")
}

/// With what every address answers.
fn complete(routes: Router<State>, state: State, no_such_page: &'static str) -> Router {
    routes
        .route("/healthz", get(alive))
        .route("/readyz", get(alive))
        .fallback(async move || ApiError::new(StatusCode::NOT_FOUND, no_such_page))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this page is not asked for in this way")
        })
        .layer(from_fn_with_state(state.clone(), metrics::count))
        .with_state(state)
}

async fn checked_metrics(
    extract::State(state): extract::State<State>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state.guard.check(&headers).await?;
    metrics::tell(state, headers).await
}

async fn open_metrics(
    extract::State(state): extract::State<State>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    metrics::tell(state, headers).await
}

/// The server keeps nothing that could be unready while it answers.
async fn alive() -> &'static str {
    "ok\n"
}
