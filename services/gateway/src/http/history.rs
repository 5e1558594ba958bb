//! The messages of a room, page by page.

use axum::{Json, extract::State};
use heliograph_cluster::store::PageRange;
use heliograph_domain::{
    refusal::{Code, Refusal},
    room::RoomId,
};

use super::{
    Api,
    caller::Caller,
    error::ApiError,
    input::{InPath, Query},
    messages::{self, Messages},
};

/// Most messages on a page.
const MOST: u32 = 200;
/// Messages on a page unless the client asks for a number.
const USUAL: u32 = 50;

/// `GET /api/rooms/{roomId}/messages`
pub(super) async fn page(
    State(api): State<Api>,
    Caller(identity): Caller,
    InPath(room): InPath,
    query: Query,
) -> Result<Json<Messages>, ApiError> {
    let room = RoomId::parse(&room).map_err(|reason| Refusal::invalid("roomId", reason))?;
    let range = match (query.number("before")?, query.number("after")?) {
        (None, None) => None,
        (Some(before), None) => Some(PageRange::Before(before)),
        (None, Some(after)) => Some(PageRange::After(after)),
        (Some(_), Some(_)) => return Err(Refusal::invalid("after", "cannot be combined with before").into()),
    };
    let limit = query.number("limit")?.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::invalid("limit", format_args!("must be from 1 to {MOST}")).into());
    }
    if !identity.may_enter(&room) {
        return Err(Code::NotAllowed.into());
    }
    let rooms = &api.services().rooms;
    Ok(Json(messages::read(rooms, &room, Some(&identity.user.id), range, limit as usize).await?))
}
