//! The service: options in, serving until it is told to stop.

use std::sync::Arc;

use heliograph_cluster::{
    commands::Commands,
    directory::{DirectoryError, Node, Role},
    grpc::stubs::presence_service_server::PresenceServiceServer,
    outward::Outward,
    serve::{Backends, ServeOptions, serve},
};
use heliograph_domain::id::NodeId;
use heliograph_telemetry::{metrics, readiness::Latch, trouble::Trouble};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{grpc::Questions, options::Options, people::People, reaper::Reaper};

/// A presence service.
pub struct Presence {
    pub(crate) people: Arc<People>,
    backends: Backends,
    node: Node,
}

impl Presence {
    /// A service that serves its share of the users once it runs. `commands` reaches the rooms that it
    /// tells of sockets which are gone. `grpc` is where others reach its gRPC services, as
    /// `host:port`; empty within one process.
    pub fn new(
        options: Options,
        backends: Backends,
        commands: Commands,
        grpc: String,
        metrics: metrics::Presence,
    ) -> Self {
        let node = Node {
            id: NodeId::generate(Role::Presence.name()),
            role: Role::Presence,
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
        let people = People {
            options,
            store: backends.store.clone(),
            commands,
            outward,
            nodes: backends.directory.watch(),
            clock: backends.clock.clone(),
            metrics,
            trouble: Trouble::new("presence cannot do what it should", "presence does what it should again"),
        };
        Self { people: Arc::new(people), backends, node }
    }

    /// The node under which the service is registered.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The gRPC service that answers questions about users, for a server or a local client.
    pub fn questions(&self) -> PresenceServiceServer<Questions> {
        PresenceServiceServer::new(Questions { people: Arc::clone(&self.people) })
    }

    /// What the service sends to gateways, for those who ask for it again.
    pub fn outward(&self) -> Outward {
        self.people.outward.clone()
    }

    /// Serves until `shutdown`, then answers what it has received. `starting` is let go when the first
    /// partitions are served.
    ///
    /// # Errors
    ///
    /// The service could not be registered.
    pub async fn run(self, starting: Latch, shutdown: CancellationToken) -> Result<(), DirectoryError> {
        let _links = self.people.outward.look_after_links();
        let reaper = Reaper::new(Arc::clone(&self.people), Arc::clone(&self.backends.directory), self.node.id.clone());
        let _reaping = AbortOnDropHandle::new(tokio::spawn(reaper.run(shutdown.clone())));
        let options = ServeOptions { pending: self.people.options.pending, refresh: self.people.options.refresh };
        serve(self.people, self.backends, self.node, options, move || drop(starting), shutdown).await
    }
}
