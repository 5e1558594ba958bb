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

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::settings::Arguments;

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
    settings::server(&arguments).run(listener, shutdown).await;
    Ok(())
}
