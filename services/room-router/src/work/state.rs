//! How a room is, as its members say.

use heliograph_cluster::store::{StateChange, StateOutcome};
use heliograph_domain::{
    activity::RoomState,
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
    /// Keeps a snapshot for those who come later, or tells everybody that somebody records.
    pub(crate) async fn set_state(&self, request: &Request, state: RoomState) -> Outcome<()> {
        let actor = request.actor()?;
        let change = match &state {
            RoomState::Code { data, version } => StateChange::Code { data: data.as_bytes().clone(), version: *version },
            RoomState::Whiteboard { data, seq } => {
                StateChange::Whiteboard { data: data.as_ref().map(|data| data.as_bytes().clone()), seq: *seq }
            }
            RoomState::Recording { on, .. } => StateChange::Recording(*on),
        };
        let is_told = matches!(state, RoomState::Recording { .. });
        if is_told {
            self.mark(&request.room, request.now).await;
        }
        match self.store.rooms.set_state(&request.room, &actor.user.id, change).await? {
            StateOutcome::Set { roster, gateways } => {
                if let RoomState::Recording { on, body } = state {
                    let (by, socket) = (actor.user.clone(), actor.socket.clone());
                    let event = Event::RecordingSwitched { on, by, socket, body };
                    let place = Place::Roster(roster);
                    let what = RoomEvent { except: Except::Nobody, at: request.now, place, event };
                    self.tell_room(&gateways, &request.room, what).await;
                }
                Ok(())
            }
            StateOutcome::NotMember => Err(Code::NotInRoom.into()),
        }
    }
}
