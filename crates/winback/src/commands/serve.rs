//! `winback serve`: the service. It looks at the watched folders, hears of events over HTTP, keeps schedules, and drives
//! what is open, until it is told to end.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use futures::FutureExt as _;
use tokio::net::TcpListener;
use winback_flow::Clock;
use winback_server::{Limits, State, app, may_listen, metrics_app};

use super::Context;
use crate::config::Overrides;
use crate::error::{Result, ResultExt as _, UserError};
use crate::metrics::Metrics;
use crate::service::Service;
use crate::work::Shop;

/// What `winback serve` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback serve --listen 127.0.0.1:8080")]
pub(crate) struct Arguments {
    /// Where to listen for events [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where to tell metrics to anyone who asks [default: only where it listens, and to whoever may send events]
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<String>,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let settings = context.settings(Overrides {
        listen: arguments.listen.clone(),
        metrics: arguments.metrics.clone(),
        ..Overrides::default()
    })?;
    let auth = settings.serve.auth();
    let address = settings.serve.listen;
    may_listen(address, &auth).users("the server cannot listen there")?;
    if settings.serve.metrics == Some(address) && address.port() != 0 {
        let twice = UserError::new(format!("{address} is to be for events and for metrics alone"));
        return Err(twice)
            .hint("name another port for metrics, or none: they are told there to whoever may send events");
    }
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).with_target(false).init();
    // Many things happen at a time here, and nobody watches bars.
    let printer = context.printer;
    let shop = Arc::new(Shop::open(&settings, printer.without_bars())?);
    let bucket = shop.bucket.clone();
    let metrics = Arc::new(Metrics::new(Arc::clone(&shop), settings.train.name.clone()));
    let metrics_address = settings.serve.metrics;
    let service = Service::new(shop, settings, printer);
    bucket.block_on(async {
        let (listener, bound) = bind(address).await?;
        let state = State::new(service.clone(), auth, Limits::default(), Clock::system());
        let state = state.users("the server cannot be set up so")?;
        let state = state.with_metrics(metrics);
        let beside = match metrics_address {
            None => std::future::pending().left_future(),
            Some(address) => {
                let (listener, bound) = bind(address).await?;
                printer.say(&format!("metrics on http://{bound}/metrics"));
                winback_server::serve(listener, metrics_app(state.clone()), ended()).right_future()
            }
        };
        printer.say(&format!("listening on http://{bound}; looking at `{}`", bucket.store.url()));
        tokio::select! {
            served = winback_server::serve(listener, app(state), ended()) => served.users("the server broke off"),
            Err(broken) = beside => Err(broken).users("the server of metrics broke off"),
            () = service.work() => Ok(()),
        }
    })
}

/// Takes an address; answers also which it is, where the system was to choose.
async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.users(format!("cannot listen on {address}"));
    let listener = listener.hint("another program may be there; name another address or port")?;
    let bound = listener.local_addr().users(format!("cannot listen on {address}"))?;
    Ok((listener, bound))
}

/// Comes when somebody wants the program to end: by Ctrl-C, or as Kubernetes and systemd do it.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    drop(tokio::signal::ctrl_c().await);
}
