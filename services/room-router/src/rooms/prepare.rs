//! Rooms that are made before anybody comes, and what becomes of them when nobody does.

use heliograph_cluster::{
    serve::Timers,
    store::{Idle, Preparation, StoreError},
};
use heliograph_domain::{
    command::Prepare,
    event::{CloseReason, Event},
    id::UserId,
    room::{RoomId, RoomKind},
    time::Timestamp,
};

use crate::{
    failure::Outcome,
    router::{Request, Router},
};

/// The deadline of a room that does not outlast its use.
pub(crate) fn deadline_key(room: &RoomId) -> String {
    format!("idle:{room}")
}

/// The room whose deadline has this key.
pub(crate) fn deadline_room(key: &str) -> Option<RoomId> {
    RoomId::parse(key.strip_prefix("idle:")?).ok()
}

impl Router {
    /// Makes users members of a room, and the room if there is none.
    pub(crate) async fn prepare(&self, request: &Request, prepare: Prepare) -> Outcome<()> {
        let room = &request.room;
        self.make_members(room, prepare, request.now).await?;
        if room.kind() == RoomKind::Match {
            self.look_later(room, &request.timers, request.now + self.options.abandoned_match).await?;
        }
        Ok(())
    }

    /// The same, for those who look after what becomes of the room themselves.
    pub(crate) async fn make_members(&self, room: &RoomId, prepare: Prepare, now: Timestamp) -> Result<(), StoreError> {
        let members: Vec<UserId> = prepare.members.iter().map(|member| member.id.clone()).collect();
        let step = Preparation { access: prepare.access, members: prepare.members, new_epoch: rand::random(), at: now };
        self.store.rooms.prepare(room, step).await?;
        for member in members {
            self.store.presence.add_room(&member, room, now).await?;
        }
        Ok(())
    }

    async fn look_later(&self, room: &RoomId, timers: &Timers, at: Timestamp) -> Result<(), StoreError> {
        timers.set(room.as_str(), deadline_key(room), at).await
    }

    /// Closes a room that nobody has used for long, or looks again later.
    pub(crate) async fn expire_room(&self, room: &RoomId, timers: &Timers) -> Outcome<()> {
        let (now, idle) = (timers.now(), self.options.abandoned_match);
        let next = match self.store.rooms.close_idle(room, now - idle).await? {
            Idle::Gone => return Ok(()),
            Idle::Closed(members) => {
                self.memory.forget_room(room);
                let members: Vec<UserId> = members.into_iter().map(|member| member.id).collect();
                for member in &members {
                    self.note(self.store.presence.remove_room(member, room).await, "expire");
                }
                let event = Event::RoomClosed { reason: CloseReason::Expired, by: None };
                self.note(self.tell_users(room, &members, None, now, event).await, "expire");
                return Ok(());
            }
            Idle::Since(quiet) => quiet + idle,
            Idle::Attended => now + idle,
        };
        Ok(self.look_later(room, timers, next).await?)
    }
}
