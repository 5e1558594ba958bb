//! Coming into the room of a call.

use heliograph_domain::{
    command::Join,
    outcome::{Joined, RoomOutcome},
    refusal::{Code, Refusal},
    room::Peer,
};

use super::{initiate::call_id, step::Loaded};
use crate::{
    failure::Outcome,
    router::{Request, Router},
};

impl Router {
    /// Makes a socket hear the room of a call that concerns its user. For a peer that is accepting the
    /// call; peers are those who are in the call, whatever they speak.
    pub(crate) async fn join_call(&self, request: &Request, join: Join) -> Outcome<RoomOutcome> {
        let (id, actor, now) = (call_id(request)?, request.actor()?, request.now);
        let (call, held) = match join.peer {
            Some(media) => {
                let grace = self.options.call_grace;
                let enter = self.change_call(&id, &request.timers, now, |call| {
                    call.enter(actor, media, request.id, now)?;
                    let held = call.hand_over(&actor.user.id, grace, now);
                    Ok((call.clone(), held))
                });
                enter.await?
            }
            None => {
                let Loaded { call, .. } = self.load_call(&id).await?.ok_or(Refusal::new(Code::NotFound))?;
                if !call.is_live() {
                    return Err(Code::NotFound.into());
                }
                (call, Vec::new())
            }
        };
        if !call.current().any(|user| *user == actor.user.id) {
            return Err(Code::NotAllowed.into());
        }
        // The call, not the room, knows who can be signalled: the room's own peers would be a second
        // and narrower list.
        let joined = self.attend(request, actor, &join, None, Vec::new()).await?;
        let peers: Vec<Peer> = call.peers().filter(|peer| peer.socket != actor.socket).collect();
        for signal in held {
            self.tell_socket(&actor.gateway, &request.room, &actor.socket, now, signal.into_event()).await;
        }
        Ok(RoomOutcome::Joined(Box::new(Joined { peers, host: None, ..joined })))
    }
}
