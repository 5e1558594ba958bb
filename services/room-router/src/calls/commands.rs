//! What participants do with a call, and what happens to them.

use heliograph_cluster::serve::Timers;
use heliograph_domain::{
    id::{CallId, NodeId, SocketId, UserId},
    outcome::RoomOutcome,
    refusal::{Code, Refusal},
    room::{MediaChange, RoomId},
    text::{MessageText, RawJson},
    user::Vocabulary,
};

use super::{initiate::call_id, step::Loaded};
use crate::{
    failure::{Failure, Outcome},
    router::{Request, Router},
};

impl Router {
    /// A participant says yes.
    pub(crate) async fn accept_call(&self, request: &Request) -> Outcome<RoomOutcome> {
        let (id, actor, now) = (call_id(request)?, request.actor()?, request.now);
        let accept = self.change_call(&id, &request.timers, now, |call| {
            call.accept(actor, request.id, now)?;
            Ok(call.joined())
        });
        Ok(RoomOutcome::CallAccepted { participants: accept.await? })
    }

    /// A participant says no.
    pub(crate) async fn reject_call(&self, request: &Request, reason: Option<MessageText>) -> Outcome<()> {
        let (id, actor, now) = (call_id(request)?, request.actor()?, request.now);
        let decline =
            self.change_call(&id, &request.timers, now, |call| call.decline(actor, reason.as_ref(), request.id, now));
        decline.await
    }

    /// A participant ends the call.
    pub(crate) async fn end_call(&self, request: &Request, unanswered: bool) -> Outcome<()> {
        let (id, actor, now) = (call_id(request)?, request.actor()?, request.now);
        self.change_call(&id, &request.timers, now, |call| call.end(actor, unanswered, request.id, now)).await
    }

    /// A participant sends or shows something else.
    pub(crate) async fn change_call_media(
        &self,
        request: &Request,
        target: Option<SocketId>,
        change: MediaChange,
        body: Option<RawJson>,
    ) -> Outcome<()> {
        let (id, actor, now) = (call_id(request)?, request.actor()?, request.now);
        let change = self.change_call(&id, &request.timers, now, |call| {
            // Calls have no host: everybody speaks for themselves.
            let theirs = target.as_ref().and_then(|target| call.participant_at(target));
            if target.is_some() && theirs.is_none_or(|one| one.id != actor.user.id) {
                return Err(Code::NotAllowed.into());
            }
            call.change_media(actor, change, body.clone())
        });
        change.await
    }

    /// A participant has no socket any more. One who has come back meanwhile stays.
    pub(crate) async fn depart_call(&self, request: &Request, user: &UserId) -> Outcome<()> {
        let (id, now) = (call_id(request)?, request.now);
        if !self.store.presence.sockets(user).await?.is_empty() {
            return Ok(());
        }
        let depart = self.change_call(&id, &request.timers, now, |call| {
            call.depart(user, now);
            Ok(())
        });
        self.unless_unknown(depart.await, user, &id).await
    }

    /// The peer of a vocabulary without calls has left the call's room.
    pub(crate) async fn peer_left_call(&self, request: &Request, socket: &SocketId) -> Outcome<()> {
        let (id, now) = (call_id(request)?, request.now);
        let Some(Loaded { call, .. }) = self.load_call(&id).await? else { return Ok(()) };
        let is_their_peer = |device: &heliograph_cluster::store::UserSocket| {
            device.socket == *socket && device.vocabulary == Vocabulary::Mesh
        };
        let mut participants = call.participants.iter();
        let Some(one) = participants.find(|one| one.device.as_ref().is_some_and(is_their_peer)) else {
            return Ok(());
        };
        let user = one.id.clone();
        let leave = self.change_call(&id, &request.timers, now, |call| {
            call.depart(&user, now);
            Ok(())
        });
        leave.await
    }

    /// The room of the call is closed.
    pub(crate) async fn close_call(&self, request: &Request, id: &CallId) -> Outcome<()> {
        let close = self.change_call(id, &request.timers, request.now, |call| {
            call.close(request.now);
            Ok(())
        });
        match close.await {
            Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound => Ok(()),
            result => result,
        }
    }

    /// Does what is due for a call.
    pub(crate) async fn tick_call(&self, id: &CallId, timers: &Timers) -> Outcome<()> {
        let now = timers.now();
        let tick = self.change_call(id, timers, now, |call| {
            match call.deadline() {
                Some(_) => call.tick(now),
                // It has fired before, and is still there: what came of it was not told in full.
                None => call.tell_again(),
            }
            Ok(call.clone())
        });
        match tick.await {
            // The deadline that has fired goes; if the call waits for another moment, that one stays.
            Ok(call) => Ok(self.set_deadline(&call, timers).await?),
            Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// A socket of a participant has connected: it rings if the call does, and gets the signals that
    /// waited for it.
    pub(crate) async fn greet_socket(
        &self,
        request: &Request,
        user: &UserId,
        socket: &SocketId,
        gateway: &NodeId,
    ) -> Outcome<()> {
        let (id, now) = (call_id(request)?, request.now);
        let sockets = self.store.presence.sockets(user).await?;
        let speaks_of_calls = |vocabulary| match vocabulary {
            // Guests hear no ringing, but the signals that waited.
            Vocabulary::Synapse | Vocabulary::GuestChat => true,
            // A peer of a vocabulary without calls comes in by joining the room.
            Vocabulary::Mesh | Vocabulary::Collaboration => false,
            Vocabulary::DirectChat => false,
        };
        if !sockets.iter().any(|one| one.socket == *socket && speaks_of_calls(one.vocabulary)) {
            return Ok(());
        }
        let grace = self.options.call_grace;
        let greeting = self.change_call(&id, &request.timers, now, |call| {
            let held = call.hand_over(user, grace, now);
            let concerned = call.current().any(|one| one == user);
            Ok((call.known_to(user).clone(), concerned, call.ringing_for(user), held))
        });
        let (known_as, concerned, ringing, held) = match greeting.await {
            Ok(greeting) => greeting,
            Err(failure) => return self.unless_unknown(Err(failure), user, &id).await,
        };
        if !concerned {
            // Left behind by a router that failed in between.
            return Ok(self.store.presence.remove_call(user, &id).await?);
        }
        let room = RoomId::of_call(&known_as);
        for event in ringing.into_iter().chain(held.into_iter().map(super::held::HeldSignal::into_event)) {
            self.tell_socket(gateway, &room, socket, now, event).await;
        }
        Ok(())
    }

    /// Removes a call from a user's calls that is forgotten.
    async fn unless_unknown(&self, result: Outcome<()>, user: &UserId, call: &CallId) -> Outcome<()> {
        match result {
            Err(Failure::Refused(Refusal { code: Code::NotFound, .. })) => {
                Ok(self.store.presence.remove_call(user, call).await?)
            }
            result => result,
        }
    }
}
