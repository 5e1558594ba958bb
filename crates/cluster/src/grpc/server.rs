//! The server for other processes.
//!
//! It stands on hyper and not on tonic's own server, which answers a deadline that has passed with
//! `CANCELLED`, and bounds neither its connections nor the time that its end takes.

use std::{io, sync::Arc, time::Duration};

use heliograph_domain::wire::proto::DESCRIPTORS;
use heliograph_telemetry::{
    metrics::{self, count},
    trouble::Trouble,
};
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic_health::server::{HealthReporter, health_reporter};
use tracing::{debug, warn};

use super::{Keepalive, Process, STREAM_WINDOW, Services, Tls, calls::Calls, connection_window, health};

/// Bounds of a [`GrpcServer`].
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Certificates; without them, nothing is encrypted.
    pub tls: Option<Tls>,
    /// Connections at once. Others that come are closed.
    pub connections: usize,
    /// Calls and streams of one connection at once. Beyond that the other process keeps them.
    pub streams: u32,
    /// Calls that are answered at once, over all connections. Others are refused with
    /// `RESOURCE_EXHAUSTED`.
    pub calls: usize,
    /// How long an answer may take if the call does not name a shorter time. Relayed polls wait as long as
    /// clients' heartbeats let them.
    pub longest: Duration,
    /// How long a connection may take from its beginning to its first call.
    pub opening: Duration,
    /// Signs of life that are asked of the other side.
    pub keepalive: Keepalive,
    /// How long calls under way may take when the server stops.
    pub drain: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            tls: None,
            connections: 1024,
            streams: 16 * 1024,
            calls: 16 * 1024,
            longest: Duration::from_secs(120),
            opening: Duration::from_secs(5),
            keepalive: Keepalive::default(),
            drain: Duration::from_secs(5),
        }
    }
}

/// The server's own description cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the description of the gRPC services cannot be used: {0}")]
pub struct SetUpError(#[from] tonic_reflection::server::Error);

/// Answers other processes, with the standard services for health and reflection.
pub struct GrpcServer {
    shared: Arc<Shared>,
    process: Process,
    names: Vec<&'static str>,
    reporter: HealthReporter,
}

/// What connections have in common.
struct Shared {
    calls: Calls,
    tls: Option<TlsAcceptor>,
    options: ServerOptions,
    metrics: metrics::Grpc,
    handshakes: Trouble,
    places: Arc<Semaphore>,
}

impl GrpcServer {
    /// A server for these services.
    ///
    /// # Errors
    ///
    /// The description that reflection gives is broken: a mistake in the program.
    pub fn new(services: Services, options: ServerOptions, metrics: metrics::Grpc) -> Result<Self, SetUpError> {
        let Services { process, routes, names, .. } = services;
        let (reporter, health) = health_reporter();
        let description = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health")
            .with_service_name("grpc.reflection.v1.ServerReflection");
        // What other roles answer is described as well, but not listed.
        let reflection = names.iter().fold(description, |all, name| all.with_service_name(*name)).build_v1()?;
        let routes = routes.add_service(health).add_service(reflection);
        let shared = Shared {
            calls: Calls::new(routes, options.calls, options.longest, metrics.clone()),
            tls: options.tls.as_ref().map(|tls| TlsAcceptor::from(tls.server())),
            places: Arc::new(Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS))),
            options,
            metrics,
            handshakes: Trouble::new(
                "another process did not get through the TLS handshake",
                "other processes get through the TLS handshake",
            ),
        };
        Ok(Self { shared: Arc::new(shared), process, names, reporter })
    }

    /// Answers on `listener` until `shutdown`. Then nothing more is accepted, and calls under way are
    /// answered.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) {
        let Self { shared, process, names, reporter } = self;
        let mut connections = JoinSet::new();
        let accepting = async {
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => shared.admit(stream, &mut connections, &shutdown),
                        Err(error) => not_accepted(&error).await,
                    },
                    Some(_) = connections.join_next() => {}
                }
            }
        };
        tokio::select! {
            // Health first: who comes at once is told the truth.
            biased;
            () = health::report(reporter, process, names) => {}
            () = shutdown.cancelled() => {}
            () = accepting => {}
        }
        drop(listener);
        let ending = async { while connections.join_next().await.is_some() {} };
        if timeout(shared.options.drain, ending).await.is_err() {
            debug!(connections = connections.len(), "calls are still under way when the server stops");
        }
    }
}

/// An accept that failed must not be tried again at once: the reason may be that there are no descriptors.
async fn not_accepted(error: &io::Error) {
    warn!(%error, "a connection of another process could not be accepted");
    sleep(Duration::from_millis(100)).await;
}

impl Shared {
    fn admit(self: &Arc<Self>, stream: TcpStream, connections: &mut JoinSet<()>, shutdown: &CancellationToken) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            count(&self.metrics.refused, "too-many");
            return;
        };
        let (shared, shutdown) = (Arc::clone(self), shutdown.clone());
        connections.spawn(async move {
            shared.metrics.connections.inc();
            shared.open(stream, &shutdown).await;
            shared.metrics.connections.dec();
            drop(place);
        });
    }

    async fn open(&self, stream: TcpStream, shutdown: &CancellationToken) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "small packets may be delayed");
        }
        let peer = stream.peer_addr();
        let Some(tls) = &self.tls else { return self.serve(stream, shutdown).await };
        let handshake = shutdown.run_until_cancelled(timeout(self.options.opening, tls.accept(stream)));
        let refusal = match handshake.await {
            None => return,
            Some(Ok(Ok(stream))) => {
                self.handshakes.succeeded();
                return self.serve(stream, shutdown).await;
            }
            Some(Ok(Err(error))) => error.to_string(),
            Some(Err(_)) => "it took too long".to_owned(),
        };
        count(&self.metrics.refused, "handshake");
        let peer = peer.map_or_else(|_| "somebody".to_owned(), |peer| peer.to_string());
        self.handshakes.failed(format_args!("{peer}: {refusal}"));
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shutdown: &CancellationToken) {
        let ServerOptions { streams, keepalive, opening, .. } = self.options;
        let (calls, asked) = (self.calls.clone(), Arc::new(Notify::new()));
        let first = Arc::clone(&asked);
        let answer = service_fn(move |request| {
            first.notify_one();
            calls.clone().answer(request)
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(streams)
            // The other side is one of ours: clients who give up many calls are no attack on it, and the calls of
            // others on the same connection must not end for them.
            .max_local_error_reset_streams(None)
            .max_pending_accept_reset_streams(usize::try_from(streams).unwrap_or(usize::MAX))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(connection_window(streams))
            .keep_alive_interval(keepalive.interval)
            .keep_alive_timeout(keepalive.timeout)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        let overdue = async {
            if timeout(opening, asked.notified()).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = overdue => return count(&self.metrics.refused, "silent"),
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "the connection of another process has ended");
        }
    }
}
