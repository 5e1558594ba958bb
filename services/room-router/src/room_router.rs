//! The service: options in, serving until it is told to stop.

use std::sync::Arc;

use heliograph_cluster::{
    directory::{DirectoryError, Node, Role},
    grpc::stubs::room_service_server::RoomServiceServer,
    outward::Outward,
    serve::{Backends, ServeOptions, serve},
};
use heliograph_domain::id::NodeId;
use heliograph_telemetry::{metrics, readiness::Latch};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{grpc::Questions, memory::Memory, options::Options, router::Router};

/// A room-router.
pub struct RoomRouter {
    pub(crate) router: Arc<Router>,
    backends: Backends,
    node: Node,
}

impl RoomRouter {
    /// A router that serves its share of the rooms once it runs. `grpc` is where others reach its
    /// gRPC services, as `host:port`; empty within one process.
    pub fn new(options: Options, backends: Backends, grpc: String, metrics: metrics::Rooms) -> Self {
        let node = Node {
            id: NodeId::generate(Role::RoomRouter.name()),
            role: Role::RoomRouter,
            grpc,
            home: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: backends.clock.now(),
            draining: false,
        };
        let outward = Outward::new(
            node.id.clone(),
            Arc::clone(&backends.bus),
            backends.directory.watch(),
            options.outward,
            metrics.outward.clone(),
        );
        let router = Router {
            memory: Memory::new(&options),
            matching: Mutex::default(),
            takeovers: Semaphore::new(options.takeover_at_once),
            options,
            store: backends.store.clone(),
            outward,
            clock: backends.clock.clone(),
            nodes: backends.directory.watch(),
            metrics,
        };
        Self { router: Arc::new(router), backends, node }
    }

    /// The node under which the router is registered.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The gRPC service that answers questions about rooms, for a server or a local client.
    pub fn questions(&self) -> RoomServiceServer<Questions> {
        RoomServiceServer::new(Questions { router: Arc::clone(&self.router) })
    }

    /// What the router sends to gateways, for those who ask for it again.
    pub fn outward(&self) -> Outward {
        self.router.outward.clone()
    }

    /// Serves until `shutdown`, then answers what it has received. `starting` is let go when the first
    /// partitions are served.
    ///
    /// # Errors
    ///
    /// The router could not be registered.
    pub async fn run(self, starting: Latch, shutdown: CancellationToken) -> Result<(), DirectoryError> {
        let _links = self.router.outward.look_after_links();
        let options = ServeOptions { pending: self.router.options.pending, refresh: self.router.options.refresh };
        serve(self.router, self.backends, self.node, options, move || drop(starting), shutdown).await
    }
}
