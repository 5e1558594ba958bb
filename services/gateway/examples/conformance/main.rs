//! A server that public protocol suites and stock clients can be pointed at: the real listener, transports and
//! sessions, with applications of its own.
//!
//! With `--cluster` it is one of several nodes, to any of which a client may send any request.
//!
//! Paths: an Engine.IO echo at `/engine.io/`, a Socket.IO contract server at `/socket.io/`, a plain WebSocket echo
//! at `/echo`.

mod cluster;
mod contract;
mod echo;
mod history;
mod hub;
mod lane;
mod local;
mod settings;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cluster::{Backends, Node};
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
    /// Be one of several nodes that share the bus, the store and the directory.
    #[arg(long)]
    cluster: bool,
    /// The nodes' bus: `nats://host:port`, or `memory`.
    #[arg(long, default_value = "memory", requires = "cluster")]
    bus: String,
    /// The nodes' store: `redis://host:port`, or `memory`.
    #[arg(long, default_value = "memory", requires = "cluster")]
    store: String,
    /// The nodes' directory: `etcd://host:port`, or `memory`.
    #[arg(long, default_value = "memory", requires = "cluster")]
    directory: String,
    /// Keeps clusters apart that share servers.
    #[arg(long, default_value = "conformance", requires = "cluster")]
    prefix: String,
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
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
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
    let options = settings::options(arguments.profile);
    let recovers = arguments.recovery.map_or(settings::recovers(arguments.profile), |switch| switch == Switch::On);
    if arguments.cluster {
        let Arguments { bus, store, directory, prefix, .. } = &arguments;
        let backends = Backends::connect(bus, store, directory, prefix).await?;
        let node = Node::start(options, recovers, backends).await?;
        node.run(listen(arguments.port).await?, shutdown).await;
    } else {
        settings::server(options, recovers).run(listen(arguments.port).await?, shutdown).await;
    }
    Ok(())
}

async fn listen(port: u16) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(listener)
}
