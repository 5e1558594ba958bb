//! Questions about rooms.

use heliograph_domain::{
    call::CallView,
    delivery::LogEntry,
    id::{CallId, UserId},
    matching::QueueView,
    refusal::Refusal,
    room::{Position, RoomId, Standing},
    user::User,
    wire::proto,
};

use super::{Link, Way, refusal, stubs::room_service_client::RoomServiceClient, unreadable};
use crate::store::PageRange;

/// Asks room-routers. Any of them answers for any room.
#[derive(Clone)]
pub struct RoomClient {
    link: Link,
}

/// A part of a room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Oldest first.
    pub entries: Vec<LogEntry>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
    /// The log's end at the moment of reading.
    pub head: Position,
    /// Number of the newest entry that the reader has read; 0 without a reader.
    pub read: u64,
}

/// Members of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// The members, in no order.
    pub members: Vec<User>,
    /// Whether there are more.
    pub more: bool,
}

impl RoomClient {
    /// A client over a link to a `RoomServiceServer`.
    pub fn new(link: Link) -> Self {
        Self { link }
    }

    fn client(&self) -> RoomServiceClient<Way> {
        RoomServiceClient::new(self.link.way()).max_decoding_message_size(self.link.largest())
    }

    /// A part of a room's log, by default the newest, with at most `limit` entries (200 if that is
    /// less).
    ///
    /// # Errors
    ///
    /// `NotAllowed` if `reader` is given and is not a member; `Unavailable` if there is no answer.
    pub async fn history(
        &self,
        room: &RoomId,
        range: Option<PageRange>,
        limit: u32,
        reader: Option<&UserId>,
    ) -> Result<History, Refusal> {
        use proto::history_request::Page;
        let request = proto::HistoryRequest {
            room: room.to_string(),
            page: range.map(|range| match range {
                PageRange::After(seq) => Page::After(seq),
                PageRange::Before(seq) => Page::Before(seq),
            }),
            limit,
            reader: reader.map(ToString::to_string),
        };
        let page = self.link.answer(self.client().history(self.link.request(request))).await.map_err(refusal)?;
        let entries = page.entries.into_iter().map(LogEntry::try_from);
        Ok(History {
            entries: entries.collect::<Result<_, _>>().map_err(unreadable)?,
            more: page.more,
            head: page.head.unwrap_or_default().into(),
            read: page.read,
        })
    }

    /// Rooms after `after` in an order that stays as it is, at most `limit` (1000 if that is less), and whether there
    /// are more.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn list(&self, after: Option<&RoomId>, limit: u32) -> Result<(Vec<RoomId>, bool), Refusal> {
        let request = proto::ListRoomsRequest { after: after.map(ToString::to_string), limit };
        let answer = self.link.answer(self.client().list(self.link.request(request))).await.map_err(refusal)?;
        let rooms = answer.rooms.iter().map(|room| RoomId::parse(room));
        Ok((rooms.collect::<Result<_, _>>().map_err(unreadable)?, answer.more))
    }

    /// Members of a room, at most `limit` (1000 if that is less).
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such room; `Unavailable` if there is no answer.
    pub async fn members(&self, room: &RoomId, limit: u32) -> Result<Members, Refusal> {
        let request = proto::MembersRequest { room: room.to_string(), limit };
        let answer = self.link.answer(self.client().members(self.link.request(request))).await.map_err(refusal)?;
        let members = answer.members.into_iter().map(User::try_from);
        Ok(Members { members: members.collect::<Result<_, _>>().map_err(unreadable)?, more: answer.more })
    }

    /// Where some rooms (at most 1000) stand, in their order.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer, or none for each room.
    pub async fn positions(&self, rooms: &[RoomId]) -> Result<Vec<Standing>, Refusal> {
        let request = proto::PositionsRequest { rooms: rooms.iter().map(ToString::to_string).collect() };
        let answer = self.link.answer(self.client().positions(self.link.request(request))).await.map_err(refusal)?;
        let standings = answer.standings.into_iter().map(Standing::try_from).collect::<Result<Vec<_>, _>>();
        let standings = standings.map_err(unreadable)?;
        if !standings.iter().map(|standing| &standing.room).eq(rooms) {
            return Err(unreadable("standings of other rooms than those asked for"));
        }
        Ok(standings)
    }

    /// How a call stands.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such call, `NotAllowed` if `reader` is given and has no part in it;
    /// `Unavailable` if there is no answer.
    pub async fn call(&self, call: &CallId, reader: Option<&UserId>) -> Result<CallView, Refusal> {
        let request = proto::GetCallRequest { call: call.to_string(), reader: reader.map(ToString::to_string) };
        let answer = self.link.answer(self.client().get_call(self.link.request(request))).await.map_err(refusal)?;
        answer.try_into().map_err(unreadable)
    }

    /// How the queues stand in which somebody waits or is asked.
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no answer.
    pub async fn queues(&self) -> Result<Vec<QueueView>, Refusal> {
        let request = self.link.request(proto::ListQueuesRequest {});
        let answer = self.link.answer(self.client().list_queues(request)).await.map_err(refusal)?;
        answer.queues.into_iter().map(QueueView::try_from).collect::<Result<_, _>>().map_err(unreadable)
    }
}
