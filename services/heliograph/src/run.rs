//! Every role in this process: start, serve, stop.
//!
//! The roles meet only over the bus, the store, the directory and the gRPC client types, as they do when
//! each is a process of its own. They stop in the order in which they need each other: clients are moved
//! away first, then rooms and presence stop.

use std::{future::Future, net::SocketAddr, sync::Arc};

use heliograph_cluster::{
    commands::Commands,
    grpc::{Link, PresenceClient, RoomClient},
};
use heliograph_gateway::{
    http,
    service::{self, Gateway},
    transport,
};
use heliograph_presence::Presence;
use heliograph_room_router::RoomRouter;
use heliograph_telemetry::{metrics::Metrics, readiness::Readiness};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    backends,
    config::{AuthMode, Config},
    keys::{self, KeyFileError},
    operations::{self, Operations},
    options,
};

/// Why the process cannot run, or stopped running.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// A port cannot be had.
    #[error("cannot listen on {address} ({key}): {source}{hint}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The configuration key of the port.
        key: &'static str,
        /// What to do.
        hint: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A role ended though nobody asked it to.
    #[error("the {0} stopped unexpectedly; the log says why")]
    Role(&'static str),
}

/// Runs every role until `shutdown`, then stops them one after the other.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> Result<(), RunError> {
    let public = listen(SocketAddr::new(config.public.host, config.public.port), PUBLIC).await?;
    let private = listen(SocketAddr::new(config.operations.host, config.operations.port), OPERATIONS).await?;
    let verifier = Arc::new(keys::verifier(&config.auth)?);
    let http_options = options::http(&config)?;
    let chosen = backends::choose(&config);
    let backends = chosen.backends.clone();

    let metrics = Arc::new(Metrics::default());
    let transport = transport::Metrics::default();
    metrics.register(|registry| transport.register(registry.sub_registry_with_prefix("transport")));
    let readiness = Readiness::default();
    let commands = Commands::new(Arc::clone(&backends.bus), options::commands(&config));

    let router = RoomRouter::new(options::room_router(&config), backends.clone(), String::new(), metrics.rooms.clone());
    let presence = Presence::new(
        options::presence(&config),
        backends.clone(),
        commands.clone(),
        String::new(),
        metrics.presence.clone(),
    );
    let question_deadline = config.cluster.question_deadline;
    let rooms = RoomClient::new(Link::new(router.questions(), question_deadline));
    let people = PresenceClient::new(Link::new(presence.questions(), question_deadline));
    let gateway = Gateway::new(
        options::gateway(&config, &transport),
        service::Backends {
            bus: Arc::clone(&backends.bus),
            directory: Arc::clone(&backends.directory),
            rooms: rooms.clone(),
            verifier: Arc::clone(&verifier),
            clock: backends.clock.clone(),
        },
        metrics.gateway.clone(),
    );
    let draining = shutdown.clone();
    let api = http::Api::new(
        http_options,
        http::Services {
            verifier: Arc::clone(&verifier),
            commands: commands.clone(),
            rooms,
            presence: people,
            metrics: metrics.gateway.clone(),
            clock: backends.clock.clone(),
            connections: Arc::new(move || transport.open_connections()),
            draining: draining.clone(),
        },
    );

    // Clients are the last to come and the first to go.
    let services_stop = CancellationToken::new();
    let mut roles = JoinSet::new();
    let starting = (readiness.hold("rooms"), readiness.hold("presence"));
    spawn(&mut roles, "room-router", router.run(starting.0, services_stop.clone()));
    spawn(&mut roles, "presence", presence.run(starting.1, services_stop.clone()));
    let clients_latch = readiness.hold("gateway");
    tokio::select! {
        () = until_only(&readiness, "gateway") => {}
        () = shutdown.cancelled() => {}
        Some(ended) = roles.join_next() => return Err(RunError::Role(ended.unwrap_or("process"))),
    }
    let operations =
        operations::router(Operations { metrics, readiness: readiness.clone(), verifier, backends, commands });
    let operations_stop = services_stop.clone();
    tokio::spawn(async move {
        let served = axum::serve(private.socket, operations).with_graceful_shutdown(operations_stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "the operations port failed");
        }
    });
    let not_ready = {
        let (readiness, shutdown) = (readiness.clone(), shutdown.clone());
        tokio::spawn(async move {
            shutdown.cancelled().await;
            let _draining = readiness.hold("the end of the drain");
            std::future::pending::<()>().await;
        })
    };
    announce(&config, public.address, private.address);
    let mut clients = JoinSet::new();
    spawn(&mut clients, "gateway", gateway.run(public.socket, http::router(api), clients_latch, shutdown.clone()));
    let failed = tokio::select! {
        Some(ended) = clients.join_next() => (!shutdown.is_cancelled()).then(|| ended.unwrap_or("gateway")),
        Some(ended) = roles.join_next() => Some(ended.unwrap_or("process")),
    };
    services_stop.cancel();
    while roles.join_next().await.is_some() {}
    not_ready.abort();
    failed.map_or(Ok(()), |role| Err(RunError::Role(role)))
}

/// A port, and the configuration key that sets it.
struct Port {
    key: &'static str,
    hint: &'static str,
}

const PUBLIC: Port = Port { key: "public.port", hint: "; choose another with --port, SOCKET_PORT or public.port" };
const OPERATIONS: Port = Port { key: "operations.port", hint: "; choose another with operations.port" };

struct Listening {
    socket: TcpListener,
    address: SocketAddr,
}

async fn listen(address: SocketAddr, port: Port) -> Result<Listening, RunError> {
    let failed = |source| RunError::Listen { address, key: port.key, hint: port.hint, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok(Listening { socket, address })
}

/// Runs a role in a task that gives its name when it ends, whatever the reason.
fn spawn<E: std::fmt::Display + Send + 'static>(
    tasks: &mut JoinSet<&'static str>,
    name: &'static str,
    role: impl Future<Output = Result<(), E>> + Send + 'static,
) {
    tasks.spawn(async move {
        if let Err(error) = role.await {
            tracing::error!(role = name, %error, "a role failed");
        }
        name
    });
}

/// Waits until nothing but `last` is missing.
async fn until_only(readiness: &Readiness, last: &'static str) {
    readiness.until(|missing| missing.iter().all(|name| *name == last)).await;
}

/// Says once what runs and where. Standard output is for this alone.
fn announce(config: &Config, public: SocketAddr, operations: SocketAddr) {
    let host = if public.ip().is_unspecified() { "localhost".to_owned() } else { public.ip().to_string() };
    println!("Heliograph {}: gateway, room-router and presence in this process", env!("CARGO_PKG_VERSION"));
    println!("  call page   http://{host}:{}/", public.port());
    println!("  Socket.IO   http://{host}:{}/socket.io/   mesh   ws://{host}:{0}/ws", public.port());
    println!("  operations  http://{operations}/metrics");
    if config.auth.mode == AuthMode::Open {
        println!("  auth.mode is \"open\": clients are who they say they are. For development only.");
        tracing::warn!("auth.mode is \"open\": anybody can be anybody; set it to \"jwt\" before others can connect");
    }
}
