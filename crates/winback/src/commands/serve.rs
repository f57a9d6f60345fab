//! `winback serve`: the service. It looks at the watched folders, hears of events over HTTP, keeps schedules, and drives
//! what is open, until it is told to end.

use clap::Args;
use winback_flow::Clock;
use winback_server::{Limits, State, may_listen};

use super::Context;
use crate::config::Overrides;
use crate::error::{Result, ResultExt as _};
use crate::service::Service;
use crate::work::Shop;

/// What `winback serve` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback serve --listen 127.0.0.1:8080")]
pub(crate) struct Arguments {
    /// Where to listen for events [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let settings =
        context.settings(Overrides { listen: arguments.listen.clone(), ..Overrides::default() })?;
    let auth = settings.serve.auth();
    let address = settings.serve.listen;
    may_listen(address, &auth).users("the server cannot listen there")?;
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).with_target(false).init();
    // Many things happen at a time here, and nobody watches bars.
    let printer = context.printer;
    let shop = Shop::open(&settings, printer.without_bars())?;
    let bucket = shop.bucket.clone();
    let service = Service::new(shop, settings, printer);
    bucket.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await;
        let listener = listener.users(format!("cannot listen on {address}"))?;
        let bound = listener.local_addr().users(format!("cannot listen on {address}"))?;
        let state = State::new(service.clone(), auth, Limits::default(), Clock::system())?;
        printer.say(&format!("listening on http://{bound}; looking at `{}`", bucket.store.url()));
        tokio::select! {
            served = winback_server::serve(listener, state, ended()) => served.users("the server broke off"),
            () = service.work() => Ok(()),
        }
    })
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
