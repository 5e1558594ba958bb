//! Questions about rooms and calls (`proto/heliograph/v1/rooms.proto`). Any room-router answers for any
//! room: they are answered by the store.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use heliograph_cluster::{
    directory::Role,
    grpc::{Describe, NodeState, stubs::room_service_server::RoomService},
    store::{Page, PageRange, StoreError, StoredEntry},
};
use heliograph_domain::{
    id::{CallId, UserId},
    room::{RoomId, Standing},
    wire::proto,
};
use prost::Message;
use tonic::{Request, Response, Status};

use crate::{room_router::RoomRouter, router::Router};

/// Longest page of a log, in entries.
const LONGEST_PAGE: usize = 200;
/// And in bytes, though one entry is always sent: a page has to be read in one piece at the other end.
const LARGEST_PAGE: usize = 1024 * 1024;
/// Most rooms in an answer.
const MOST_ROOMS: usize = 1000;
/// Most members in an answer.
const MOST_MEMBERS: usize = 1000;
/// Most positions in an answer.
const MOST_POSITIONS: usize = 1000;
/// How many rooms of one answer are looked at at a time.
const LOOKS: usize = 64;

/// Answers questions about rooms and calls. Clones answer from the same store.
#[derive(Clone)]
pub struct Questions {
    pub(crate) router: Arc<Router>,
}

impl RoomRouter {
    /// How the router is, whenever it is asked.
    pub fn describe(&self) -> Describe {
        let (id, partitions) = (self.node().id.clone(), self.router.metrics.partitions.clone());
        Arc::new(move || NodeState {
            id: id.clone(),
            role: Role::RoomRouter,
            partitions: u32::try_from(partitions.get()).unwrap_or(0),
            sockets: 0,
        })
    }
}

#[tonic::async_trait]
impl RoomService for Questions {
    async fn history(
        &self,
        request: Request<proto::HistoryRequest>,
    ) -> Result<Response<proto::HistoryResponse>, Status> {
        use proto::history_request::Page as Asked;
        let request = request.into_inner();
        let room = room(&request.room)?;
        let rooms = &self.router.store.rooms;
        let mut read = 0;
        if let Some(reader) = reader(request.reader.as_deref())? {
            let view = rooms.view(&room, Some(&reader), None, None).await.map_err(away)?;
            if !view.member {
                return Err(Status::permission_denied("not a member of the room"));
            }
            read = view.read;
        }
        let range = match request.page {
            Some(Asked::After(seq)) => PageRange::After(seq),
            Some(Asked::Before(seq)) => PageRange::Before(seq),
            None => PageRange::Before(u64::MAX),
        };
        let mut page = rooms.read(&room, range, limit(request.limit, LONGEST_PAGE)).await.map_err(away)?;
        shorten(&mut page, range);
        let mut entries = Vec::with_capacity(page.entries.len());
        for entry in page.entries {
            // The stored body is the wire form already.
            let mut event = proto::Event::decode(entry.event).map_err(|error| Status::data_loss(error.to_string()))?;
            // What the store numbers stands beside the event.
            if let Some(proto::event::Event::ActivityAppended(activity)) = &mut event.event {
                activity.version = entry.version;
            }
            entries.push(proto::LogEntry { seq: entry.seq, at: entry.at.as_millis(), event: Some(event) });
        }
        let head = Some(page.position.into());
        Ok(Response::new(proto::HistoryResponse { entries, more: page.more, head, read }))
    }

    async fn list(
        &self,
        request: Request<proto::ListRoomsRequest>,
    ) -> Result<Response<proto::ListRoomsResponse>, Status> {
        let request = request.into_inner();
        let after = request.after.as_deref().map(room).transpose()?;
        let limit = limit(request.limit, MOST_ROOMS);
        let mut rooms = self.router.store.rooms.list(after.as_ref(), limit + 1).await.map_err(away)?;
        let more = rooms.len() > limit;
        rooms.truncate(limit);
        Ok(Response::new(proto::ListRoomsResponse { rooms: rooms.iter().map(ToString::to_string).collect(), more }))
    }

    async fn members(
        &self,
        request: Request<proto::MembersRequest>,
    ) -> Result<Response<proto::MembersResponse>, Status> {
        let request = request.into_inner();
        let limit = limit(request.limit, MOST_MEMBERS);
        let members = self.router.store.rooms.members(&room(&request.room)?, limit + 1).await.map_err(away)?;
        let mut members = members.ok_or_else(|| Status::not_found("no such room"))?;
        let more = members.len() > limit;
        members.truncate(limit);
        Ok(Response::new(proto::MembersResponse { members: members.iter().map(Into::into).collect(), more }))
    }

    async fn positions(
        &self,
        request: Request<proto::PositionsRequest>,
    ) -> Result<Response<proto::PositionsResponse>, Status> {
        let rooms = request.into_inner().rooms;
        if rooms.len() > MOST_POSITIONS {
            return Err(Status::invalid_argument(format!("at most {MOST_POSITIONS} rooms")));
        }
        let rooms = rooms.iter().map(|id| room(id)).collect::<Result<Vec<_>, _>>()?;
        let store = &self.router.store.rooms;
        let standing = async |room| {
            let view = store.view(&room, None, None, None).await?;
            Ok::<_, StoreError>((&Standing { room, position: view.position, roster: view.roster }).into())
        };
        let standings = stream::iter(rooms).map(standing).buffered(LOOKS).try_collect().await.map_err(away)?;
        Ok(Response::new(proto::PositionsResponse { standings }))
    }

    async fn get_call(
        &self,
        request: Request<proto::GetCallRequest>,
    ) -> Result<Response<proto::GetCallResponse>, Status> {
        let request = request.into_inner();
        let id = CallId::parse(&request.call).map_err(invalid)?;
        let call = self.router.call(&id).await.map_err(away)?;
        let call = call.ok_or_else(|| Status::not_found("no such call"))?;
        let reader = reader(request.reader.as_deref())?;
        if reader.is_some_and(|reader| call.caller.as_ref() != Some(&reader) && call.participant(&reader).is_none()) {
            return Err(Status::permission_denied("no part in the call"));
        }
        Ok(Response::new((&call.view()).into()))
    }

    async fn list_queues(
        &self,
        _: Request<proto::ListQueuesRequest>,
    ) -> Result<Response<proto::ListQueuesResponse>, Status> {
        let queues = self.router.queues().await.map_err(away)?;
        Ok(Response::new(proto::ListQueuesResponse { queues: queues.iter().map(Into::into).collect() }))
    }
}

/// Takes entries off the far end of a page that is too large.
fn shorten(page: &mut Page, range: PageRange) {
    let mut bytes = 0;
    let mut fits = |entry: &StoredEntry| {
        bytes += entry.event.len();
        bytes <= LARGEST_PAGE
    };
    let all = page.entries.len();
    match range {
        PageRange::After(_) => {
            let fitting = page.entries.iter().take_while(|entry| fits(entry)).count();
            page.entries.truncate(fitting.max(1));
        }
        PageRange::Before(_) => {
            let fitting = page.entries.iter().rev().take_while(|entry| fits(entry)).count();
            page.entries.drain(..all.saturating_sub(fitting.max(1)));
        }
    }
    page.more |= page.entries.len() < all;
}

fn limit(asked: u32, most: usize) -> usize {
    match usize::try_from(asked) {
        Ok(0) | Err(_) => most,
        Ok(asked) => asked.min(most),
    }
}

fn room(id: &str) -> Result<RoomId, Status> {
    RoomId::parse(id).map_err(invalid)
}

fn reader(id: Option<&str>) -> Result<Option<UserId>, Status> {
    id.map(UserId::parse).transpose().map_err(invalid)
}

fn invalid(error: heliograph_domain::id::InvalidId) -> Status {
    Status::invalid_argument(format!("an id {error}"))
}

fn away(error: StoreError) -> Status {
    Status::unavailable(error.to_string())
}
