//! Call signaling between the peers of a room.

use heliograph_cluster::store::{Attendant, StoreError};
use heliograph_domain::{
    command::{Signal, SignalKind, SignalTarget},
    event::Event,
    id::{SocketId, UserId},
    refusal::{Code, Refusal},
    room::RoomId,
    user::{Actor, Vocabulary},
};

use super::no_such_peer;
use crate::{
    failure::Outcome,
    glance::unknown,
    memory::Question,
    router::{Request, Router},
};

impl Router {
    /// Passes a signal to one peer, or to all others.
    pub(crate) async fn signal(&self, request: &Request, signal: Signal) -> Outcome<()> {
        let actor = request.actor()?;
        let addressees = match &signal.to {
            SignalTarget::Socket(peer) => {
                let view = self.glance(&request.room, about(actor, peer)).await?;
                if view.attendant.is_none() {
                    return Err(Code::NotInRoom.into());
                }
                vec![view.addressee.filter(|addressee| addressee.peer.is_some()).ok_or_else(no_such_peer)?]
            }
            SignalTarget::User(user) => vec![self.latest_peer(request, actor, user).await?],
            SignalTarget::Others => self.other_peers(request, actor).await?,
        };
        let expressed = |addressee: &Attendant| express(signal.kind, actor.vocabulary, addressee.vocabulary);
        // Somebody has to understand it.
        if !addressees.iter().any(|addressee| expressed(addressee).is_ok()) {
            addressees.iter().try_for_each(expressed)?;
        }
        let event = Event::SignalRelayed {
            from: actor.user.clone(),
            socket: actor.socket.clone(),
            kind: signal.kind,
            vocabulary: actor.vocabulary,
            body: signal.body,
        };
        for one in addressees.iter().filter(|addressee| expressed(addressee).is_ok()) {
            self.tell_socket(&one.gateway, &request.room, &one.socket, request.now, event.clone()).await;
        }
        Ok(())
    }

    /// All peers of the room but the sender, of whom there is at least one.
    async fn other_peers(&self, request: &Request, actor: &Actor) -> Outcome<Vec<Attendant>> {
        let room = &request.room;
        let question = Question { user: &actor.user.id, socket: Some(&actor.socket), addressee: None };
        if self.glance(room, question).await?.attendant.is_none() {
            return Err(Code::NotInRoom.into());
        }
        let mut peers = match self.unless_away(room, self.store.rooms.peers(room)).await? {
            Some(peers) => peers,
            None => self.memory.peers_of(room, self.clock.now()),
        };
        peers.retain(|peer| peer.socket != actor.socket);
        if peers.is_empty() { Err(Code::UserNotConnected.into()) } else { Ok(peers) }
    }

    /// The peer of a user that came last.
    async fn latest_peer(&self, request: &Request, actor: &Actor, user: &UserId) -> Outcome<Attendant> {
        for candidate in self.sockets_of(&request.room, user).await?.iter().rev() {
            let view = self.glance(&request.room, about(actor, candidate)).await?;
            if view.attendant.is_none() {
                return Err(Code::NotInRoom.into());
            }
            if let Some(peer) = view.addressee.filter(|addressee| addressee.peer.is_some()) {
                return Ok(peer);
            }
        }
        Err(Code::UserNotConnected.into())
    }

    /// The sockets of a user in the order of connecting, or while the store does not answer, the one that
    /// is known to be their peer in the room.
    async fn sockets_of(&self, room: &RoomId, user: &UserId) -> Result<Vec<SocketId>, StoreError> {
        match self.unless_away(room, self.store.presence.sockets(user)).await? {
            Some(sockets) => Ok(sockets.into_iter().map(|known| known.socket).collect()),
            None => Ok(vec![self.memory.peer_of(room, user, self.clock.now()).ok_or_else(unknown)?]),
        }
    }
}

/// Whether a peer is there for this sender.
const fn about<'a>(actor: &'a Actor, peer: &'a SocketId) -> Question<'a> {
    Question { user: &actor.user.id, socket: Some(&actor.socket), addressee: Some(peer) }
}

/// Refuses what the addressee's vocabulary cannot say: other signals than descriptions and candidates
/// mean something within their own vocabulary only (docs/protocol.md, signals).
pub(crate) fn express(kind: SignalKind, from: Vocabulary, to: Vocabulary) -> Result<(), Refusal> {
    if kind == SignalKind::Other && from != to {
        return Err(Refusal::invalid("signal", "cannot be expressed for the addressee"));
    }
    Ok(())
}
