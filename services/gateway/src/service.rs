//! The gateway as a service: options, then [`Gateway::run`].

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use heliograph_cluster::{
    bus::{Bus, BusError},
    clock::Clock,
    commands::{CommandOptions, Commands},
    directory::{Directory, DirectoryError, Node, Role},
    grpc::{Channels, LinkClient, RoomClient, stubs::relay_service_server::RelayServiceServer},
    store::PageRange,
};
use heliograph_domain::{
    delivery::LogEntry,
    id::NodeId,
    refusal::{Code, Refusal},
    room::{Position, RoomId, Standing},
    user::Vocabulary,
};
use heliograph_telemetry::{metrics::Gateway as Metrics, readiness::Latch};
use tokio::{
    net::TcpListener,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clients::{Clients, Departures, Registry, Tenure, Timers},
    close_codes::OVERDUE,
    emitter::Emitter,
    fanout::{CatchUpOptions, FanOut, FanOutOptions, History},
    http::IceOptions,
    identity::{TokenSources, Verifier},
    link::{ANSWER, LinkOptions, Surroundings},
    listener,
    mesh::Mesh,
    plain::PlainOptions,
    policy::Limits,
    registration::Registration,
    relay::{self, Peers},
    socket_io::{Entrance, SocketIo},
};

/// Settings of a gateway.
#[derive(Debug)]
pub struct Options {
    /// The public port.
    pub listener: listener::Options,
    /// Limits of single sockets.
    pub limits: Limits,
    /// How long commands are tried.
    pub commands: CommandOptions,
    /// Whether sessions of Socket.IO clients can be recovered.
    pub recovery: bool,
    /// What Socket.IO clients of the default namespace speak that do not say it; `None` finds it out by their first
    /// event.
    pub default_vocabulary: Option<Vocabulary>,
    /// Entries that are sent again to a client that comes back, over all its rooms.
    pub replay_limit: usize,
    /// Whether mesh clients without a token are guests.
    pub anonymous_mesh: bool,
    /// From one WebSocket ping to a mesh client to the next.
    pub mesh_ping_interval: Duration,
    /// How long a mesh client may send nothing at all.
    pub mesh_silent_timeout: Duration,
    /// How long a client may take to authenticate, or to join.
    pub authentication_deadline: Duration,
    /// Where tokens are looked for.
    pub tokens: TokenSources,
    /// ICE servers for clients.
    pub ice: IceOptions,
    /// Workers that write to sockets.
    pub workers: usize,
    /// Deliveries that may wait for one worker.
    pub worker_queue: usize,
    /// Publications that are remembered, so that a repetition is told to nobody.
    pub publications: usize,
    /// Bounds of what services send.
    pub links: LinkOptions,
    /// Bounds of catching up with what was missed.
    pub catch_up: CatchUpOptions,
    /// Clients that are made known again side by side, after the gateway was taken for dead.
    pub settle_at_once: usize,
    /// Sockets of whose end presence has yet to be told that it did not answer. Of more, it learns when the
    /// gateway goes on under another node id.
    pub departures: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listener: listener::Options::default(),
            limits: Limits::default(),
            commands: CommandOptions::default(),
            recovery: true,
            default_vocabulary: None,
            replay_limit: 1000,
            anonymous_mesh: false,
            mesh_ping_interval: Duration::from_secs(25),
            mesh_silent_timeout: Duration::from_secs(45),
            authentication_deadline: Duration::from_secs(10),
            tokens: TokenSources { cookie: "token".into(), origins: Arc::default() },
            ice: IceOptions::default(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            worker_queue: 4096,
            publications: 4096,
            links: LinkOptions::default(),
            catch_up: CatchUpOptions::default(),
            settle_at_once: 64,
            departures: 65_536,
        }
    }
}

/// What a gateway talks to.
#[derive(Clone)]
pub struct Backends {
    /// Carries commands and deliveries.
    pub bus: Arc<dyn Bus>,
    /// Where the gateway makes itself known.
    pub directory: Arc<dyn Directory>,
    /// Answers questions about rooms.
    pub rooms: RoomClient,
    /// The ways to the other gateways.
    pub channels: Channels,
    /// Verifies tokens.
    pub verifier: Arc<Verifier>,
    /// Tells the time.
    pub clock: Clock,
}

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The bus cannot be reached.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The directory cannot be reached.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// A gateway that is ready to run.
pub struct Gateway {
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) backends: Backends,
    pub(crate) registry: Arc<Registry>,
    emitter: Option<Emitter>,
    options: Options,
    server: listener::Server,
    metrics: Metrics,
    grpc: String,
}

impl Gateway {
    /// A gateway with a new node id. `grpc` is where others reach its gRPC services, as `host:port`;
    /// empty within one process.
    pub fn new(options: Options, backends: Backends, grpc: String, metrics: Metrics) -> Self {
        let node = NodeId::generate(Role::Gateway.name());
        let server = listener::Server::new(options.listener.clone());
        Self {
            tenure: Arc::new(Tenure::new(node)),
            backends,
            registry: Arc::default(),
            emitter: None,
            options,
            server,
            metrics,
            grpc,
        }
    }

    /// What Socket.IO Redis emitters publish is told to clients, too.
    #[must_use]
    pub fn hear(self, emitter: Option<Emitter>) -> Self {
        Self { emitter, ..self }
    }

    /// The gRPC service that serves what other gateways relay to this one.
    pub fn relay(&self) -> RelayServiceServer<relay::Host> {
        self.server.host().into_service()
    }

    /// The gateway's node id, until it is taken for dead.
    pub fn node(&self) -> NodeId {
        self.tenure.node()
    }

    /// Serves clients on `listener` until `shutdown` is cancelled, then drains. `router` answers every request
    /// that is no client's connection. `starting` is let go when clients may come.
    ///
    /// # Errors
    /// [`StartError`] if a backend cannot be reached at the start.
    pub async fn run(
        self,
        listener: TcpListener,
        router: axum::Router,
        starting: Latch,
        shutdown: CancellationToken,
    ) -> Result<(), StartError> {
        let Self { tenure, backends, registry, emitter, options, server, metrics, grpc } = self;
        // Ends with the drain, not with its beginning: clients that are moved away are still served.
        let stopped = CancellationToken::new();
        let _stop = stopped.clone().drop_guard();
        let timers = Arc::new(Timers::default());
        let history = Arc::new(LogReader { rooms: backends.rooms.clone() });
        let fan_out_options = FanOutOptions {
            workers: options.workers,
            queue: options.worker_queue,
            join_buffer: options.limits.join_buffer,
            publications: options.publications,
            catch_up: options.catch_up,
        };
        let fan_out = FanOut::start(fan_out_options, history, metrics.clone(), Arc::clone(&registry), &stopped);
        let clients = Arc::new(Clients {
            tenure: Arc::clone(&tenure),
            limits: options.limits,
            commands: Commands::new(Arc::clone(&backends.bus), options.commands),
            verifier: backends.verifier,
            registry,
            fan_out,
            timers: Arc::clone(&timers),
            metrics,
            clock: backends.clock.clone(),
            started: Instant::now(),
            authentication_deadline: options.authentication_deadline,
            replay_limit: options.replay_limit,
            settle_at_once: options.settle_at_once,
            departures: Departures::new(options.departures),
        });
        let alarms = Arc::clone(&clients).run_alarms(timers.run(stopped.clone()));
        let until_stopped = stopped.clone();
        tokio::spawn(async move { until_stopped.run_until_cancelled(alarms).await });

        if let Some(emitter) = emitter {
            let (hearing, until_stopped) = (emitter.run(Arc::clone(&clients)), stopped.clone());
            tokio::spawn(async move { until_stopped.run_until_cancelled(hearing).await });
        }

        let this = Node {
            id: tenure.node(),
            role: Role::Gateway,
            grpc,
            home: Some(server.home().clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: backends.clock.now(),
            draining: false,
        };
        let (bus, directory) = (Arc::clone(&backends.bus), Arc::clone(&backends.directory));
        let surroundings = Surroundings {
            options: options.links,
            delivery: bus.delivery(),
            nodes: directory.watch(),
            resend: Arc::new(LinkClient::new(backends.channels.clone(), ANSWER)),
            metrics: clients.metrics.links.clone(),
        };
        let registration = Registration::begin(Arc::clone(&clients), bus, directory, this, surroundings).await?;
        let keeping = tokio::spawn(registration.keep(shutdown.clone(), stopped.clone()));

        let mesh_options = PlainOptions {
            max_message: options.listener.max_payload,
            ping_interval: options.mesh_ping_interval,
            silent_timeout: options.mesh_silent_timeout,
            silent_code: OVERDUE,
            ..PlainOptions::default()
        };
        let entrance = Entrance {
            tokens: options.tokens.clone(),
            recovery: options.recovery,
            vocabulary: options.default_vocabulary,
        };
        let socket_io = SocketIo::new(Arc::clone(&clients), entrance);
        let mesh = Mesh::new(Arc::clone(&clients), options.tokens, Arc::new(options.ice), options.anonymous_mesh);
        let server = server
            .peers(Peers::new(backends.directory.watch(), backends.channels))
            .socket_io("/socket.io/", Arc::new(socket_io))
            .plain("/ws", mesh_options, Arc::new(mesh))
            .router(router);
        drop(starting);
        server.run(listener, shutdown).await;
        // What presence could not be told of by then, it learns from the directory.
        if time::timeout(options.commands.deadline, clients.departures.told()).await.is_err() {
            tracing::warn!("not every socket's end could be told");
        }
        stopped.cancel();
        if let Err(failure) = keeping.await {
            tracing::error!(%failure, "the gateway's registration has failed");
        }
        Ok(())
    }
}

/// Reads logs through the room service.
struct LogReader {
    rooms: RoomClient,
}

impl History for LogReader {
    fn standings(&self, rooms: Vec<RoomId>) -> BoxFuture<'static, Result<Vec<Standing>, Refusal>> {
        let client = self.rooms.clone();
        Box::pin(async move { client.positions(&rooms).await })
    }

    fn after(&self, room: RoomId, after: u64) -> BoxFuture<'static, Result<(Vec<LogEntry>, Position), Refusal>> {
        let rooms = self.rooms.clone();
        Box::pin(async move {
            let page = rooms.history(&room, Some(PageRange::After(after)), 0, None).await;
            page.map(|page| (page.entries, page.head)).map_err(|error| {
                tracing::debug!(%error, "a log could not be read");
                Code::Unavailable.into()
            })
        })
    }
}
