//! The rooms of a user.

use axum::{Json, extract::State};
use futures_util::{StreamExt, TryStreamExt, stream};
use heliograph_cluster::store::PageRange;
use heliograph_domain::{
    delivery::LogEntry,
    id::UserId,
    refusal::{Code, Refusal},
    room::RoomId,
};
use serde::Serialize;

use super::{
    Api,
    caller::Caller,
    error::ApiError,
    messages::{MessageView, Views, message},
};

/// Most rooms in the answer: as many as a socket attends by itself.
const MOST: u32 = 200;
/// Rooms that are asked about at a time.
const AT_ONCE: usize = 8;
/// Newest entries of a log among which the last message is looked for; marks may lie behind it.
const TAIL: u32 = 50;
/// Entries before those among which unread messages are looked for, if they begin there.
const MORE_UNREAD: u32 = 200;

/// The answer of `GET /api/rooms`.
#[derive(Serialize)]
pub(super) struct Rooms {
    /// Most recently joined first.
    rooms: Vec<RoomView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomView {
    room_id: String,
    unread: usize,
    last_seq: u64,
    last_message: Option<MessageView>,
}

/// `GET /api/rooms`
pub(super) async fn list(State(api): State<Api>, Caller(identity): Caller) -> Result<Json<Rooms>, ApiError> {
    let user = &identity.user.id;
    let mut rooms = api.services().presence.rooms(user, MOST).await?;
    rooms.retain(|room| identity.may_enter(room));
    let views = stream::iter(rooms).map(|room| view(&api, room, user)).buffered(AT_ONCE);
    let views: Vec<_> = views.try_filter_map(|view| async { Ok(view) }).try_collect().await?;
    Ok(Json(Rooms { rooms: views }))
}

/// The room as the user sees it; `None` if they are no longer a member.
async fn view(api: &Api, room: RoomId, user: &UserId) -> Result<Option<RoomView>, Refusal> {
    let tail = match api.services().rooms.history(&room, None, TAIL, Some(user)).await {
        Err(refusal) if matches!(refusal.code, Code::NotAllowed | Code::NotFound) => return Ok(None),
        tail => tail?,
    };
    let last: Vec<_> = tail.entries.iter().rev().filter(|entry| message(entry).is_some()).take(1).collect();
    let mut views = Views::of(&room, &last);
    tail.entries.iter().for_each(|entry| views.mark(entry));
    let (mut unread, all) = unread_by(user, tail.read, &tail.entries);
    if let (false, true, Some(first)) = (all, tail.more, tail.entries.first()) {
        let range = Some(PageRange::Before(first.seq));
        let earlier = api.services().rooms.history(&room, range, MORE_UNREAD, Some(user)).await?;
        unread += unread_by(user, tail.read, &earlier.entries).0;
    }
    Ok(Some(RoomView {
        room_id: room.to_string(),
        unread,
        last_seq: tail.head.seq,
        last_message: views.messages.pop(),
    }))
}

/// How many messages of others follow what the user has read, and whether these entries have all of them. Who
/// writes has read what was there.
fn unread_by(user: &UserId, read: u64, entries: &[LogEntry]) -> (usize, bool) {
    let mut unread = 0;
    for entry in entries.iter().rev() {
        if entry.seq <= read {
            return (unread, true);
        }
        match message(entry) {
            Some(message) if message.author.id == *user => return (unread, true),
            Some(_) => unread += 1,
            None => {}
        }
    }
    (unread, false)
}
