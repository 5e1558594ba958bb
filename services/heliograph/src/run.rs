//! The roles of this process: start, serve, stop.
//!
//! The roles meet only over the bus, the store, the directory and gRPC, whether they share the process or not.
//! They stop in the order in which they need each other: clients are moved away first, then rooms and presence
//! stop.

use std::sync::Arc;

use heliograph_cluster::{
    directory::Role,
    grpc::{SetUpError, TlsError},
};
use heliograph_telemetry::{metrics::Metrics, readiness::Readiness};
use tokio_util::sync::CancellationToken;

use crate::{
    announce::announce,
    backends::{self, BackendError},
    compose::{Compose, GATEWAY},
    config::Config,
    front::Front,
    keys::KeyFileError,
    ports::{ListenError, Ports},
    probes,
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
    /// A backend cannot be used.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A certificate cannot be used.
    #[error("grpc: {0}")]
    Certificate(#[from] TlsError),
    /// The gRPC server cannot be set up.
    #[error(transparent)]
    Grpc(#[from] SetUpError),
    /// A role ended though nobody asked it to.
    #[error("the {role} stopped unexpectedly: {reason}")]
    Role {
        /// Its name.
        role: &'static str,
        /// Why, as far as it said.
        reason: String,
    },
}

/// Runs these roles until `shutdown`, then stops them one after the other.
///
/// # Errors
/// What kept the process from starting, or a role from going on.
pub(crate) async fn run(config: Config, wanted: Vec<Role>, shutdown: CancellationToken) -> Result<(), RunError> {
    let Ports { public, operations, grpc, addresses } = Ports::open(&config, wanted.contains(&Role::Gateway))?;
    let readiness = Readiness::default();
    // Cancelled when the last client is gone.
    let unneeded = CancellationToken::new();
    let metrics = Arc::new(Metrics::default());
    let front = Front::new(readiness.clone());
    let mut roles = Roles::default();
    let until_unneeded = unneeded.clone().cancelled_owned();
    let answering = axum::serve(operations, front.router()).with_graceful_shutdown(until_unneeded);
    roles.start("operations port", answering.into_future());

    let compose = Compose::prepare(&config, &addresses, Arc::clone(&metrics), &readiness, &shutdown, &unneeded)?;
    let chosen = tokio::select! {
        chosen = backends::choose(&config, &readiness, &metrics) => chosen?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let emitter = match wanted.contains(&Role::Gateway) {
        true => backends::emitter(&config, &metrics).await?,
        false => None,
    };
    let probing = probes::watch(chosen.backends.clone(), readiness.clone(), metrics.backends.clone());
    let _probing = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(probing));
    front.open(compose.start(&wanted, chosen.backends.clone(), emitter, public, grpc, &mut roles)?);

    let mut announced = false;
    let leads = wanted.contains(&Role::Gateway);
    let first = loop {
        tokio::select! {
            () = readiness.ready(), if !announced => {
                announce(&config, &wanted, addresses);
                announced = true;
            }
            // Without a gateway nobody has to be moved away first.
            () = shutdown.cancelled(), if !leads => break None,
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
