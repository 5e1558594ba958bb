//! Two servers and a balancer of the test's own, which end with the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use heliograph_cluster::clock::Clock;
use heliograph_cluster::directory::{Directory, MemoryDirectory, Node, Role};
use heliograph_cluster::grpc::{ChannelOptions, Channels, GrpcServer, Process, ServerOptions, Services};
use heliograph_domain::id::NodeId;
use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::relay::Peers;
use heliograph_gateway::transport::Metrics;
use heliograph_telemetry::metrics::{self, Case};
use heliograph_telemetry::readiness::Readiness;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::balancer::Balancer;
use crate::settings::{self, Profile};
pub(crate) use crate::waiting::{eventually, long_times, soon};

/// A session's home, and the server that its client is connected to.
pub(crate) struct Running {
    /// The balancer's.
    pub(crate) address: SocketAddr,
    /// The home's.
    pub(crate) metrics: Metrics,
    _balancer: Balancer,
    _servers: [Gateway; 2],
}

impl Running {
    /// The conformance server without recovery, and with times so long that none of them passes in a test.
    pub(crate) async fn quiet() -> Self {
        Self::with(Profile::Suites, long_times).await
    }

    /// The same with recovery.
    pub(crate) async fn recovering() -> Self {
        Self::with(Profile::Clients, long_times).await
    }

    /// The conformance server with the settings of a profile.
    pub(crate) async fn profile(profile: Profile) -> Self {
        Self::with(profile, |_| {}).await
    }

    /// The same with some options changed.
    pub(crate) async fn with(profile: Profile, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = settings::options(profile);
        change(&mut options);
        let directory: Arc<dyn Directory> = Arc::new(MemoryDirectory::new());
        let start = |options: Options| {
            let metrics = options.metrics.clone();
            Gateway::start(settings::server(options, settings::recovers(profile)), metrics, Arc::clone(&directory))
        };
        let front = start(Options { metrics: Metrics::default(), ..options.clone() }).await;
        let home = start(options).await;
        let metrics = home.metrics.clone();
        let (at_home, elsewhere) = (home.address, front.address);
        let balancer = Balancer::start(move |head| if head.contains("sid=") { elsewhere } else { at_home }).await;
        Self { address: balancer.address, metrics, _balancer: balancer, _servers: [home, front] }
    }

    /// How many connections of a kind are open.
    pub(crate) fn connections(&self, case: &'static str) -> i64 {
        self.metrics.connections.get_or_create(&Case { case }).get()
    }
}

/// One of several servers that know each other by a directory.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Metrics,
    /// Its sockets to clients and to other servers are closed at once when it is dropped, as those of a process that
    /// is killed.
    _stop: [DropGuard; 2],
}

impl Gateway {
    /// Runs a server with its gRPC port.
    pub(crate) async fn start(server: Server, metrics: Metrics, directory: Arc<dyn Directory>) -> Self {
        let [public, grpc] = [listen().await, listen().await];
        let [address, asked] = [&public, &grpc].map(|listener| listener.local_addr().expect("an address"));
        let shutdown = CancellationToken::new();
        let stop = CancellationToken::new();

        let process = Process::new(Clock::system().now(), Readiness::default(), shutdown.clone(), Vec::new());
        let services = Services::new(process, 4 * 1024 * 1024).relay(server.host().into_service());
        let answering = GrpcServer::new(services, ServerOptions::default(), metrics::Grpc::default());
        let answering = answering.expect("a description").run(grpc, shutdown.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(answering));

        let node = Node {
            id: NodeId::generate(Role::Gateway.name()),
            role: Role::Gateway,
            grpc: asked.to_string(),
            home: Some(server.home().clone()),
            version: String::new(),
            started: Clock::system().now(),
            draining: false,
        };
        directory.register(node).await.expect("a directory");
        let channels = Channels::new(directory.watch(), ChannelOptions::default(), metrics::Grpc::default());
        let server = server.peers(Peers::new(directory.watch(), channels));
        tokio::spawn(server.run(public, shutdown.clone()));
        Self { address, metrics, _stop: [shutdown.drop_guard(), stop.drop_guard()] }
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port")
}
