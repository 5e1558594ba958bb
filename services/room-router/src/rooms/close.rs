//! The end of a room.

use std::collections::BTreeSet;

use heliograph_cluster::store::StoreError;
use heliograph_domain::{
    delivery::{Except, Place},
    event::{CloseReason, Event},
    id::NodeId,
    room::RoomId,
    time::Timestamp,
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Closes a room at an operator's wish. A call ends with its room.
    pub(crate) async fn close(&self, request: &Request) -> Outcome<()> {
        if let Some(call) = request.room.call() {
            self.close_call(request, &call).await?;
        }
        self.close_room(&request.room, CloseReason::System, request.now).await?;
        Ok(())
    }

    /// Removes a room with everything in it. A room that does not exist is closed already.
    pub(crate) async fn close_room(
        &self,
        room: &RoomId,
        reason: CloseReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (attendants, members) = self.store.rooms.close(room).await?;
        self.memory.forget_room(room);
        let gateways: BTreeSet<NodeId> = attendants.iter().map(|attendant| attendant.gateway.clone()).collect();
        let gateways: Vec<NodeId> = gateways.into_iter().collect();
        let event = Event::RoomClosed { reason, by: None };
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
