//! What applications tell each other beside everything else.

use heliograph_domain::{
    activity::EphemeralKind,
    delivery::{Except, Place},
    event::Event,
    id::SocketId,
    refusal::Code,
    text::RawJson,
};

use super::no_such_peer;
use crate::{
    failure::Outcome,
    memory::Question,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Tells the others in the room, or one of them, something that is not stored.
    pub(crate) async fn send_ephemeral(
        &self,
        request: &Request,
        to: Option<SocketId>,
        kind: EphemeralKind,
        body: RawJson,
    ) -> Outcome<()> {
        let actor = request.actor()?;
        let room = &request.room;
        let question = Question { user: &actor.user.id, socket: Some(&actor.socket), addressee: to.as_ref() };
        let view = self.glance(room, question).await?;
        if view.attendant.is_none() {
            return Err(Code::NotInRoom.into());
        }
        let event = Event::EphemeralSent { from: actor.user.clone(), socket: actor.socket.clone(), kind, body };
        if to.is_none() {
            let except = Except::Socket(actor.socket.clone());
            let what = RoomEvent { except, at: request.now, place: Place::None, event };
            self.tell_room(&view.gateways, room, what).await;
            return Ok(());
        }
        let addressee = view.addressee.ok_or_else(no_such_peer)?;
        self.tell_socket(&addressee.gateway, room, &addressee.socket, request.now, event).await;
        Ok(())
    }
}
