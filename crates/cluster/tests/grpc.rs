//! Clients of servers in the same process: the calls go through the generated client and server,
//! and through no socket.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::time::Duration;

use heliograph_cluster::{
    grpc::{
        Counts, Link, Members, PresenceClient, RoomClient,
        stubs::{
            presence_service_server::{PresenceService, PresenceServiceServer},
            room_service_server::{RoomService, RoomServiceServer},
        },
    },
    store::PageRange,
};
use heliograph_domain::{
    command::Status as UserStatus,
    delivery::LogEntry,
    event::{CloseReason, Event},
    id::{CallId, UserId},
    refusal::{Code, Refusal},
    room::{Position, RoomId, Standing},
    time::Timestamp,
    user::{Name, User},
    wire::proto,
};
use tonic::{Request, Response, Status};

fn user() -> User {
    User { id: UserId::parse("alice").unwrap(), name: Name::parse("Alice").unwrap(), picture: None, guest: false }
}

fn entry() -> LogEntry {
    LogEntry {
        seq: 7,
        at: Timestamp::from_millis(1000),
        event: Event::RoomClosed { reason: CloseReason::System, by: None },
    }
}

const HEAD: Position = Position { epoch: 3, seq: 9 };

fn standing() -> Standing {
    Standing { room: room("standup"), position: HEAD, roster: 4 }
}

/// Knows the room `standup` and its member Alice.
struct Rooms;

#[tonic::async_trait]
impl RoomService for Rooms {
    async fn history(
        &self,
        request: Request<proto::HistoryRequest>,
    ) -> Result<Response<proto::HistoryResponse>, Status> {
        let request = request.into_inner();
        if request.reader.is_some_and(|reader| reader != "alice") {
            return Err(Status::permission_denied("not a member"));
        }
        assert_eq!(request.page, Some(proto::history_request::Page::After(6)));
        Ok(Response::new(proto::HistoryResponse {
            entries: vec![(&entry()).into()],
            more: request.limit == 1,
            head: Some(HEAD.into()),
            read: 4,
        }))
    }

    async fn list(
        &self,
        request: Request<proto::ListRoomsRequest>,
    ) -> Result<Response<proto::ListRoomsResponse>, Status> {
        let request = request.into_inner();
        assert_eq!((request.after.as_deref(), request.limit), (Some("before"), 2));
        Ok(Response::new(proto::ListRoomsResponse { rooms: vec!["standup".to_owned()], more: true }))
    }

    async fn members(
        &self,
        request: Request<proto::MembersRequest>,
    ) -> Result<Response<proto::MembersResponse>, Status> {
        match request.into_inner().room.as_str() {
            "standup" => Ok(Response::new(proto::MembersResponse { members: vec![(&user()).into()], more: false })),
            "broken" => {
                Ok(Response::new(proto::MembersResponse { members: vec![proto::User::default()], more: false }))
            }
            _ => Err(Status::not_found("no such room")),
        }
    }

    async fn positions(
        &self,
        request: Request<proto::PositionsRequest>,
    ) -> Result<Response<proto::PositionsResponse>, Status> {
        if request.into_inner().rooms == ["silent"] {
            std::future::pending::<()>().await;
        }
        Ok(Response::new(proto::PositionsResponse { standings: vec![(&standing()).into()] }))
    }

    async fn get_call(&self, _: Request<proto::GetCallRequest>) -> Result<Response<proto::GetCallResponse>, Status> {
        Err(Status::internal("the store is on fire"))
    }

    async fn list_queues(
        &self,
        _: Request<proto::ListQueuesRequest>,
    ) -> Result<Response<proto::ListQueuesResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }
}

/// Knows Alice, who was last here at 5000.
struct Presence;

#[tonic::async_trait]
impl PresenceService for Presence {
    async fn sockets(
        &self,
        request: Request<proto::SocketsRequest>,
    ) -> Result<Response<proto::SocketsResponse>, Status> {
        let socket = |user| proto::ConnectedSocket {
            user,
            socket: "socket-1".to_owned(),
            gateway: "g1".to_owned(),
            vocabulary: proto::Vocabulary::Mesh.into(),
        };
        let sockets = request.into_inner().users.into_iter().map(socket).collect();
        Ok(Response::new(proto::SocketsResponse { sockets }))
    }

    async fn look_up(&self, request: Request<proto::LookUpRequest>) -> Result<Response<proto::LookUpResponse>, Status> {
        let user = |user| proto::UserPresence { user, status: proto::Status::Busy.into(), last_seen: Some(5000) };
        Ok(Response::new(proto::LookUpResponse { users: request.into_inner().users.into_iter().map(user).collect() }))
    }

    async fn counts(&self, _: Request<proto::CountsRequest>) -> Result<Response<proto::CountsResponse>, Status> {
        Ok(Response::new(proto::CountsResponse { users: 2, sockets: 3 }))
    }

    async fn rooms(&self, _: Request<proto::RoomsRequest>) -> Result<Response<proto::RoomsResponse>, Status> {
        Ok(Response::new(proto::RoomsResponse { rooms: vec!["standup".to_owned()] }))
    }
}

const DEADLINE: Duration = Duration::from_secs(5);

fn rooms() -> RoomClient {
    RoomClient::new(Link::new(RoomServiceServer::new(Rooms), DEADLINE))
}

fn presence() -> PresenceClient {
    PresenceClient::new(Link::new(PresenceServiceServer::new(Presence), DEADLINE))
}

fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

fn code<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> Code {
    answer.unwrap_err().code
}

#[tokio::test]
async fn a_part_of_a_log_is_read_in_domain_types() {
    let page = Some(PageRange::After(6));
    let history = rooms().history(&room("standup"), page, 1, Some(&user().id)).await.unwrap();
    assert_eq!((history.entries, history.more, history.head, history.read), (vec![entry()], true, HEAD, 4));
}

#[tokio::test]
async fn a_reader_without_membership_is_not_allowed() {
    let stranger = UserId::parse("mallory").unwrap();
    let answer = rooms().history(&room("standup"), None, 1, Some(&stranger)).await;
    assert_eq!(code(answer), Code::NotAllowed);
}

#[tokio::test]
async fn a_page_of_all_rooms_follows_the_last_of_the_page_before() {
    let page = rooms().list(Some(&room("before")), 2).await;
    assert_eq!(page, Ok((vec![room("standup")], true)));
}

#[tokio::test]
async fn members_of_a_room_that_there_is_are_listed() {
    let members = rooms().members(&room("standup"), 10).await;
    assert_eq!(members, Ok(Members { members: vec![user()], more: false }));
    assert_eq!(code(rooms().members(&room("nowhere"), 10).await), Code::NotFound);
}

#[tokio::test]
async fn positions_are_those_of_the_rooms_that_were_asked_for() {
    assert_eq!(rooms().positions(&[room("standup")]).await, Ok(vec![standing()]));
    for other in [&[][..], &[room("lunch")]] {
        assert_eq!(code(rooms().positions(other).await), Code::Unavailable);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_unavailable() {
    assert_eq!(code(rooms().members(&room("broken"), 10).await), Code::Unavailable);
}

#[tokio::test]
async fn what_a_server_says_about_its_trouble_stays_inside() {
    let refusal = rooms().call(&CallId::generate(), None).await.unwrap_err();
    assert_eq!(refusal, Refusal::new(Code::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_unavailable_at_the_deadline() {
    assert_eq!(code(rooms().positions(&[room("silent")]).await), Code::Unavailable);
}

#[tokio::test]
async fn users_and_their_sockets_are_looked_up() {
    let alice = user().id;
    let users = [alice.clone()];
    let sockets = presence().sockets(&users).await.unwrap();
    assert_eq!((sockets.len(), &sockets[0].0, sockets[0].1.gateway.as_str()), (1, &alice, "g1"));
    let found = presence().look_up(&users, None).await.unwrap();
    let last_seen = Some(Timestamp::from_millis(5000));
    assert_eq!((&found[0].user, found[0].status, found[0].last_seen), (&alice, UserStatus::Busy, last_seen));
    assert_eq!(presence().counts().await, Ok(Counts { users: 2, sockets: 3 }));
    assert_eq!(presence().rooms(&alice, 10).await, Ok(vec![room("standup")]));
}
