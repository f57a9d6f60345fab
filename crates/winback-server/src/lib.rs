//! `winback serve`, as far as it stands: what clouds tell about new files comes in over HTTP ([`app`]), is checked for
//! who sent it ([`Auth`]), read by `winback-flow`, and handed to an [`EventSink`], which makes a durable claim. How
//! things stand, as [`Measured`] tells it, is answered as Prometheus reads it.
//!
//! The server opens no dataset, knows no pipeline and keeps nothing: whatever is answered was recorded by the sink
//! before. No token, and nothing of a message except names of objects, stands in an answer or a log.
#![warn(missing_docs)]

mod auth;
mod error;
mod events;
mod metrics;
mod routes;
mod sink;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use winback_flow::Clock;

pub use crate::auth::{Auth, Verify, may_listen};
pub use crate::error::SetupError;
pub use crate::metrics::{Kind, Labels, Measured, Metric};
pub use crate::routes::{app, metrics_app};
pub use crate::sink::{Accepted, EventSink, Ignored, Later};

use crate::auth::Guard;
use crate::metrics::Counts;

/// How long requests may go on once the end was asked for. Cloud Run and Kubernetes kill after 10 and 30 seconds.
const GRACE: Duration = Duration::from_secs(9);

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body, in bytes. What tells of an object has some KiB; the largest message is a batch of Event Grid
    /// or a message of SNS or EventBridge, of 1 MiB at most. The default of 4 MiB leaves room, and a file that
    /// someone posts by mistake does not fit.
    pub body: usize,
    /// How long a request may take. The default of 8 seconds is below the 10 seconds after which Pub/Sub, unless it
    /// is told otherwise, sends a message again.
    pub time: Duration,
    /// How many messages are worked on at once; others wait for their turn as long as `time`.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 4 << 20, time: Duration::from_secs(8), at_once: 64 }
    }
}

/// What all requests share.
#[derive(Clone)]
pub struct State {
    sink: Arc<dyn EventSink>,
    guard: Arc<Guard>,
    limits: Limits,
    turns: Arc<Semaphore>,
    counts: Arc<Counts>,
    /// Looks at how things stand.
    looks: Arc<Semaphore>,
    measured: Option<Arc<dyn Measured>>,
}

impl State {
    /// Joins the sink with the rules about who may send events.
    pub fn new(
        sink: Arc<dyn EventSink>,
        auth: Auth,
        limits: Limits,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        let guard = Arc::new(Guard::new(auth, clock)?);
        let (turns, looks) = (Arc::new(Semaphore::new(limits.at_once)), Arc::new(Semaphore::new(1)));
        Ok(Self { sink, guard, limits, turns, counts: Arc::default(), looks, measured: None })
    }

    /// Tells with the server's own metrics how things stand.
    #[must_use]
    pub fn with_metrics(self, measured: Arc<dyn Measured>) -> Self {
        Self { measured: Some(measured), ..self }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Answers on `listener` with [`app`] or [`metrics_app`] until `shutdown` comes, and a little longer for requests that are under way.
///
/// Ask [`may_listen`] before binding.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (asked, mut was_asked) = tokio::sync::watch::channel(false);
    let until = async move {
        shutdown.await;
        asked.send_replace(true);
    };
    let served = axum::serve(listener, app).with_graceful_shutdown(until);
    // A connection on which nothing comes would else be waited for without end.
    let patience = async move {
        // An error means that serving ended by itself.
        if was_asked.wait_for(|asked| *asked).await.is_ok() {
            tokio::time::sleep(GRACE).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        result = served => result,
        () = patience => Ok(()),
    }
}
