//! Call signaling between the peers of a room.

use heliograph_cluster::store::Attendant;
use heliograph_domain::{
    command::{Signal, SignalKind, SignalTarget},
    event::Event,
    id::UserId,
    refusal::{Code, Refusal},
    user::{Actor, Vocabulary},
};

use super::no_such_peer;
use crate::{
    failure::Outcome,
    router::{Request, Router},
};

impl Router {
    /// Passes a signal to one peer.
    pub(crate) async fn signal(&self, request: &Request, signal: Signal) -> Outcome<()> {
        let actor = request.actor()?;
        let addressee = match &signal.to {
            SignalTarget::Socket(peer) => {
                let (user, socket) = (Some(&actor.user.id), Some(&actor.socket));
                let view = self.store.rooms.view(&request.room, user, socket, Some(peer)).await?;
                if view.attendant.is_none() {
                    return Err(Code::NotInRoom.into());
                }
                view.addressee.filter(|addressee| addressee.peer.is_some()).ok_or_else(no_such_peer)?
            }
            SignalTarget::User(user) => self.latest_peer(request, actor, user).await?,
        };
        express(signal.kind, actor.vocabulary, addressee.vocabulary)?;
        let event = Event::SignalRelayed {
            from: actor.user.clone(),
            socket: actor.socket.clone(),
            kind: signal.kind,
            vocabulary: actor.vocabulary,
            body: signal.body,
        };
        self.tell_socket(&addressee.gateway, &request.room, &addressee.socket, request.now, event).await;
        Ok(())
    }

    /// The peer of a user that came last.
    async fn latest_peer(&self, request: &Request, actor: &Actor, user: &UserId) -> Outcome<Attendant> {
        let sockets = self.store.presence.sockets(user).await?;
        for candidate in sockets.iter().rev() {
            let (from, socket) = (Some(&actor.user.id), Some(&actor.socket));
            let view = self.store.rooms.view(&request.room, from, socket, Some(&candidate.socket)).await?;
            if view.attendant.is_none() {
                return Err(Code::NotInRoom.into());
            }
            if let Some(peer) = view.addressee.filter(|addressee| addressee.peer.is_some()) {
                return Ok(peer);
            }
        }
        Err(Code::UserNotConnected.into())
    }
}

/// Refuses what the addressee's vocabulary cannot say: other signals than descriptions and candidates
/// mean something within their own vocabulary only (docs/protocol.md, signals).
pub(crate) fn express(kind: SignalKind, from: Vocabulary, to: Vocabulary) -> Result<(), Refusal> {
    if kind == SignalKind::Other && from != to {
        return Err(Refusal::invalid("signal", "cannot be expressed for the addressee"));
    }
    Ok(())
}
