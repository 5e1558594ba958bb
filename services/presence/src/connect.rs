//! Sockets come, or come back.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use heliograph_cluster::store::{ResumeOutcome, UserSocket};
use heliograph_domain::{
    command::{Session, SessionSecret},
    delivery::Outbound,
    id::{NodeId, SocketId, UserId},
    outcome::PresenceOutcome,
    refusal::{Code, Refusal},
    user::{Actor, User},
};

use crate::people::{Failure, People};

/// What a command answers, and what follows.
pub(crate) type Answer = (PresenceOutcome, Option<BoxFuture<'static, ()>>);

/// A socket that is to have its session back, as its gateway tells it.
pub(crate) struct Return {
    pub(crate) socket: SocketId,
    pub(crate) secret: SessionSecret,
    pub(crate) user: Option<UserId>,
    pub(crate) gateway: NodeId,
    pub(crate) holder: Option<NodeId>,
}

impl People {
    /// A socket was authenticated: it counts from now on, and can be recovered.
    pub(crate) async fn connect(self: Arc<Self>, actor: Actor, secret: SessionSecret) -> Result<Answer, Failure> {
        let now = self.clock.now();
        let user = &actor.user;
        let (presence, sessions) = (&self.store.presence, &self.store.sessions);
        if !presence.connect(user, socket_of(&actor), self.options.sockets, now).await? {
            return Err(too_many_connections().into());
        }
        if let Err(error) = sessions.open(Session { actor: actor.clone(), secret, rooms: Vec::new() }).await {
            // Nobody would end what has no session.
            self.noted(presence.disconnect(&user.id, &actor.socket, now).await, "connect");
            return Err(error.into());
        }
        self.announce_arrival(user).await;
        let rooms = self.store.presence.rooms(&user.id, self.options.rooms).await?;
        let greeting = self.greeting(actor);
        Ok((PresenceOutcome::Connected { rooms }, Some(greeting)))
    }

    /// A client came back for its session. The gateway that held it drops it without a word.
    ///
    /// Done twice by the same gateway it is done once: whoever has lost the answer asks again.
    pub(crate) async fn resume(self: Arc<Self>, back: Return) -> Result<Answer, Failure> {
        let Return { socket, secret, user, gateway, holder } = back;
        let now = self.clock.now();
        if let Some(holder) = &holder {
            let session = self.store.sessions.load(&socket).await?;
            let held_by = session.map(|(session, _)| session.actor.gateway);
            if !held_by.is_some_and(|held_by| held_by == *holder || held_by == gateway) {
                return Ok((PresenceOutcome::NotResumed, None));
            }
        }
        let outcome = self.store.sessions.resume(&socket, secret, user.as_ref(), &gateway, now).await?;
        let ResumeOutcome::Resumed { session, previous } = outcome else {
            return Ok((PresenceOutcome::NotResumed, None));
        };
        let actor = session.actor.clone();
        let known = self.store.presence.connect(&actor.user, socket_of(&actor), self.options.sockets, now).await;
        if !matches!(known, Ok(true)) {
            // As it was: the client may try again, and the window goes on.
            let window = self.options.recovery_window;
            let lost = self.store.sessions.lose(&socket, &gateway, &[], now, window).await;
            self.noted(lost, "resume");
            known?;
            return Err(too_many_connections().into());
        }
        // A holder that goes on under another id has the socket still.
        if previous != gateway && holder.is_none() {
            self.outward.send(std::slice::from_ref(&previous), &Outbound::Evict { socket }).await;
        }
        self.announce_arrival(&actor.user).await;
        let greeting = self.greeting(actor);
        Ok((PresenceOutcome::Resumed { session, previous }, Some(greeting)))
    }

    /// Tells others that a user is here, or looks at a device again.
    async fn announce_arrival(&self, user: &User) {
        let announced = self.announce_online(user).await;
        self.noted(announced, "announce");
        let shown = self.show_status(user).await;
        self.noted(shown, "announce");
    }

    fn greeting(self: Arc<Self>, actor: Actor) -> BoxFuture<'static, ()> {
        async move { self.greet(&actor.user.id, &actor.socket, &actor.gateway).await }.boxed()
    }
}

pub(crate) fn socket_of(actor: &Actor) -> UserSocket {
    UserSocket { socket: actor.socket.clone(), gateway: actor.gateway.clone(), vocabulary: actor.vocabulary }
}

fn too_many_connections() -> Refusal {
    Refusal::with_message(Code::RateLimited, "Too many connections")
}
