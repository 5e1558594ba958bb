//! Nodes, each with its own view of a directory that all share.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use heliograph_cluster::{
    bus::{Bus, MemoryBus},
    clock::Clock,
    commands::{CommandOptions, Commands},
    directory::{Directory, DirectoryError, MemoryDirectory, Node, Nodes as Living, Role},
    grpc::{ChannelOptions, Channels, Link, RoomClient},
    serve::Backends,
    store::{
        Retention, Store,
        memory::{MemoryOptions, MemoryStore},
    },
};
use heliograph_domain::{
    id::{NodeId, UserId},
    time::Timestamp,
};
use heliograph_gateway::{
    identity::Verifier,
    service::{self, Gateway},
};
use heliograph_presence::Presence;
use heliograph_room_router::RoomRouter;
use heliograph_telemetry::{metrics::Metrics, readiness::Readiness};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

/// What all nodes share.
pub(crate) struct Nodes {
    bus: Arc<dyn Bus>,
    memory: MemoryStore,
    directory: Arc<MemoryDirectory>,
    clock: Clock,
    pub(crate) presence: heliograph_presence::Options,
    /// How long after the last sign of life the directory takes a node for dead, as it says.
    pub(crate) lease: Duration,
}

/// A node that runs.
pub(crate) struct Running {
    pub(crate) metrics: Arc<Metrics>,
    directory: Arc<View>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// A gateway that runs.
pub(crate) struct RunningGateway {
    pub(crate) node: Running,
    pub(crate) address: SocketAddr,
}

impl Nodes {
    pub(crate) fn new() -> Self {
        let retention = Retention { entries: 1000, age: Duration::from_secs(3600) };
        Self {
            bus: Arc::new(MemoryBus::new(4096)),
            memory: MemoryStore::start(MemoryOptions { retention, outcomes: 1000 }),
            directory: Arc::default(),
            clock: Clock::with_timers(Timestamp::from_system(SystemTime::now())),
            presence: heliograph_presence::Options {
                loss_grace: Duration::from_millis(200),
                presence_grace: Duration::from_millis(100),
                call_grace: Duration::from_millis(200),
                ..heliograph_presence::Options::default()
            },
            lease: Duration::ZERO,
        }
    }

    /// Nodes with one room-router and one presence service.
    pub(crate) async fn served() -> (Self, [Running; 2]) {
        let nodes = Self::new();
        let services = [nodes.router().await, nodes.presence().await];
        (nodes, services)
    }

    pub(crate) fn store(&self) -> Store {
        self.memory.store()
    }

    fn backends(&self) -> (Backends, Arc<View>) {
        let view = Arc::new(View::new(&self.directory, self.lease));
        let backends = Backends {
            bus: Arc::clone(&self.bus),
            directory: view.clone(),
            store: self.memory.store(),
            clock: self.clock.clone(),
        };
        (backends, view)
    }

    fn commands(&self) -> Commands {
        Commands::new(Arc::clone(&self.bus), CommandOptions::default())
    }

    pub(crate) async fn router(&self) -> Running {
        let ((backends, directory), metrics) = (self.backends(), Arc::<Metrics>::default());
        let router =
            RoomRouter::new(heliograph_room_router::Options::default(), backends, String::new(), metrics.rooms.clone());
        let (stop, readiness) = (CancellationToken::new(), Readiness::default());
        let (starting, stopped) = (readiness.hold("rooms"), stop.clone());
        let serving = tokio::spawn(async move { router.run(starting, stopped).await.unwrap() });
        readiness.ready().await;
        Running { metrics, directory, stop, serving }
    }

    pub(crate) async fn presence(&self) -> Running {
        let ((backends, directory), metrics) = (self.backends(), Arc::<Metrics>::default());
        let options = self.presence.clone();
        let presence = Presence::new(options, backends, self.commands(), String::new(), metrics.presence.clone());
        let (stop, readiness) = (CancellationToken::new(), Readiness::default());
        let (starting, stopped) = (readiness.hold("presence"), stop.clone());
        let serving = tokio::spawn(async move { presence.run(starting, stopped).await.unwrap() });
        readiness.ready().await;
        Running { metrics, directory, stop, serving }
    }

    pub(crate) async fn gateway(&self) -> RunningGateway {
        self.gateway_with(|_| {}).await
    }

    pub(crate) async fn gateway_with(&self, change: impl FnOnce(&mut service::Options)) -> RunningGateway {
        let ((of_services, directory), metrics) = (self.backends(), Arc::<Metrics>::default());
        // Reads logs, as any router does.
        let (options, unused) = (heliograph_room_router::Options::default(), Metrics::default().rooms);
        let reader = RoomRouter::new(options, of_services.clone(), String::new(), unused);
        let backends = service::Backends {
            bus: Arc::clone(&self.bus),
            directory: directory.clone(),
            rooms: RoomClient::new(Link::new(reader.questions(), Duration::from_secs(5))),
            channels: Channels::new(directory.watch(), ChannelOptions::default(), metrics.grpc.clone()),
            verifier: Arc::new(Verifier::open()),
            clock: self.clock.clone(),
        };
        let mut options = service::Options { anonymous_mesh: true, ..service::Options::default() };
        change(&mut options);
        let gateway = Gateway::new(options, backends, String::new(), metrics.gateway.clone());
        let (stop, readiness) = (CancellationToken::new(), Readiness::default());
        let (starting, stopped) = (readiness.hold("gateway"), stop.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            gateway.run(listener, axum::Router::new(), starting, stopped).await.unwrap();
        });
        readiness.ready().await;
        RunningGateway { node: Running { metrics, directory, stop, serving }, address }
    }

    /// The gateways that the directory has.
    pub(crate) fn gateways(&self) -> Vec<NodeId> {
        let nodes = self.directory.watch().borrow().clone();
        nodes.values().filter(|node| node.role == Role::Gateway).map(|node| node.id.clone()).collect()
    }

    /// The gateways that the store has sockets of a user at.
    pub(crate) async fn gateways_of(&self, user: &str) -> Vec<NodeId> {
        let user = UserId::parse(user).unwrap();
        self.store().presence.sockets(&user).await.unwrap().into_iter().map(|socket| socket.gateway).collect()
    }
}

impl Running {
    /// The directory takes the node for dead though it lives.
    pub(crate) async fn lose_lease(&self) {
        self.directory.lose_lease().await;
    }

    /// The node dies without a word, and the directory notices it.
    pub(crate) async fn kill(self) {
        self.serving.abort();
        assert!(self.serving.await.unwrap_err().is_cancelled());
        self.directory.end_leases().await;
    }

    /// The node is told to stop.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.cancel();
    }

    /// Waits until the node has stopped.
    pub(crate) async fn stopped(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

/// The shared directory, as one node knows it: what it has registered is its own.
pub(crate) struct View {
    shared: Arc<MemoryDirectory>,
    registered: parking_lot::Mutex<Vec<NodeId>>,
    losses: watch::Sender<u64>,
    lease: Duration,
}

impl View {
    fn new(shared: &Arc<MemoryDirectory>, lease: Duration) -> Self {
        Self {
            shared: Arc::clone(shared),
            registered: parking_lot::Mutex::default(),
            losses: watch::Sender::new(0),
            lease,
        }
    }

    async fn lose_lease(&self) {
        self.end_leases().await;
        self.losses.send_modify(|count| *count += 1);
    }

    async fn end_leases(&self) {
        let registered = std::mem::take(&mut *self.registered.lock());
        for node in registered {
            self.shared.deregister(&node).await.unwrap();
        }
    }
}

impl Directory for View {
    fn register(&self, node: Node) -> BoxFuture<'_, Result<(), DirectoryError>> {
        self.registered.lock().push(node.id.clone());
        self.shared.register(node)
    }

    fn deregister<'a>(&'a self, node: &'a NodeId) -> BoxFuture<'a, Result<(), DirectoryError>> {
        self.shared.deregister(node)
    }

    fn watch(&self) -> watch::Receiver<Living> {
        self.shared.watch()
    }

    fn losses(&self) -> watch::Receiver<u64> {
        self.losses.subscribe()
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), DirectoryError>> {
        self.shared.probe()
    }
}

/// Waits for a condition that comes about by itself.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let met = async {
        while !condition().await {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(Duration::from_secs(30), met).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
