//! What a process answers about itself, and who asks.

use std::sync::Arc;

use heliograph_domain::{
    id::NodeId,
    refusal::Refusal,
    time::Timestamp,
    wire::proto::{self, DrainRequest, DrainResponse, NodeStatusRequest, NodeStatusResponse},
};
use heliograph_telemetry::readiness::Readiness;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tracing::info;

use super::{
    Link, Way, refusal,
    stubs::{node_service_client::NodeServiceClient, node_service_server::NodeService},
    unreadable,
};
use crate::directory::Role;

/// How one role of a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The node under which it is registered now.
    pub id: NodeId,
    /// What it does.
    pub role: Role,
    /// Partitions that it owns; 0 for a gateway.
    pub partitions: u32,
    /// Authenticated sockets that it holds; 0 for other roles.
    pub sockets: u64,
}

/// Says how a role is, at any time.
pub type Describe = Arc<dyn Fn() -> NodeState + Send + Sync>;

/// How a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// The version of the program.
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// Whether it is stopping.
    pub draining: bool,
    /// What it waits for before it can serve.
    pub waiting_for: Vec<String>,
    /// Its roles.
    pub nodes: Vec<NodeState>,
}

/// This process, as it tells others about itself.
#[derive(Clone)]
pub struct Process {
    started: Timestamp,
    pub(super) readiness: Readiness,
    pub(super) shutdown: CancellationToken,
    roles: Vec<Describe>,
}

impl Process {
    /// A process with these roles. Its graceful stop begins with `shutdown`, which others may ask for.
    pub fn new(started: Timestamp, readiness: Readiness, shutdown: CancellationToken, roles: Vec<Describe>) -> Self {
        Self { started, readiness, shutdown, roles }
    }
}

#[tonic::async_trait]
impl NodeService for Process {
    async fn status(&self, _: Request<NodeStatusRequest>) -> Result<Response<NodeStatusResponse>, Status> {
        let state = |describe: &Describe| {
            let NodeState { id, role, partitions, sockets } = describe();
            proto::NodeState { node: id.to_string(), role: proto::Role::from(role).into(), partitions, sockets }
        };
        Ok(Response::new(NodeStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started.as_millis(),
            draining: self.shutdown.is_cancelled(),
            waiting_for: self.readiness.missing().into_iter().map(str::to_owned).collect(),
            nodes: self.roles.iter().map(state).collect(),
        }))
    }

    async fn drain(&self, _: Request<DrainRequest>) -> Result<Response<DrainResponse>, Status> {
        info!("another process asked this one to stop");
        self.shutdown.cancel();
        Ok(Response::new(DrainResponse {}))
    }
}

/// Asks one process about itself.
#[derive(Clone)]
pub struct ProcessClient {
    link: Link,
}

impl ProcessClient {
    /// A client over a link to one process.
    pub fn new(link: Link) -> Self {
        Self { link }
    }

    fn client(&self) -> NodeServiceClient<Way> {
        NodeServiceClient::new(self.link.way()).max_decoding_message_size(self.link.largest())
    }

    /// How the process is.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn state(&self) -> Result<ProcessState, Refusal> {
        let request = self.link.request(NodeStatusRequest {});
        let answer = self.link.answer(self.client().status(request)).await.map_err(refusal)?;
        Ok(ProcessState {
            version: answer.version,
            started: Timestamp::from_millis(answer.started_at),
            draining: answer.draining,
            waiting_for: answer.waiting_for,
            nodes: answer.nodes.into_iter().map(node).collect::<Result<_, _>>()?,
        })
    }

    /// Asks the process to stop gracefully. It answers when it has begun to.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn drain(&self) -> Result<(), Refusal> {
        let request = self.link.request(DrainRequest {});
        self.link.answer(self.client().drain(request)).await.map(|_| ()).map_err(refusal)
    }
}

fn node(form: proto::NodeState) -> Result<NodeState, Refusal> {
    let role = match form.role() {
        proto::Role::Gateway => Role::Gateway,
        proto::Role::RoomRouter => Role::RoomRouter,
        proto::Role::Presence => Role::Presence,
        proto::Role::Unspecified => return Err(unreadable("a node without a role")),
    };
    let id = NodeId::parse(&form.node).map_err(unreadable)?;
    Ok(NodeState { id, role, partitions: form.partitions, sockets: form.sockets })
}

impl From<Role> for proto::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Gateway => Self::Gateway,
            Role::RoomRouter => Self::RoomRouter,
            Role::Presence => Self::Presence,
        }
    }
}
