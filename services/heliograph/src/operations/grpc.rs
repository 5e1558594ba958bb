//! The same over gRPC (`proto/heliograph/v1/admin.proto`): a thin form of what the HTTP endpoints call.

use std::sync::Arc;

use heliograph_cluster::grpc::{
    LocalSocket,
    stubs::admin_service_server::{AdminService, AdminServiceServer},
};
use heliograph_domain::{
    command::RoomCommand,
    id::{InvalidId, NodeId, SocketId, UserId},
    refusal::{Code, Refusal},
    room::RoomId,
    wire::proto::{self, gateway_disconnect_request::Target as Form},
};
use serde_json::value::RawValue;
use tonic::{Request, Response, Status, metadata::MetadataMap};

use super::{Operations, publish::Wanted, sockets::Target};

/// Most sockets and rooms on a page.
const MOST: u32 = 1000;
/// Most entries of a log on a page.
const MOST_ENTRIES: u32 = 200;

/// Does for operators what they ask.
pub(crate) struct Admin(Arc<Operations>);

/// The gRPC service for operators.
pub(crate) fn service(operations: Arc<Operations>) -> AdminServiceServer<Admin> {
    AdminServiceServer::new(Admin(operations))
}

impl Admin {
    /// Whether the call has an operator's token.
    fn admit(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let authorization = metadata.get("authorization").and_then(|value| value.to_str().ok());
        self.0.authorize(authorization).map_err(status)
    }

    /// The message of a call that has an operator's token.
    fn admitted<T>(&self, request: Request<T>) -> Result<T, Status> {
        self.admit(request.metadata())?;
        Ok(request.into_inner())
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn publish(
        &self,
        request: Request<proto::PublishRequest>,
    ) -> Result<Response<proto::PublishResponse>, Status> {
        let proto::PublishRequest { rooms, users, everyone, except_sockets, event, args } = self.admitted(request)?;
        let args = args.into_iter().map(RawValue::from_string).collect::<Result<_, _>>();
        let args = args.map_err(|error| status(Refusal::invalid("args", error)))?;
        let wanted = Wanted { rooms, users, everyone, except_sockets, event, args };
        let id = self.0.publish(wanted).await.map_err(status)?;
        Ok(Response::new(proto::PublishResponse { id: id.to_string() }))
    }

    async fn disconnect(
        &self,
        request: Request<proto::GatewayDisconnectRequest>,
    ) -> Result<Response<proto::GatewayDisconnectResponse>, Status> {
        let target = match self.admitted(request)?.target {
            Some(Form::Socket(socket)) => Target::Socket(SocketId::parse(&socket).map_err(invalid("socket"))?),
            Some(Form::User(user)) => Target::User(UserId::parse(&user).map_err(invalid("user"))?),
            None => return Err(Status::invalid_argument("a socket or a user")),
        };
        let sockets = self.0.disconnect(&target).await.map_err(status)?;
        Ok(Response::new(proto::GatewayDisconnectResponse { sockets }))
    }

    async fn sockets(
        &self,
        request: Request<proto::AdminSocketsRequest>,
    ) -> Result<Response<proto::GatewaySocketsResponse>, Status> {
        let proto::AdminSocketsRequest { node, after, limit } = self.admitted(request)?;
        let node = NodeId::parse(&node).map_err(invalid("node"))?;
        let after = Some(after).filter(|after| !after.is_empty());
        let after = after.as_deref().map(SocketId::parse).transpose().map_err(invalid("after"))?;
        let page = self.0.sockets(&node, after.as_ref(), page(limit, MOST)).await.map_err(status)?;
        let sockets = page.sockets.iter().map(form).collect();
        Ok(Response::new(proto::GatewaySocketsResponse { sockets, more: page.more }))
    }

    async fn rooms(
        &self,
        request: Request<proto::ListRoomsRequest>,
    ) -> Result<Response<proto::ListRoomsResponse>, Status> {
        let proto::ListRoomsRequest { after, limit } = self.admitted(request)?;
        let after = after.as_deref().map(RoomId::parse).transpose().map_err(invalid("after"))?;
        let (rooms, more) = self.0.rooms(after.as_ref(), page(limit, MOST)).await.map_err(status)?;
        Ok(Response::new(proto::ListRoomsResponse { rooms: rooms.iter().map(ToString::to_string).collect(), more }))
    }

    async fn members(
        &self,
        request: Request<proto::MembersRequest>,
    ) -> Result<Response<proto::MembersResponse>, Status> {
        let proto::MembersRequest { room, limit } = self.admitted(request)?;
        let room = RoomId::parse(&room).map_err(invalid("room"))?;
        let found = self.0.rooms.members(&room, page(limit, MOST)).await.map_err(status)?;
        let members = found.members.iter().map(Into::into).collect();
        Ok(Response::new(proto::MembersResponse { members, more: found.more }))
    }

    async fn history(
        &self,
        request: Request<proto::HistoryRequest>,
    ) -> Result<Response<proto::HistoryResponse>, Status> {
        use heliograph_cluster::store::PageRange;
        use proto::history_request::Page;
        let proto::HistoryRequest { room, page: wanted, limit, .. } = self.admitted(request)?;
        let room = RoomId::parse(&room).map_err(invalid("room"))?;
        let range = wanted.map(|wanted| match wanted {
            Page::After(seq) => PageRange::After(seq),
            Page::Before(seq) => PageRange::Before(seq),
        });
        let found = self.0.rooms.history(&room, range, page(limit, MOST_ENTRIES), None).await.map_err(status)?;
        Ok(Response::new(proto::HistoryResponse {
            entries: found.entries.iter().map(Into::into).collect(),
            more: found.more,
            head: Some(found.head.into()),
            read: 0,
        }))
    }

    async fn close_room(
        &self,
        request: Request<proto::CloseRoomRequest>,
    ) -> Result<Response<proto::CloseRoomResponse>, Status> {
        let room = RoomId::parse(&self.admitted(request)?.room).map_err(invalid("room"))?;
        self.0.command(room, RoomCommand::Close).await.map_err(status)?;
        Ok(Response::new(proto::CloseRoomResponse {}))
    }
}

/// 0 stands for as many as there may be.
fn page(limit: u32, most: u32) -> u32 {
    if limit == 0 { most } else { limit.min(most) }
}

fn form(socket: &LocalSocket) -> proto::GatewaySocket {
    proto::GatewaySocket {
        socket: socket.id.to_string(),
        user: socket.user.to_string(),
        vocabulary: proto::Vocabulary::from(socket.vocabulary).into(),
        address: socket.address.to_string(),
        since: socket.since.as_millis(),
    }
}

fn invalid(field: &'static str) -> impl Fn(InvalidId) -> Status {
    move |reason| status(Refusal::invalid(field, reason))
}

/// What a refusal is called in gRPC.
fn status(refusal: Refusal) -> Status {
    let code = match refusal.code {
        Code::AuthRequired | Code::AuthFailed | Code::TokenExpired => tonic::Code::Unauthenticated,
        Code::NotAllowed | Code::NotInRoom | Code::ChatDisabled => tonic::Code::PermissionDenied,
        Code::InvalidPayload | Code::TooLarge => tonic::Code::InvalidArgument,
        Code::NotFound | Code::UserNotConnected => tonic::Code::NotFound,
        Code::Conflict => tonic::Code::AlreadyExists,
        Code::Unavailable => tonic::Code::Unavailable,
        _ => tonic::Code::FailedPrecondition,
    };
    Status::new(code, refusal.message.into_owned())
}
