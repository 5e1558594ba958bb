//! Receipts: how far members have the log, and that authors hear of it.
//!
//! A mark only moves forward, so that each message is told of once, by the step that moves the mark past it.
//! Should the router fail between the two, nobody tells of it later: a receipt is told at most once.

use heliograph_cluster::store::{Cursor, MarkOutcome, PageRange, StoreError};
use heliograph_domain::{
    command::Mark,
    event::{Event, Message},
    id::{MessageId, UserId},
    outcome::RoomOutcome,
    refusal::Code,
    room::{RoomId, RoomKind},
    wire,
};

use crate::{
    failure::Outcome,
    router::{Request, Router},
};

/// Entries that are read at a time.
const PAGE: usize = 200;

/// A message of somebody else that a mark has passed.
struct Passed {
    message: MessageId,
    author: UserId,
}

impl Router {
    /// The user's devices have what was posted up to here.
    pub(crate) async fn mark_delivered(&self, request: &Request, up_to: &Mark) -> Outcome<RoomOutcome> {
        let user = &request.user()?.id;
        let passed = self.move_mark(request, user, Cursor::Delivered, up_to).await?;
        if has_receipts(&request.room) {
            for Passed { message, author } in &passed {
                let event =
                    Event::MessageDelivered { message: message.clone(), author: author.clone(), to: user.clone() };
                self.tell_author(request, author, event).await;
            }
        }
        Ok(RoomOutcome::Marked { count: passed.len() as u64 })
    }

    /// The user has read what was posted up to here.
    pub(crate) async fn mark_read(&self, request: &Request, up_to: &Mark) -> Outcome<RoomOutcome> {
        let user = &request.user()?.id;
        let passed = self.move_mark(request, user, Cursor::Read, up_to).await?;
        if let Some(Passed { message, author }) = passed.last().filter(|_| has_receipts(&request.room)) {
            let event = Event::MessageRead { message: message.clone(), reader: user.clone() };
            self.tell_author(request, author, event).await;
        }
        Ok(RoomOutcome::Marked { count: passed.len() as u64 })
    }

    /// Moves a mark. Gives the messages of others that it has passed by that, oldest first.
    async fn move_mark(&self, request: &Request, user: &UserId, cursor: Cursor, up_to: &Mark) -> Outcome<Vec<Passed>> {
        match self.store.rooms.mark(&request.room, user, cursor, up_to).await? {
            MarkOutcome::Moved { from, to } => Ok(self.passed(&request.room, user, from, to).await?),
            MarkOutcome::Unchanged => Ok(Vec::new()),
            MarkOutcome::NoSuchMessage => Err(Code::NotFound.into()),
            MarkOutcome::NotMember => Err(Code::NotInRoom.into()),
        }
    }

    async fn passed(&self, room: &RoomId, user: &UserId, from: u64, to: u64) -> Result<Vec<Passed>, StoreError> {
        let (mut passed, mut after) = (Vec::new(), from);
        while after < to {
            let page = self.store.rooms.read(room, PageRange::After(after), PAGE).await?;
            let Some(last) = page.entries.last().map(|entry| entry.seq) else { break };
            for entry in page.entries.into_iter().take_while(|entry| entry.seq <= to) {
                if let Ok(Event::MessagePosted(Message { id, author, .. })) = wire::decode_event(entry.event)
                    && author.id != *user
                {
                    passed.push(Passed { message: id, author: author.id });
                }
            }
            after = last;
        }
        Ok(passed)
    }

    /// Tells all devices of an author, as far as it is known where they are.
    async fn tell_author(&self, request: &Request, author: &UserId, event: Event) {
        let users = std::slice::from_ref(author);
        let told = self.tell_users(&request.room, users, None, request.now, event).await;
        self.note(told, "receipt");
    }
}

/// Rooms of two: whoever writes there knows whom they write to.
fn has_receipts(room: &RoomId) -> bool {
    matches!(room.kind(), RoomKind::Direct | RoomKind::Match)
}
