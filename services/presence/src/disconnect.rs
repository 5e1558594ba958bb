//! Sockets go.
//!
//! - Goodbye: rooms at once, presence after a second, calls after five.
//! - Lost: nothing for five seconds; then all of it at once, unless the client has come back. The
//!   session can be recovered for longer, and the socket attends its rooms again then.
//!
//! Before anything is done, a deadline is set which does what is left to do, should this process fail.
//! Every step may be done twice.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use heliograph_cluster::{serve::Timers, store::StoreError};
use heliograph_domain::{
    command::{DisconnectCause, Session},
    id::{NodeId, SocketId, UserId},
    outcome::PresenceOutcome,
    room::{Position, RoomId, RoomKind},
    time::Timestamp,
    user::{Actor, User},
};

use crate::{
    connect::{Answer, socket_of},
    deadline::Due,
    people::{Failure, People},
};

/// A socket that is gone, as the gateway tells it.
pub(crate) struct Departure {
    pub(crate) socket: SocketId,
    pub(crate) user: UserId,
    pub(crate) gateway: NodeId,
    pub(crate) cause: DisconnectCause,
    pub(crate) age: Duration,
    pub(crate) positions: Vec<(RoomId, Position)>,
}

impl People {
    /// A socket is gone. One that has moved to another gateway stays.
    pub(crate) async fn disconnect(self: Arc<Self>, gone: Departure, timers: Timers) -> Result<Answer, Failure> {
        let now = self.clock.now();
        let Departure { socket, user, gateway, cause, age, positions } = gone;
        let lost_at = now - age;
        let window = self.options.recovery_window;
        if !self.store.sessions.lose(&socket, &gateway, &positions, lost_at, window).await? {
            match self.store.sessions.load(&socket).await? {
                None => {
                    self.store.presence.disconnect(&user, &socket, now).await?;
                }
                Some((session, _)) => self.follow_move(&session.actor, &gateway, now).await?,
            }
            return Ok((PresenceOutcome::Done, None));
        }
        let (due, grace) = match cause {
            DisconnectCause::Lost => {
                (Due::Lost { user: user.clone(), socket: socket.clone() }, self.options.loss_grace)
            }
            DisconnectCause::Explicit => {
                (Due::Gone { user: user.clone(), socket: socket.clone() }, self.options.call_grace)
            }
        };
        timers.set(user.as_str(), due.key(), lost_at + grace).await?;
        let goodbye = (cause == DisconnectCause::Explicit).then(|| {
            async move {
                // What fails here is tried again when the deadline is due.
                self.say_goodbye(&user, &socket, &timers).await;
            }
            .boxed()
        });
        Ok((PresenceOutcome::Done, goodbye))
    }

    /// The session of a socket has moved away from a gateway. If presence was not told of that, because who
    /// moved it failed in between, it is told now; or nobody would ever end the socket.
    async fn follow_move(&self, actor: &Actor, left: &NodeId, now: Timestamp) -> Result<(), StoreError> {
        let sockets = self.store.presence.sockets(&actor.user.id).await?;
        if sockets.iter().any(|known| known.socket == actor.socket && known.gateway == *left) {
            // Nothing is added: the socket may be gone by now.
            self.store.presence.connect(&actor.user, socket_of(actor), 0, now).await?;
        }
        Ok(())
    }

    /// Does what a goodbye leads to at once. A session that attends a call waits for the grace of
    /// calls.
    async fn say_goodbye(&self, user: &UserId, socket: &SocketId, timers: &Timers) {
        let session = match self.lost_session(socket).await {
            Ok(Some((session, _))) => session,
            Ok(None) => return,
            Err(error) => {
                self.noted(Err::<(), _>(error), "goodbye");
                return;
            }
        };
        let rooms = session.rooms.into_iter().map(|known| known.room);
        let (calls, rooms): (Vec<_>, Vec<_>) = rooms.partition(|room| room.kind() == RoomKind::Call);
        let detached = self.detach(user, socket, DisconnectCause::Explicit, rooms).await;
        let forgotten = self.forget(&session.actor.user, socket, timers).await;
        if self.noted(forgotten, "goodbye") && detached && calls.is_empty() {
            self.noted(self.store.sessions.close(socket, None).await, "goodbye");
        }
    }

    /// The graces after a goodbye are over. Gives whether all that follows is done.
    pub(crate) async fn finish_goodbye(&self, user: &UserId, socket: &SocketId) -> bool {
        match self.lost_session(socket).await {
            Ok(Some((session, _))) => {
                self.end(session, user, socket, DisconnectCause::Explicit).await
                    && self.noted(self.store.sessions.close(socket, None).await, "goodbye")
            }
            Ok(None) => true,
            Err(error) => self.noted(Err::<(), _>(error), "goodbye"),
        }
    }

    /// The socket no longer counts. If it was the user's last, others are told after the graces.
    async fn forget(&self, user: &User, socket: &SocketId, timers: &Timers) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.store.presence.disconnect(&user.id, socket, now).await? > 0 {
            // It may have been the one that they looked at.
            return self.show_status(user).await;
        }
        let owner = user.id.as_str();
        timers.set(owner, Due::Offline(user.clone()).key(), now + self.options.presence_grace).await?;
        timers.set(owner, Due::Calls(user.id.clone()).key(), now + self.options.call_grace).await
    }

    /// The grace after the loss of a transport is over. Gives whether all that follows is done.
    pub(crate) async fn give_up(&self, user: &UserId, socket: &SocketId, timers: &Timers) -> bool {
        let (session, lost_at) = match self.lost_session(socket).await {
            Ok(Some(lost)) => lost,
            Ok(None) => return true,
            Err(error) => return self.noted(Err::<(), _>(error), "lost"),
        };
        let now = self.clock.now();
        let due = lost_at + self.options.loss_grace;
        if now < due {
            // It had come back, and was lost again.
            let key = Due::Lost { user: user.clone(), socket: socket.clone() }.key();
            return self.noted(timers.set(user.as_str(), key, due).await, "lost");
        }
        self.metrics.expired_graces.inc();
        self.end(session, user, socket, DisconnectCause::Lost).await
    }

    /// Everything that follows when a socket is gone and no grace is left. Gives whether it is done.
    async fn end(&self, session: Session, user: &UserId, socket: &SocketId, cause: DisconnectCause) -> bool {
        // Before a guest's memberships end with their attendances.
        let audience = self.audience(user).await;
        let rooms = session.rooms.into_iter().map(|known| known.room).collect();
        let detached = self.detach(user, socket, cause, rooms).await;
        let left = match self.store.presence.disconnect(user, socket, self.clock.now()).await {
            Ok(left) => left,
            Err(error) => return self.noted(Err::<(), _>(error), "disconnect"),
        };
        if left > 0 {
            let shown = self.show_status(&session.actor.user).await;
            return self.noted(shown, "announce") && detached;
        }
        let announced = match audience {
            Ok(audience) => self.announce_gone(&session.actor.user, audience).await,
            Err(error) => Err(error),
        };
        let announced = self.noted(announced, "announce");
        let departed = self.depart_calls(user).await;
        detached && announced && departed
    }

    /// The grace of presence is over: a user without sockets is offline.
    pub(crate) async fn announce_absence(&self, user: &User) -> bool {
        let announced = match self.audience(&user.id).await {
            Ok(audience) => self.announce_gone(user, audience).await,
            Err(error) => Err(error),
        };
        self.noted(announced, "announce")
    }

    /// The grace of calls is over: a user without sockets leaves them.
    pub(crate) async fn leave_calls(&self, user: &UserId) -> bool {
        match self.store.presence.sockets(user).await {
            Ok(sockets) if sockets.is_empty() => self.depart_calls(user).await,
            Ok(_) => true,
            Err(error) => self.noted(Err::<(), _>(error), "depart"),
        }
    }

    /// The session of a socket, and when it was lost; `None` if it has come back or is over.
    async fn lost_session(&self, socket: &SocketId) -> Result<Option<(Session, Timestamp)>, StoreError> {
        let session = self.store.sessions.load(socket).await?;
        Ok(session.and_then(|(session, lost_at)| Some((session, lost_at?))))
    }
}
