//! The chat switch of a room.

use heliograph_cluster::store::SwitchOutcome;
use heliograph_domain::{
    delivery::{Except, Place},
    event::Event,
    refusal::Code,
};

use crate::{
    failure::Outcome,
    publish::RoomEvent,
    router::{Request, Router},
};

impl Router {
    /// Switches the chat on or off. For the host and administrators.
    pub(crate) async fn switch_chat(&self, request: &Request, enabled: bool) -> Outcome<()> {
        let actor = request.actor()?;
        self.mark(&request.room, request.now).await;
        let step = self.store.rooms.switch_chat(&request.room, &actor.socket, enabled, actor.admin);
        match step.await? {
            SwitchOutcome::Switched { roster, gateways } => {
                let event = Event::ChatSwitched { enabled, by: actor.user.clone(), socket: actor.socket.clone() };
                let place = Place::Roster(roster);
                let what = RoomEvent { except: Except::Nobody, at: request.now, place, event };
                self.tell_room(&gateways, &request.room, what).await;
                Ok(())
            }
            SwitchOutcome::NotAttending => Err(Code::NotInRoom.into()),
            SwitchOutcome::NotHost => Err(Code::NotAllowed.into()),
        }
    }
}
