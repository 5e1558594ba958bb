//! Requests that arrived at other gateways, for sessions that are at home here.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use futures_util::{Stream, stream};
use heliograph_cluster::grpc::stubs::relay_service_server::{RelayService, RelayServiceServer};
use heliograph_domain::wire::proto::{self, post_part, tunnel_up};
use heliograph_engineio::{ProtocolError, SessionId};
use heliograph_telemetry::metrics::count;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming};

use super::{Metrics, tunnel};
use crate::connection::{Connection, Endpoint, Order, PollAnswered, Unreadable, Upgraded};

/// Parts of a tunnel that wait to be sent.
const PARTS: usize = 1;

/// Serves what other gateways ask for their clients. It knows the sessions of this server and no others, so that
/// nothing is relayed twice. Clones serve the same sessions.
#[derive(Clone)]
pub struct Host {
    /// Set when the server runs.
    endpoints: Arc<OnceLock<Vec<Arc<Endpoint>>>>,
    largest: usize,
    metrics: Metrics,
}

impl Host {
    /// Requests of more than `largest` bytes are not read.
    pub(crate) fn new(largest: usize, metrics: Metrics) -> Self {
        Self { endpoints: Arc::default(), largest, metrics }
    }

    /// The server runs, with these paths.
    pub(crate) fn open(&self, endpoints: Vec<Arc<Endpoint>>) {
        // A server runs once.
        let _ = self.endpoints.set(endpoints);
    }

    /// The gRPC service, which has no deadlines of its own: a poll waits as long as its session lets it.
    pub fn into_service(self) -> RelayServiceServer<Self> {
        let largest = self.largest;
        RelayServiceServer::new(self).max_decoding_message_size(largest)
    }

    fn find(&self, session: Option<proto::RelayedSession>) -> Result<Found, Status> {
        let session = session.ok_or_else(|| Status::invalid_argument("no session is named"))?;
        let endpoint = self.endpoints.get().into_iter().flatten().find(|endpoint| *endpoint.path == *session.path);
        let found = endpoint.zip(SessionId::new(&session.sid).ok()).and_then(|(endpoint, sid)| {
            Some(Found { connection: endpoint.find(&sid)?, endpoint: Arc::clone(endpoint) })
        });
        found.ok_or_else(|| refusal(ProtocolError::UnknownSession))
    }
}

/// A session that is at home here.
struct Found {
    endpoint: Arc<Endpoint>,
    connection: Arc<Connection>,
}

#[tonic::async_trait]
impl RelayService for Host {
    async fn poll(&self, request: Request<proto::PollRequest>) -> Result<Response<proto::PollResponse>, Status> {
        count(&self.metrics.served, "poll");
        let found = self.find(request.into_inner().session)?;
        let PollAnswered { body, number } = found.connection.poll().await.map_err(refusal)?;
        Ok(Response::new(proto::PollResponse { body: body.into(), number }))
    }

    async fn lose_poll(
        &self,
        request: Request<proto::LosePollRequest>,
    ) -> Result<Response<proto::LosePollResponse>, Status> {
        let request = request.into_inner();
        self.find(request.session)?.connection.lose_poll(request.number);
        Ok(Response::new(proto::LosePollResponse {}))
    }

    async fn post(
        &self,
        request: Request<Streaming<proto::PostPart>>,
    ) -> Result<Response<proto::PostResponse>, Status> {
        count(&self.metrics.served, "post");
        let mut parts = request.into_inner();
        let session = match parts.message().await? {
            Some(proto::PostPart { part: Some(post_part::Part::Session(session)) }) => Some(session),
            _ => None,
        };
        let Found { endpoint, connection } = self.find(session)?;
        let posting = connection.begin_post().await.map_err(refusal)?;
        let text = match parts.message().await?.and_then(|part| part.part) {
            Some(post_part::Part::Body(text)) if text.len() <= endpoint.options.max_payload => Ok(text),
            Some(post_part::Part::Body(_) | post_part::Part::Unreadable(_)) => Err(Unreadable),
            Some(post_part::Part::Session(_)) | None => return Err(Status::cancelled("the body never came")),
        };
        posting.finish(text).await.map_err(refusal)?;
        Ok(Response::new(proto::PostResponse {}))
    }

    type TunnelStream = Pin<Box<dyn Stream<Item = Result<proto::TunnelDown, Status>> + Send>>;

    async fn tunnel(
        &self,
        request: Request<Streaming<proto::TunnelUp>>,
    ) -> Result<Response<Self::TunnelStream>, Status> {
        count(&self.metrics.served, "websocket");
        let mut up = request.into_inner();
        let session = match up.message().await? {
            Some(proto::TunnelUp { part: Some(tunnel_up::Part::Session(session)) }) => Some(session),
            _ => None,
        };
        let Found { endpoint, connection } = self.find(session)?;
        let candidate = Arc::clone(&connection).open_websocket().await.map_err(refusal)?;
        let (near, far) = UnixStream::pair().map_err(|error| {
            tracing::warn!(%error, "there is no socket for a tunnel");
            Status::resource_exhausted("no socket for a tunnel")
        })?;
        candidate.complete(Upgraded::tunnelled(far, endpoint.options.max_payload));

        let (down, parts) = mpsc::channel(PARTS);
        let linger = endpoint.options.linger;
        endpoint.tasks.spawn(async move {
            tunnel::serve(near, up, down, linger, || connection.order(Order::ReleaseWebSocket)).await;
        });
        let parts = stream::unfold(parts, |mut parts| async move { Some((parts.recv().await?, parts)) });
        Ok(Response::new(Box::pin(parts)))
    }

    async fn release_poll(
        &self,
        request: Request<proto::ReleasePollRequest>,
    ) -> Result<Response<proto::ReleasePollResponse>, Status> {
        self.find(request.into_inner().session)?.connection.order(Order::ReleasePoll);
        Ok(Response::new(proto::ReleasePollResponse {}))
    }
}

/// A refusal of the protocol as `relay.proto` has it.
fn refusal(error: ProtocolError) -> Status {
    match error {
        ProtocolError::UnknownSession => Status::not_found(error.to_string()),
        _ => Status::failed_precondition(error.to_string()),
    }
}
