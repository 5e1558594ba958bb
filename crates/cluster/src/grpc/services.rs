//! What a process answers: the services of its roles, by whatever way they are asked.

use std::convert::Infallible;

use http::{Request, Response};
use tonic::{body::Body, server::NamedService, service::Routes};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use super::{
    Process, Way, WayError,
    stubs::{
        admin_service_server::{AdminService, AdminServiceServer},
        gateway_service_server::{GatewayService, GatewayServiceServer},
        link_service_server::{LinkService, LinkServiceServer},
        node_service_server::NodeServiceServer,
        presence_service_server::{PresenceService, PresenceServiceServer},
        relay_service_server::{RelayService, RelayServiceServer},
        room_service_server::{RoomService, RoomServiceServer},
    },
};

/// The gRPC services of this process.
#[derive(Clone)]
pub struct Services {
    pub(super) process: Process,
    pub(super) routes: Routes,
    pub(super) names: Vec<&'static str>,
    largest: usize,
}

impl Services {
    /// What every process answers: how it is. Requests of at most `largest` bytes are read.
    pub fn new(process: Process, largest: usize) -> Self {
        let own = NodeServiceServer::new(process.clone()).max_decoding_message_size(largest);
        Self { process, routes: Routes::default(), names: Vec::new(), largest }.with(own)
    }

    /// Questions about rooms are answered, too.
    #[must_use]
    pub fn rooms(self, server: RoomServiceServer<impl RoomService>) -> Self {
        let largest = self.largest;
        self.with(server.max_decoding_message_size(largest))
    }

    /// Questions about users are answered, too.
    #[must_use]
    pub fn presence(self, server: PresenceServiceServer<impl PresenceService>) -> Self {
        let largest = self.largest;
        self.with(server.max_decoding_message_size(largest))
    }

    /// Questions about the gateway's connections are answered, too.
    #[must_use]
    pub fn gateway(self, server: GatewayServiceServer<impl GatewayService>) -> Self {
        let largest = self.largest;
        self.with(server.max_decoding_message_size(largest))
    }

    /// Requests of the gateway's sessions that arrived at other gateways are served, too. The gateway says
    /// how large they may be.
    #[must_use]
    pub fn relay(self, server: RelayServiceServer<impl RelayService>) -> Self {
        self.with(server)
    }

    /// What was sent to gateways is sent again, too.
    #[must_use]
    pub fn links(self, server: LinkServiceServer<impl LinkService>) -> Self {
        let largest = self.largest;
        self.with(server.max_decoding_message_size(largest))
    }

    /// What operators ask for is done, too.
    #[must_use]
    pub fn admin(self, server: AdminServiceServer<impl AdminService>) -> Self {
        let largest = self.largest;
        self.with(server.max_decoding_message_size(largest))
    }

    fn with<S>(mut self, server: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + NamedService,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = self.routes.add_service(server);
        self
    }

    /// The way to these services for those in the same process.
    pub(super) fn way(&self) -> Way {
        BoxCloneSyncService::new(ServiceExt::<Request<Body>>::map_err(self.routes.clone(), WayError::new))
    }
}
