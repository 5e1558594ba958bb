//! Questions about this gateway's connections (`proto/heliograph/v1/gateway.proto`).

use std::sync::Arc;

use heliograph_cluster::{
    clock::Clock,
    directory::Role,
    grpc::{
        Describe, NodeState,
        stubs::gateway_service_server::{GatewayService, GatewayServiceServer},
    },
};
use heliograph_domain::{
    id::{InvalidId, SocketId, UserId},
    wire::proto::{self, gateway_disconnect_request::Target},
};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::{
    clients::{Recipient, Registry},
    service::Gateway,
};

/// Most sockets in an answer.
const MOST_SOCKETS: usize = 1000;

/// Answers questions about the gateway's connections.
pub struct Questions {
    registry: Arc<Registry>,
    clock: Clock,
    /// A page looks at every socket: no more than one at a time.
    page: Semaphore,
}

impl Gateway {
    /// The gRPC service that answers questions about the gateway's connections.
    pub fn questions(&self) -> GatewayServiceServer<Questions> {
        let (registry, clock) = (Arc::clone(&self.registry), self.backends.clock.clone());
        GatewayServiceServer::new(Questions { registry, clock, page: Semaphore::new(1) })
    }

    /// How the gateway is, whenever it is asked.
    pub fn describe(&self) -> Describe {
        let (tenure, registry) = (Arc::clone(&self.tenure), Arc::clone(&self.registry));
        Arc::new(move || NodeState {
            id: tenure.node(),
            role: Role::Gateway,
            partitions: 0,
            sockets: u64::try_from(registry.count()).unwrap_or(u64::MAX),
        })
    }
}

#[tonic::async_trait]
impl GatewayService for Questions {
    async fn sockets(
        &self,
        request: Request<proto::GatewaySocketsRequest>,
    ) -> Result<Response<proto::GatewaySocketsResponse>, Status> {
        let request = request.into_inner();
        let limit = match usize::try_from(request.limit) {
            Ok(0) | Err(_) => MOST_SOCKETS,
            Ok(limit) => limit.min(MOST_SOCKETS),
        };
        let _turn = self.page.acquire().await.map_err(|error| Status::internal(error.to_string()))?;
        let mut page = self.registry.page(&request.after, limit + 1);
        let more = page.len() > limit;
        page.truncate(limit);
        let sockets = page.iter().filter_map(|recipient| self.describe(recipient)).collect();
        Ok(Response::new(proto::GatewaySocketsResponse { sockets, more }))
    }

    async fn disconnect(
        &self,
        request: Request<proto::GatewayDisconnectRequest>,
    ) -> Result<Response<proto::GatewayDisconnectResponse>, Status> {
        let found = match request.into_inner().target {
            Some(Target::User(id)) => self.registry.user(&UserId::parse(&id).map_err(invalid)?, None),
            Some(Target::Socket(id)) => {
                let id = SocketId::parse(&id).map_err(invalid)?;
                self.registry.socket(&id, None).into_iter().collect()
            }
            None => return Err(Status::invalid_argument("a socket or a user")),
        };
        found.iter().for_each(Recipient::remove);
        let sockets = u32::try_from(found.len()).unwrap_or(u32::MAX);
        Ok(Response::new(proto::GatewayDisconnectResponse { sockets }))
    }
}

impl Questions {
    /// A socket for operators; `None` if it is on its way out.
    fn describe(&self, recipient: &Recipient) -> Option<proto::GatewaySocket> {
        let client = recipient.client()?;
        Some(proto::GatewaySocket {
            socket: client.id.to_string(),
            user: client.identity()?.user.id.to_string(),
            vocabulary: proto::Vocabulary::from(client.vocabulary()).into(),
            address: recipient.handshake().remote().to_string(),
            since: (self.clock.now() - client.connected.elapsed()).as_millis(),
        })
    }
}

fn invalid(error: InvalidId) -> Status {
    Status::invalid_argument(format!("an id {error}"))
}
