//! Stand-ins for the services: a bus on which calls can be created, a room, some users.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use heliograph_cluster::bus::{Bus, BusError, DeliveryGuarantee, QueueGroup, Subject, Subscription};
use heliograph_cluster::grpc::stubs::presence_service_server::PresenceService;
use heliograph_cluster::grpc::stubs::room_service_server::RoomService;
use heliograph_domain::call::CallView;
use heliograph_domain::command::{Origin, RoomCommand, RoomRequest};
use heliograph_domain::delivery::LogEntry;
use heliograph_domain::event::{Event, Message};
use heliograph_domain::id::{MessageId, UserId};
use heliograph_domain::outcome::RoomOutcome;
use heliograph_domain::refusal::{Code, Refusal};
use heliograph_domain::text::{Emoji, MessageText, RawJson};
use heliograph_domain::user::{Name, User};
use heliograph_domain::wire::{self, proto};
use parking_lot::Mutex;
use tonic::{Request, Response, Status};

use crate::stage::NOW;

/// A bus whose only subscriber creates calls, for everybody but the user `blocked`.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) asked: Mutex<Vec<RoomRequest>>,
}

impl Bus for Calls {
    fn publish(&self, _: Subject, _: Bytes) -> BoxFuture<'_, Result<(), BusError>> {
        async { Ok(()) }.boxed()
    }

    fn request(&self, _: Subject, payload: Bytes, _: Duration) -> BoxFuture<'_, Result<Bytes, BusError>> {
        let request = wire::decode_room_request(payload).unwrap();
        let RoomCommand::CreateCall(plan) = &request.command else { panic!("{request:?}") };
        let blocked = matches!(&request.origin, Origin::User(user) if user.id.as_str() == "blocked");
        let reply = if blocked {
            Err(Refusal { reset_at: Some(NOW + Duration::from_secs(30)), ..Refusal::new(Code::RateLimited) })
        } else {
            Ok(RoomOutcome::CallCreated {
                call: request.room.call().unwrap(),
                participants: plan.participants.clone(),
                created_at: NOW,
                expires_at: NOW + Duration::from_secs(600),
            })
        };
        self.asked.lock().push(request);
        async move { Ok(wire::encode_room_reply(&reply)) }.boxed()
    }

    fn subscribe(&self, subject: Subject, _: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>> {
        async move { Err(BusError::NoResponders(subject)) }.boxed()
    }

    fn delivery(&self) -> DeliveryGuarantee {
        DeliveryGuarantee::Certain
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), BusError>> {
        async { Ok(()) }.boxed()
    }
}

/// The log of the one room that there is, `standup`, of which `alice` is a member; and one call.
#[derive(Default)]
pub(crate) struct Log {
    entries: Vec<LogEntry>,
    /// How far `alice` has read.
    pub(crate) read: u64,
    pub(crate) call: Option<CallView>,
}

impl Log {
    /// Appends a message of `bob`.
    pub(crate) fn post(&mut self, id: &str, text: &str) -> &mut Self {
        self.post_by("bob", id, text)
    }

    /// Appends a message.
    pub(crate) fn post_by(&mut self, author: &str, id: &str, text: &str) -> &mut Self {
        self.append(Event::MessagePosted(Message {
            id: MessageId::parse(id).unwrap(),
            author: user(author),
            socket: None,
            peer: false,
            text: MessageText::parse(text).unwrap(),
            content: heliograph_domain::content::Content::Text,
            attachments: Some(RawJson::from_checked(r#"[{"name":"a.pdf"}]"#)),
            reference: None,
        }))
    }

    /// Appends a mark.
    pub(crate) fn mark(&mut self, by: &str, message: &str, emoji: &str, on: bool) -> &mut Self {
        let message = MessageId::parse(message).unwrap();
        self.append(Event::ReactionChanged { message, user: user(by), emoji: Emoji::parse(emoji).unwrap(), on })
    }

    fn append(&mut self, event: Event) -> &mut Self {
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(LogEntry { seq, at: NOW + Duration::from_secs(seq), event });
        self
    }
}

fn user(id: &str) -> User {
    let name = Name::parse(&id.to_uppercase()).unwrap();
    User { id: UserId::parse(id).unwrap(), name, picture: None, guest: false }
}

#[tonic::async_trait]
impl RoomService for Log {
    async fn history(
        &self,
        request: Request<proto::HistoryRequest>,
    ) -> Result<Response<proto::HistoryResponse>, Status> {
        use proto::history_request::Page;
        let request = request.into_inner();
        if request.room != "standup" || request.reader.as_deref() != Some("alice") {
            return Err(Status::permission_denied("not a member"));
        }
        let limit = request.limit as usize;
        let fits = |entry: &&LogEntry| match request.page {
            Some(Page::After(seq)) => entry.seq > seq,
            Some(Page::Before(seq)) => entry.seq < seq,
            None => true,
        };
        let fitting: Vec<_> = self.entries.iter().filter(fits).collect();
        let page = match request.page {
            Some(Page::After(_)) => &fitting[..limit.min(fitting.len())],
            _ => &fitting[fitting.len().saturating_sub(limit)..],
        };
        Ok(Response::new(proto::HistoryResponse {
            entries: page.iter().map(|entry| (*entry).into()).collect(),
            more: fitting.len() > limit,
            head: Some(proto::Position { epoch: 1, seq: self.entries.len() as u64 }),
            read: self.read,
        }))
    }

    async fn list(&self, _: Request<proto::ListRoomsRequest>) -> Result<Response<proto::ListRoomsResponse>, Status> {
        Err(Status::not_found("no list here"))
    }

    async fn members(&self, _: Request<proto::MembersRequest>) -> Result<Response<proto::MembersResponse>, Status> {
        Err(Status::not_found("no members here"))
    }

    async fn positions(
        &self,
        _: Request<proto::PositionsRequest>,
    ) -> Result<Response<proto::PositionsResponse>, Status> {
        Err(Status::not_found("no positions here"))
    }

    async fn get_call(
        &self,
        request: Request<proto::GetCallRequest>,
    ) -> Result<Response<proto::GetCallResponse>, Status> {
        let request = request.into_inner();
        let call = self.call.as_ref().filter(|_| request.call == "call_1");
        let call = call.ok_or_else(|| Status::not_found("no such call"))?;
        if !call.parties.iter().any(|party| Some(party.user.as_str()) == request.reader.as_deref()) {
            return Err(Status::permission_denied("no part in it"));
        }
        Ok(Response::new(call.into()))
    }

    async fn list_queues(
        &self,
        _: Request<proto::ListQueuesRequest>,
    ) -> Result<Response<proto::ListQueuesResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }
}

/// Users with their rooms.
#[derive(Default)]
pub(crate) struct Users {
    pub(crate) rooms: BTreeMap<&'static str, Vec<&'static str>>,
}

#[tonic::async_trait]
impl PresenceService for Users {
    async fn sockets(&self, _: Request<proto::SocketsRequest>) -> Result<Response<proto::SocketsResponse>, Status> {
        Err(Status::not_found("no sockets here"))
    }

    async fn look_up(&self, request: Request<proto::LookUpRequest>) -> Result<Response<proto::LookUpResponse>, Status> {
        let request = request.into_inner();
        let reader = request.reader.unwrap_or_default();
        let rooms = |user: &str| self.rooms.get(user).cloned().unwrap_or_default();
        let shares = |user: &String| rooms(user).iter().any(|room| rooms(&reader).contains(room));
        let users = request.users.into_iter().filter(shares).map(|user| proto::UserPresence {
            last_seen: (user == "bob").then_some(NOW.as_millis()),
            user,
            status: proto::Status::Away.into(),
        });
        Ok(Response::new(proto::LookUpResponse { users: users.collect() }))
    }

    async fn counts(&self, _: Request<proto::CountsRequest>) -> Result<Response<proto::CountsResponse>, Status> {
        Ok(Response::new(proto::CountsResponse { users: self.rooms.len() as u64, sockets: 0 }))
    }

    async fn rooms(&self, request: Request<proto::RoomsRequest>) -> Result<Response<proto::RoomsResponse>, Status> {
        let rooms = self.rooms.get(&*request.into_inner().user).cloned().unwrap_or_default();
        Ok(Response::new(proto::RoomsResponse { rooms: rooms.into_iter().map(str::to_owned).collect() }))
    }
}
