//! A server that public protocol suites and stock clients can be pointed at: the real listener, transports and
//! sessions, with applications of its own.
//!
//! Paths: an Engine.IO echo at `/engine.io/`, a Socket.IO contract server at `/socket.io/`, a plain WebSocket echo
//! at `/echo`.

mod contract;
mod echo;
mod history;
mod hub;
mod settings;

use std::net::Ipv4Addr;

use clap::{Parser, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::settings::Profile;

/// Serves Engine.IO, Socket.IO and plain WebSocket tests on the loopback address.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Times and limits.
    #[arg(long, value_enum, default_value_t = Profile::Suites)]
    profile: Profile,
    /// Connection state recovery; by default off for suites and on for clients.
    #[arg(long, value_enum)]
    recovery: Option<Switch>,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        stop.cancel();
    });
    let recovers = arguments.recovery.map_or(settings::recovers(arguments.profile), |switch| switch == Switch::On);
    settings::server(settings::options(arguments.profile), recovers).run(listener, shutdown).await;
    Ok(())
}
