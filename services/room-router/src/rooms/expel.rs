//! Taking somebody out of a room, and keeping them out.

use heliograph_domain::{
    event::{CloseReason, Event, LeaveReason},
    id::UserId,
};

use crate::{
    failure::Outcome,
    router::{Request, Router},
};

impl Router {
    /// Ends a user's membership and attendances at an operator's wish. For them the room is closed.
    pub(crate) async fn remove_member(&self, request: &Request, user: &UserId, ban: bool) -> Outcome<()> {
        let (room, now) = (&request.room, request.now);
        self.mark(room, now).await;
        let expelled = self.store.rooms.expel(room, request.id, user, ban).await?;
        for (attendant, left) in &expelled.removed {
            self.memory.left(room, &attendant.socket, Some(user), now);
            let event = Event::RoomClosed { reason: CloseReason::System, by: None };
            self.tell_socket(&attendant.gateway, room, &attendant.socket, now, event).await;
            self.take_out(&attendant.gateway, room, &attendant.socket, false).await;
            self.announce_leaving(request, attendant, left, LeaveReason::Removed).await;
            self.note(self.store.sessions.remove_room(&attendant.socket, room).await, "remove");
        }
        self.memory.gateways(room, &expelled.gateways, now);
        if expelled.membership_ended {
            self.store.presence.remove_room(user, room).await?;
        }
        self.end_if_deserted(request, expelled.deserted).await
    }

    /// Lets a user come back who was banned.
    pub(crate) async fn lift_ban(&self, request: &Request, user: &UserId) -> Outcome<()> {
        Ok(self.store.rooms.lift_ban(&request.room, user).await?)
    }
}
