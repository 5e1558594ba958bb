//! Every role in this process: start, serve, stop.
//!
//! The roles meet only over the bus, the store, the directory and the gRPC client types, as they do when
//! each is a process of its own. They stop in the order in which they need each other: clients are moved
//! away first, then rooms and presence stop.

use std::sync::Arc;

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
use tokio_util::sync::CancellationToken;

use crate::{
    announce::announce,
    backends,
    config::Config,
    keys::{self, KeyFileError},
    operations::{self, Operations},
    options,
    ports::{ListenError, Ports},
    roles::{Ended, Roles},
};

/// Why the process cannot run, or stopped running.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// A port cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A role ended though nobody asked it to.
    #[error("the {role} stopped unexpectedly: {reason}")]
    Role {
        /// Its name.
        role: &'static str,
        /// Why, as far as it said.
        reason: String,
    },
}

/// The role whose end begins the end of the others when the process is asked to stop.
const GATEWAY: &str = "gateway";

/// Runs every role until `shutdown`, then stops them one after the other.
///
/// # Errors
/// What kept the process from starting, or a role from going on.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> Result<(), RunError> {
    let ports = Ports::open(&config).await?;
    let addresses = ports.addresses;
    let readiness = Readiness::default();
    // Cancelled when the last client is gone.
    let unneeded = CancellationToken::new();
    // Keeps the memory store's housekeeping going as long as roles run.
    let chosen = backends::choose(&config);
    let mut roles = start(&config, ports, &chosen.backends, &readiness, &shutdown, &unneeded)?;

    let mut announced = false;
    let first = loop {
        tokio::select! {
            () = readiness.ready(), if !announced => {
                announce(&config, addresses);
                announced = true;
            }
            ended = roles.ended() => break ended,
        }
    };
    let asked = shutdown.is_cancelled();
    if let Some(Ended { role, failure }) = first
        && !(asked && role == GATEWAY && failure.is_none())
    {
        return Err(RunError::Role { role, reason: failure.unwrap_or_else(|| "it has ended".to_owned()) });
    }
    unneeded.cancel();
    while let Some(Ended { role, failure }) = roles.ended().await {
        if let Some(reason) = failure {
            tracing::error!(role, reason, "failed while it stopped");
        }
    }
    Ok(())
}

fn start(
    config: &Config,
    ports: Ports,
    backends: &heliograph_cluster::serve::Backends,
    readiness: &Readiness,
    shutdown: &CancellationToken,
    unneeded: &CancellationToken,
) -> Result<Roles, RunError> {
    let verifier = Arc::new(keys::verifier(&config.auth)?);
    let operators = keys::signed(&config.auth)?;
    let http_options = options::http(config)?;
    let metrics = Arc::new(Metrics::default());
    let transport = transport::Metrics::default();
    metrics.register(|registry| transport.register(registry.sub_registry_with_prefix("transport")));
    let commands = Commands::new(Arc::clone(&backends.bus), options::commands(config));

    let router = RoomRouter::new(options::room_router(config), backends.clone(), String::new(), metrics.rooms.clone());
    let presence = Presence::new(
        options::presence(config),
        backends.clone(),
        commands.clone(),
        String::new(),
        metrics.presence.clone(),
    );
    let deadline = config.cluster.question_deadline;
    let rooms = RoomClient::new(Link::new(router.questions(), deadline));
    let people = PresenceClient::new(Link::new(presence.questions(), deadline));
    let gateway = Gateway::new(
        options::gateway(config, &transport),
        service::Backends {
            bus: Arc::clone(&backends.bus),
            directory: Arc::clone(&backends.directory),
            rooms: rooms.clone(),
            verifier: Arc::clone(&verifier),
            clock: backends.clock.clone(),
        },
        String::new(),
        metrics.gateway.clone(),
    );
    let api = http::Api::new(
        http_options,
        http::Services {
            verifier,
            commands: commands.clone(),
            rooms,
            presence: people,
            metrics: metrics.gateway.clone(),
            clock: backends.clock.clone(),
            connections: Arc::new(move || transport.open_connections()),
            draining: shutdown.clone(),
        },
    );
    let operations = operations::router(Operations {
        metrics,
        readiness: readiness.clone(),
        draining: shutdown.clone(),
        operators,
        backends: backends.clone(),
        commands,
    });

    let mut roles = Roles::default();
    let until_unneeded = unneeded.clone().cancelled_owned();
    roles.start(
        "operations port",
        axum::serve(ports.operations, operations).with_graceful_shutdown(until_unneeded).into_future(),
    );
    roles.start("room-router", router.run(readiness.hold("room-router"), unneeded.clone()));
    roles.start("presence service", presence.run(readiness.hold("presence"), unneeded.clone()));
    roles.start(GATEWAY, gateway.run(ports.public, http::router(api), readiness.hold("gateway"), shutdown.clone()));
    Ok(roles)
}
