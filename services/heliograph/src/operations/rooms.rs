//! Rooms, their members and what is in their logs.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use heliograph_cluster::{grpc::Members, store::PageRange};
use heliograph_domain::{
    command::{Origin, RoomCommand, RoomRequest},
    id::CommandId,
    refusal::{Code, Refusal},
    room::{RoomId, Standing},
};
use heliograph_gateway::http::messages;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Operations, Operator, Shared,
    input::{Asked, InPath, in_path, within},
    refuse,
};

/// Most rooms on a page.
const MOST_ROOMS: u32 = 1000;
/// Most messages on a page.
const MOST_MESSAGES: u32 = 200;
/// Messages on a page unless a number is asked for.
const USUAL_MESSAGES: u32 = 50;

/// Which rooms an operator wants to see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedRooms {
    after: Option<String>,
    limit: Option<u32>,
}

/// Which messages an operator wants to see.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedMessages {
    before: Option<u64>,
    after: Option<u64>,
    limit: Option<u32>,
}

impl Operations {
    /// Some rooms in a stable order, and whether there are more.
    ///
    /// # Errors
    /// `UNAVAILABLE` if they cannot be read.
    pub(super) async fn rooms(&self, after: Option<&RoomId>, limit: u32) -> Result<(Vec<RoomId>, bool), Refusal> {
        self.rooms.list(after, limit).await
    }

    /// Where a room stands, and who its members are.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is none.
    pub(super) async fn room(&self, room: &RoomId) -> Result<(Standing, Members), Refusal> {
        let members = self.rooms.members(room, 0).await?;
        let standing = self.rooms.positions(std::slice::from_ref(room)).await?.pop();
        Ok((standing.ok_or(Code::Unavailable)?, members))
    }

    /// Carries out a command to a room in the name of the cluster.
    ///
    /// # Errors
    /// The room's refusal.
    pub(super) async fn command(&self, room: RoomId, command: RoomCommand) -> Result<(), Refusal> {
        let request = RoomRequest { id: CommandId::generate(), room, origin: Origin::System, command };
        self.commands.room(&request).await.map(drop)
    }
}

/// `GET /admin/rooms`
pub(super) async fn list(State(operations): Shared, _: Operator, Asked(wanted): Asked<WantedRooms>) -> Response {
    page_of_rooms(&operations, &wanted).await.map_or_else(refuse, |page| Json(page).into_response())
}

async fn page_of_rooms(operations: &Operations, wanted: &WantedRooms) -> Result<Value, Refusal> {
    let after = wanted.after.as_deref().map(RoomId::parse).transpose();
    let after = after.map_err(|reason| Refusal::invalid("after", reason))?;
    let limit = within("limit", wanted.limit.unwrap_or(MOST_ROOMS), MOST_ROOMS)?;
    let (rooms, more) = operations.rooms(after.as_ref(), limit).await?;
    let rooms: Vec<_> = rooms.iter().map(|room| json!({"id": room.as_str()})).collect();
    Ok(json!({"rooms": rooms, "more": more}))
}

/// `GET /admin/rooms/{room}`
pub(super) async fn show(State(operations): Shared, _: Operator, InPath(room): InPath<String>) -> Response {
    describe(&operations, &room).await.map_or_else(refuse, |room| Json(room).into_response())
}

async fn describe(operations: &Operations, room: &str) -> Result<Value, Refusal> {
    let room = in_path("room", room, RoomId::parse)?;
    let (standing, Members { members, more }) = operations.room(&room).await?;
    let members: Vec<_> = members
        .iter()
        .map(|user| json!({"id": user.id.as_str(), "name": user.name.as_str(), "guest": user.guest}))
        .collect();
    Ok(json!({"id": room.as_str(), "lastSeq": standing.position.seq, "members": members, "more": more}))
}

/// `GET /admin/rooms/{room}/messages`
pub(super) async fn history(
    State(operations): Shared,
    _: Operator,
    InPath(room): InPath<String>,
    Asked(wanted): Asked<WantedMessages>,
) -> Response {
    page_of_messages(&operations, &room, &wanted).await.map_or_else(refuse, |page| Json(page).into_response())
}

async fn page_of_messages(
    operations: &Operations,
    room: &str,
    wanted: &WantedMessages,
) -> Result<messages::Messages, Refusal> {
    let room = in_path("room", room, RoomId::parse)?;
    let range = match (wanted.before, wanted.after) {
        (None, None) => None,
        (Some(before), None) => Some(PageRange::Before(before)),
        (None, Some(after)) => Some(PageRange::After(after)),
        (Some(_), Some(_)) => return Err(Refusal::invalid("after", "cannot be combined with before")),
    };
    let limit = within("limit", wanted.limit.unwrap_or(USUAL_MESSAGES), MOST_MESSAGES)?;
    messages::read(&operations.rooms, &room, None, range, limit as usize).await
}

/// `DELETE /admin/rooms/{room}`: the room ends for everybody in it.
pub(super) async fn close(State(operations): Shared, _: Operator, InPath(room): InPath<String>) -> Response {
    let closed = match in_path("room", &room, RoomId::parse) {
        Ok(room) => operations.command(room, RoomCommand::Close).await,
        Err(refusal) => Err(refusal),
    };
    closed.map_or_else(refuse, |()| StatusCode::NO_CONTENT.into_response())
}
