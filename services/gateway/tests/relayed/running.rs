//! Two servers and a balancer of the test's own, which end with the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use heliograph_cluster::clock::Clock;
use heliograph_cluster::directory::{Directory, MemoryDirectory, Node, Role};
use heliograph_cluster::grpc::{ChannelOptions, Channels, GrpcServer, Process, ServerOptions, Services};
use heliograph_domain::id::{HomeId, NodeId};
use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::relay::Peers;
use heliograph_gateway::transport::Metrics;
use heliograph_telemetry::metrics::{self, Case};
use heliograph_telemetry::readiness::Readiness;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

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

/// One of several servers that know each other by a directory. It runs in a runtime of its own, so that it can end as
/// a process does that is killed: with everything that it holds, without a word.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    /// Where its gRPC services are.
    pub(crate) grpc: SocketAddr,
    pub(crate) metrics: Metrics,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    runtime: Option<Runtime>,
}

impl Gateway {
    /// Runs a server with its gRPC port.
    pub(crate) async fn start(server: Server, metrics: Metrics, directory: Arc<dyn Directory>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let shutdown = CancellationToken::new();
        let starting = runtime.spawn(serve(server, directory, shutdown.clone()));
        let ([address, grpc], served) = starting.await.expect("a server");
        Self { address, grpc, metrics, shutdown, served, runtime: Some(runtime) }
    }

    /// Begins the drain.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(&mut self) {
        soon(&mut self.served).await.expect("the server ends without a panic");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Starts both ports: their addresses, and the end of the public one.
async fn serve(
    server: Server,
    directory: Arc<dyn Directory>,
    shutdown: CancellationToken,
) -> ([SocketAddr; 2], JoinHandle<()>) {
    let [public, grpc] = [listen().await, listen().await];
    let addresses = [&public, &grpc].map(|listener| listener.local_addr().expect("an address"));

    let process = Process::new(Clock::system().now(), Readiness::default(), shutdown.clone(), Vec::new());
    let services = Services::new(process, 4 * 1024 * 1024).relay(server.host().into_service());
    let answering = GrpcServer::new(services, ServerOptions::default(), metrics::Grpc::default());
    // As in the product, gRPC ends with the process and not with its drain.
    tokio::spawn(answering.expect("a description").run(grpc, CancellationToken::new()));

    directory.register(node(addresses[1], server.home())).await.expect("a directory");
    let channels = Channels::new(directory.watch(), ChannelOptions::default(), metrics::Grpc::default());
    let server = server.peers(Peers::new(directory.watch(), channels));
    (addresses, tokio::spawn(server.run(public, shutdown)))
}

/// A gateway as the directory shows it.
pub(crate) fn node(grpc: SocketAddr, home: &HomeId) -> Node {
    Node {
        id: NodeId::generate(Role::Gateway.name()),
        role: Role::Gateway,
        grpc: grpc.to_string(),
        home: Some(home.clone()),
        version: String::new(),
        started: Clock::system().now(),
        draining: false,
    }
}

/// A free port.
pub(crate) async fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port")
}
