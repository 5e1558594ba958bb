//! Processes that answer, and one that asks.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use heliograph_cluster::{
    directory::{Directory, MemoryDirectory, Node, Role},
    grpc::{
        ChannelOptions, Channels, GrpcServer, NodeState, Process, RoomClient, ServerOptions, Services,
        stubs::room_service_server::{RoomService, RoomServiceServer},
    },
};
use heliograph_domain::{id::NodeId, refusal::Refusal, room::RoomId, time::Timestamp, wire::proto};
use heliograph_telemetry::{metrics, readiness::Readiness};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The largest message that is read, in these tests.
pub(crate) const LARGEST: usize = 64 * 1024;

/// A process with a room service that tells its name.
pub(crate) struct Answering {
    pub(crate) node: Node,
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<AtomicUsize>,
    /// Somebody asks the room `closed`.
    pub(crate) knocked: Arc<Notify>,
    /// Lets those in who ask the room `closed`.
    pub(crate) door: Arc<Semaphore>,
    pub(crate) readiness: Readiness,
    /// Begins the process's end.
    pub(crate) shutdown: CancellationToken,
    /// Ends its server.
    pub(crate) unneeded: CancellationToken,
    pub(crate) metrics: metrics::Grpc,
    pub(crate) server: JoinHandle<()>,
}

impl Answering {
    pub(crate) async fn start(name: &str, options: ServerOptions) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (readiness, shutdown, unneeded) = Default::default();
        let rooms = Rooms {
            name: name.to_owned(),
            asked: Arc::default(),
            knocked: Arc::default(),
            door: Arc::new(Semaphore::new(0)),
        };
        let (asked, knocked, door) = (Arc::clone(&rooms.asked), Arc::clone(&rooms.knocked), Arc::clone(&rooms.door));
        let node = node(name, Role::RoomRouter, &address.to_string());
        let services = services(&node, &readiness, &shutdown).rooms(RoomServiceServer::new(rooms));
        let metrics = metrics::Grpc::default();
        let server = GrpcServer::new(services, options, metrics.clone()).unwrap();
        let server = tokio::spawn(server.run(listener, CancellationToken::clone(&unneeded)));
        Self { node, address, asked, knocked, door, readiness, shutdown, unneeded, metrics, server }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// What a process with this one node answers at least.
pub(crate) fn services(node: &Node, readiness: &Readiness, shutdown: &CancellationToken) -> Services {
    let state = NodeState { id: node.id.clone(), role: node.role, partitions: 7, sockets: 0 };
    let described = Arc::new(move || state.clone());
    Services::new(Process::new(node.started, readiness.clone(), shutdown.clone(), vec![described]), LARGEST)
}

pub(crate) fn node(id: &str, role: Role, grpc: &str) -> Node {
    Node {
        id: NodeId::parse(id).unwrap(),
        role,
        grpc: grpc.to_owned(),
        home: None,
        version: "1".to_owned(),
        started: Timestamp::from_millis(1000),
        draining: false,
    }
}

/// The process that asks.
pub(crate) struct Asking {
    pub(crate) directory: MemoryDirectory,
    pub(crate) channels: Channels,
    pub(crate) metrics: metrics::Grpc,
}

impl Asking {
    pub(crate) async fn with(options: ChannelOptions, nodes: &[&Answering]) -> Self {
        let (directory, metrics) = (MemoryDirectory::new(), metrics::Grpc::default());
        let channels = Channels::new(directory.watch(), options, metrics.clone());
        let asking = Self { directory, channels, metrics };
        for answering in nodes {
            asking.learns_of(&answering.node).await;
        }
        asking
    }

    pub(crate) async fn new(nodes: &[&Answering]) -> Self {
        Self::with(ChannelOptions::default(), nodes).await
    }

    pub(crate) async fn learns_of(&self, node: &Node) {
        self.directory.register(node.clone()).await.unwrap();
    }

    /// Asks any room-router.
    pub(crate) fn anyone(&self) -> RoomClient {
        RoomClient::new(self.channels.role(Role::RoomRouter, PATIENCE))
    }

    /// Asks one node.
    pub(crate) fn one(&self, node: &Node) -> RoomClient {
        RoomClient::new(self.channels.node(&node.id, PATIENCE).unwrap())
    }
}

/// Who answered.
pub(crate) async fn name(client: &RoomClient) -> Result<String, Refusal> {
    answer(client, "name").await
}

/// Who answered, when they did.
pub(crate) async fn answer(client: &RoomClient, room: &str) -> Result<String, Refusal> {
    let members = client.members(&RoomId::parse(room).unwrap(), 1).await?;
    Ok(members.members[0].id.to_string())
}

/// A request for the members of a room.
pub(crate) fn question(room: &str) -> proto::MembersRequest {
    proto::MembersRequest { room: room.to_owned(), limit: 1 }
}

struct Rooms {
    name: String,
    asked: Arc<AtomicUsize>,
    knocked: Arc<Notify>,
    door: Arc<Semaphore>,
}

#[tonic::async_trait]
impl RoomService for Rooms {
    async fn list(&self, _: Request<proto::ListRoomsRequest>) -> Result<Response<proto::ListRoomsResponse>, Status> {
        unreachable!("nobody asks for that")
    }

    async fn members(
        &self,
        request: Request<proto::MembersRequest>,
    ) -> Result<Response<proto::MembersResponse>, Status> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let member = |id: &str, name: String| proto::User { id: id.to_owned(), name, ..proto::User::default() };
        let members = match request.into_inner().room.as_str() {
            "closed" => {
                self.knocked.notify_one();
                self.door.acquire().await.unwrap().forget();
                vec![member(&self.name, "One".to_owned())]
            }
            "silent" => std::future::pending().await,
            "large" => vec![member(&self.name, "x".repeat(2 * LARGEST))],
            _ => vec![member(&self.name, "One".to_owned())],
        };
        Ok(Response::new(proto::MembersResponse { members, more: false }))
    }

    async fn history(&self, _: Request<proto::HistoryRequest>) -> Result<Response<proto::HistoryResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn positions(
        &self,
        _: Request<proto::PositionsRequest>,
    ) -> Result<Response<proto::PositionsResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn get_call(&self, _: Request<proto::GetCallRequest>) -> Result<Response<proto::GetCallResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn list_queues(
        &self,
        _: Request<proto::ListQueuesRequest>,
    ) -> Result<Response<proto::ListQueuesResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }
}
