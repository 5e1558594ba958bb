//! What a peer sends or shows.

use heliograph_cluster::store::MediaOutcome;
use heliograph_domain::{
    delivery::{Except, Place},
    event::Event,
    id::SocketId,
    refusal::Code,
    room::MediaChange,
    text::RawJson,
};

use super::no_such_peer;
use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Changes the state of the sender's peer, or by the host that of another.
    pub(crate) async fn change_media(
        &self,
        request: &Request,
        target: Option<SocketId>,
        change: MediaChange,
        body: Option<RawJson>,
    ) -> Outcome<()> {
        let actor = request.actor()?;
        let peer = target.unwrap_or_else(|| actor.socket.clone());
        self.mark(&request.room, request.now).await;
        let step = self.store.rooms.change_media(&request.room, &actor.socket, &peer, change, actor.admin);
        match step.await? {
            MediaOutcome::Changed { media, roster, gateways } => {
                let (by, socket) = (actor.user.clone(), actor.socket.clone());
                let except = Except::Socket(socket.clone());
                let event = Event::MediaChanged { by, socket, peer, change, media, body };
                let place = Place::Roster(roster);
                let what = RoomEvent { except, at: request.now, place, event };
                self.tell_room(&gateways, &request.room, what).await;
                Ok(())
            }
            MediaOutcome::NotPeer => Err(Code::NotInRoom.into()),
            MediaOutcome::NoSuchPeer => Err(no_such_peer().into()),
            MediaOutcome::NotHost => Err(Code::NotAllowed.into()),
        }
    }
}
