//! Sends again what gateways have missed (`proto/heliograph/v1/link.proto`).

use std::sync::Arc;

use heliograph_domain::{id::NodeId, wire::proto};
use tonic::{Request, Response, Status};

use super::Outward;
use crate::grpc::stubs::link_service_server::{LinkService, LinkServiceServer};

/// Answers gateways that have missed something, for all senders of a process.
#[derive(Clone)]
pub struct Resending {
    senders: Arc<[Outward]>,
}

impl Resending {
    /// A server that answers for these senders.
    pub fn server(senders: impl IntoIterator<Item = Outward>) -> LinkServiceServer<Self> {
        LinkServiceServer::new(Self { senders: senders.into_iter().collect() })
    }
}

#[tonic::async_trait]
impl LinkService for Resending {
    async fn resend(&self, request: Request<proto::ResendRequest>) -> Result<Response<proto::ResendResponse>, Status> {
        let request = request.into_inner();
        let gateway = NodeId::parse(&request.gateway)
            .map_err(|error| Status::invalid_argument(format!("the gateway's id {error}")))?;
        let sender = self.senders.iter().find(|outward| outward.sender().as_str() == request.sender);
        let sender = sender.ok_or_else(|| Status::not_found("no such sender"))?;
        let parcel = sender.resend(&gateway, request.from).ok_or_else(|| Status::not_found("no such link"))?;
        Ok(Response::new(proto::ResendResponse { parcel: Some(parcel.into()) }))
    }
}
