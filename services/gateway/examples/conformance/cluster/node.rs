//! A node: how it is reached, and how it reaches the others.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use heliograph_cluster::bus::nats::NatsOptions;
use heliograph_cluster::bus::{Bus, MemoryBus, NatsBus, Subject};
use heliograph_cluster::clock::Clock;
use heliograph_cluster::connect::ConnectError;
use heliograph_cluster::directory::etcd::EtcdOptions;
use heliograph_cluster::directory::{self, Directory, EtcdDirectory, MemoryDirectory, Role};
use heliograph_cluster::grpc::{ChannelOptions, Channels, GrpcServer, Process, ServerOptions, Services};
use heliograph_cluster::store::memory::{MemoryOptions, MemoryStore};
use heliograph_cluster::store::redis::{RedisOptions, RedisStore};
use heliograph_cluster::store::{Retention, Store};
use heliograph_domain::id::NodeId;
use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::relay::Peers;
use heliograph_telemetry::metrics;
use heliograph_telemetry::readiness::Readiness;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::ClusterHub;
use crate::settings;

/// How long events can be recovered at all.
const RETENTION: Retention = Retention { entries: 100_000, age: Duration::from_secs(600) };

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the nodes of a cluster share.
#[derive(Clone)]
pub(crate) struct Backends {
    /// Tells nodes that there is more.
    pub(crate) bus: Arc<dyn Bus>,
    /// Events and sessions.
    pub(crate) store: Store,
    /// Which nodes live.
    pub(crate) directory: Arc<dyn Directory>,
    /// Tells the time.
    pub(crate) clock: Clock,
    /// Keeps a memory store's housekeeping going.
    _kept: Option<Arc<MemoryStore>>,
}

impl Backends {
    /// Those of one process, for any number of nodes in it.
    pub(crate) fn memory() -> Self {
        let kept = MemoryStore::start(MemoryOptions { retention: RETENTION, outcomes: 1_000 });
        Self {
            bus: Arc::new(MemoryBus::new(8_192)),
            store: kept.store(),
            directory: Arc::new(MemoryDirectory::new()),
            clock: Clock::system(),
            _kept: Some(Arc::new(kept)),
        }
    }

    /// Those at these URLs, or `memory` instead of any of them. What is shared by several clusters is kept apart by
    /// the prefix.
    pub(crate) async fn connect(bus: &str, store: &str, directory: &str, prefix: &str) -> Result<Self, ConnectError> {
        let mut backends = Self::memory();
        let prefix = prefix.to_owned();
        if bus != "memory" {
            let options = NatsOptions { prefix: prefix.clone(), ..NatsOptions::new(bus) };
            backends.bus = Arc::new(NatsBus::connect(options).await?);
        }
        if store != "memory" {
            let options = RedisOptions { prefix: prefix.clone(), ..RedisOptions::new(store, RETENTION) };
            backends.store = RedisStore::connect(options).await?.store();
        }
        if directory != "memory" {
            let options = EtcdOptions { prefix: format!("/{prefix}"), ..EtcdOptions::new(directory) };
            backends.directory = Arc::new(EtcdDirectory::connect(options).await?);
        }
        Ok(backends)
    }
}

/// A node that clients can be let to.
pub(crate) struct Node {
    server: Server,
    hub: Arc<ClusterHub>,
    backends: Backends,
    node: directory::Node,
    ended: CancellationToken,
}

impl Node {
    /// Makes a node known to the others, which reach it at a free port of the loopback address.
    pub(crate) async fn start(options: Options, recovers: bool, backends: Backends) -> Result<Self, Failure> {
        let id = NodeId::generate(Role::Gateway.name());
        let news = backends.bus.subscribe(Subject::Gateway(id.clone()), None).await?;
        let hub = ClusterHub::open(id.clone(), backends.clone(), settings::window(recovers)).await?;
        let ended = CancellationToken::new();
        tokio::spawn(ended.clone().run_until_cancelled_owned(Arc::clone(&hub).run(news)));

        let server = settings::server_with(options, Arc::clone(&hub) as Arc<dyn crate::hub::Hub>);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let node = directory::Node {
            id,
            role: Role::Gateway,
            grpc: listener.local_addr()?.to_string(),
            home: Some(server.home().clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: backends.clock.now(),
            draining: false,
        };
        let process = Process::new(node.started, Readiness::default(), ended.clone(), Vec::new());
        let services = Services::new(process, 4 * 1024 * 1024).relay(server.host().into_service());
        let answering = GrpcServer::new(services, ServerOptions::default(), metrics::Grpc::default())?;
        tokio::spawn(answering.run(listener, ended.clone()));

        backends.directory.register(node.clone()).await?;
        let registering = register_again(Arc::clone(&backends.directory), node.clone());
        tokio::spawn(ended.clone().run_until_cancelled_owned(registering));
        let nodes = backends.directory.watch();
        let channels = Channels::new(nodes.clone(), ChannelOptions::default(), metrics::Grpc::default());
        Ok(Self { server: server.peers(Peers::new(nodes, channels)), hub, backends, node, ended })
    }

    /// Serves clients until `shutdown`, and then takes leave of the others.
    pub(crate) async fn run(self, listener: TcpListener, shutdown: CancellationToken) {
        let Self { server, hub, backends, node, ended } = self;
        let _end = ended.drop_guard();
        server.run(listener, shutdown).await;
        hub.close().await;
        if let Err(error) = backends.directory.deregister(&node.id).await {
            tracing::warn!(%error, "the node was not taken out of the directory");
        }
    }
}

/// A node that was taken for dead is the same one as before: nothing was done about its end.
async fn register_again(directory: Arc<dyn Directory>, node: directory::Node) {
    let mut losses = directory.losses();
    while losses.changed().await.is_ok() {
        if let Err(error) = directory.register(node.clone()).await {
            tracing::warn!(%error, "the node is unknown to the others");
        }
    }
}
