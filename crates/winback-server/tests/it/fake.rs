//! A sink that remembers what it was told, and a server around it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use winback_flow::Clock;
use winback_flow::trigger::{Change, ChangeKind};
use winback_server::{Accepted, Auth, EventSink, Ignored, Later, Limits, State, app, serve};

/// Starts a run for each content of a file in `weekly/`, once.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    /// By key: the run, and the change that started it.
    pub(crate) runs: Mutex<BTreeMap<String, (String, Change)>>,
    pub(crate) refused: Mutex<Vec<String>>,
    pub(crate) is_down: AtomicBool,
    /// How often it was asked to record something.
    pub(crate) n_begun: AtomicUsize,
    /// How long recording takes.
    pub(crate) delay: Mutex<Duration>,
}

impl Fake {
    /// What started runs, in no particular order.
    pub(crate) fn started(&self) -> Vec<Change> {
        self.runs.lock().unwrap().values().map(|(_, change)| change.clone()).collect()
    }

    /// Waits until it was asked to record something.
    pub(crate) async fn begins(&self) {
        eventually(|| 0 < self.n_begun.load(Ordering::SeqCst)).await;
    }

    async fn work(&self) -> Result<(), Later> {
        self.n_begun.fetch_add(1, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Later {
                after: Some(Duration::from_secs(30)),
                ..Later::new("the bucket `secret` is away")
            });
        }
        Ok(())
    }

    async fn taken(&self, change: Change) -> Result<Accepted, Later> {
        self.work().await?;
        Ok(match change.kind {
            ChangeKind::Removed => Accepted::Ignored(Ignored::Removed),
            ChangeKind::Other => Accepted::Ignored(Ignored::Unchanged),
            ChangeKind::Created if change.is_placeholder() => Accepted::Ignored(Ignored::Placeholder),
            ChangeKind::Created if change.name.ends_with(".exe") => {
                Accepted::Refused { reason: "it is no table".to_owned() }
            }
            ChangeKind::Created if !change.name.starts_with("weekly/") => {
                Accepted::Ignored(Ignored::Elsewhere)
            }
            ChangeKind::Created => {
                let mut runs = self.runs.lock().unwrap();
                if let Some((run, _)) = runs.get(&change.key()) {
                    return Ok(Accepted::Known { run: run.clone() });
                }
                let run = format!("run-{}", runs.len() + 1);
                runs.insert(change.key(), (run.clone(), change));
                Accepted::Started { run }
            }
        })
    }
}

impl EventSink for Fake {
    fn accept(&self, change: Change) -> BoxFuture<'_, Result<Accepted, Later>> {
        Box::pin(self.taken(change))
    }

    fn refuse(&self, reason: String) -> BoxFuture<'_, Result<(), Later>> {
        Box::pin(async {
            self.work().await?;
            self.refused.lock().unwrap().push(reason);
            Ok(())
        })
    }
}

/// Waits for something that other tasks bring about; a busy machine may take its time.
pub(crate) async fn eventually(is_so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about within ten seconds");
}

pub(crate) fn state(sink: &Arc<Fake>, auth: Auth, limits: Limits) -> State {
    State::new(sink.clone(), auth, limits, Clock::system()).unwrap()
}

/// The paths alone, without a network.
pub(crate) fn paths(sink: &Arc<Fake>) -> axum::Router {
    app(state(sink, Auth::Loopback, Limits::default()))
}

/// A server on this machine, until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

pub(crate) async fn running(sink: &Arc<Fake>, auth: Auth, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        // Whether told to stop or forgotten, it stops.
        let _ = stopped.await;
    };
    let ended = tokio::spawn(serve(listener, app(state(sink, auth, limits)), shutdown));
    Running { address, stop, ended }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
