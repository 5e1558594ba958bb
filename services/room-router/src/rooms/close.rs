//! The end of a room.

use std::collections::BTreeSet;

use heliograph_cluster::store::StoreError;
use heliograph_domain::{
    command::Origin,
    delivery::{Except, Place},
    event::{CloseReason, Event},
    id::NodeId,
    refusal::Code,
    room::{RoomId, RoomKind},
    time::Timestamp,
    user::{Actor, User},
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Closes a room at an operator's wish, or at that of one of the people who were matched to be in it. A call
    /// ends with its room.
    pub(crate) async fn close(&self, request: &Request) -> Outcome<()> {
        let by = match &request.origin {
            Origin::System => None,
            Origin::Socket(Actor { user, .. }) | Origin::User(user) if request.room.kind() == RoomKind::Match => {
                let view = self.store.rooms.view(&request.room, Some(&user.id), None, None).await?;
                if !view.member {
                    return Err(Code::NotInRoom.into());
                }
                Some(user.clone())
            }
            Origin::Socket(_) | Origin::User(_) => return Err(Code::NotAllowed.into()),
        };
        if let Some(call) = request.room.call() {
            self.close_call(request, &call).await?;
        }
        let reason = if by.is_some() { CloseReason::ClosedByUser } else { CloseReason::System };
        self.close_room(&request.room, reason, by, request.now).await?;
        Ok(())
    }

    /// A room of matched people ends with its last member.
    pub(crate) async fn end_if_deserted(&self, request: &Request, deserted: bool) -> Outcome<()> {
        if deserted && request.room.kind() == RoomKind::Match {
            self.close_room(&request.room, CloseReason::System, None, request.now).await?;
        }
        Ok(())
    }

    /// Removes a room with everything in it. A room that does not exist is closed already.
    pub(crate) async fn close_room(
        &self,
        room: &RoomId,
        reason: CloseReason,
        by: Option<User>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (attendants, members) = self.store.rooms.close(room).await?;
        self.memory.forget_room(room);
        let gateways: BTreeSet<NodeId> = attendants.iter().map(|attendant| attendant.gateway.clone()).collect();
        let gateways: Vec<NodeId> = gateways.into_iter().collect();
        let event = Event::RoomClosed { reason, by };
        let what = RoomEvent { except: Except::Nobody, at: now, place: Place::None, event };
        self.tell_room(&gateways, room, what).await;
        for attendant in attendants {
            self.note(self.store.sessions.remove_room(&attendant.socket, room).await, "close");
        }
        for member in members {
            self.note(self.store.presence.remove_room(&member.id, room).await, "close");
        }
        Ok(())
    }
}
