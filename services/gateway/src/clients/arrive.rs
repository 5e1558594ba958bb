//! From an identity to a registered socket that attends its user's rooms.

use std::sync::Arc;

use futures_util::future::join_all;
use heliograph_domain::{
    command::{DisconnectCause, Join, PresenceCommand, PresenceRequest},
    delivery::Delivery,
    id::{CommandId, NodeId},
    outcome::PresenceOutcome,
    refusal::{Code, Refusal},
    room::RoomId,
};
use heliograph_telemetry::metrics;
use tokio::time::{self, Instant};

use super::{Alarm, Client, Clients, Recipient, registry::Arrivals};
use crate::identity::Identity;

/// How many rooms are joined at once.
const JOINS: usize = 16;

/// A client that the cluster knows and that is not registered here yet.
pub(crate) struct Arrival {
    clients: Arc<Clients>,
    client: Arc<Client>,
    arrivals: Arc<Arrivals>,
    /// The rooms in which its user is a member.
    pub(crate) rooms: Vec<RoomId>,
    /// Whether presence has noted the socket.
    pub(super) known: bool,
    registered: bool,
    /// How the socket goes if it is never registered.
    pub(super) unregistered: DisconnectCause,
}

impl Clients {
    /// Binds a client to an identity and makes it known to the cluster.
    ///
    /// # Errors
    /// `RATE_LIMITED` if the user has too many sockets, `UNAVAILABLE`.
    pub(crate) async fn announce(
        self: &Arc<Self>,
        client: &Arc<Client>,
        identity: Arc<Identity>,
    ) -> Result<Arrival, Refusal> {
        let known = time::timeout(self.commands.deadline(), self.tenure.known());
        let Ok(node) = known.await else { return Err(Code::Unavailable.into()) };
        let mut arrival = self.expect(client, identity, node);
        let Some(actor) = client.actor() else { return Err(Code::AuthRequired.into()) };
        let command = PresenceCommand::Connect { actor, secret: client.session };
        let request = PresenceRequest { id: CommandId::generate(), command };
        // Without an answer it may be, and then it has to be forgotten again.
        arrival.known = true;
        match self.commands.presence(&request).await {
            Ok(PresenceOutcome::Connected { rooms }) => {
                arrival.rooms = rooms;
                Ok(arrival)
            }
            Ok(_) => Err(Code::Unavailable.into()),
            Err(refusal) => {
                arrival.known = refusal.retryable();
                Err(refusal)
            }
        }
    }

    /// Tells the cluster what a client speaks that it knows already.
    ///
    /// # Errors
    /// `AUTH_REQUIRED` before authentication, `UNAVAILABLE`.
    pub(crate) async fn announce_speech(&self, client: &Client) -> Result<(), Refusal> {
        let actor = self.author(client, Instant::now() + self.commands.deadline()).await?;
        let command = PresenceCommand::Connect { actor, secret: client.session };
        self.commands.presence(&PresenceRequest { id: CommandId::generate(), command }).await.map(drop)
    }

    /// Keeps what comes for the client from now on, until it is registered.
    pub(super) fn expect(self: &Arc<Self>, client: &Arc<Client>, identity: Arc<Identity>, node: NodeId) -> Arrival {
        let arrivals = self.registry.expect(&client.id, &identity.user.id);
        client.with(|state| (state.identity, state.node) = (Some(identity), Some(node)));
        Arrival {
            clients: Arc::clone(self),
            client: Arc::clone(client),
            arrivals,
            rooms: Vec::new(),
            known: false,
            registered: false,
            unregistered: DisconnectCause::Lost,
        }
    }

    /// Sets the timer that fits the client: the end of its token, or of the time to get one.
    pub(crate) fn watch_identity(&self, client: &Client) {
        let expires = client.identity().map(|identity| identity.expires);
        let timer = match expires {
            Some(Some(expires)) => Some((self.clock.now(), expires, Alarm::TokenExpired)),
            Some(None) => None,
            None => {
                let now = self.clock.now();
                Some((now, now + self.authentication_deadline, Alarm::AuthenticationOverdue))
            }
        };
        let key =
            timer.map(|(now, at, alarm)| self.timers.set(Instant::now() + at.since(now), client.id.clone(), alarm));
        let before = client.with(|state| std::mem::replace(&mut state.timer, key));
        if let Some(before) = before {
            self.timers.cancel(before);
        }
    }
}

impl Arrival {
    /// Joins the user's rooms silently.
    pub(crate) async fn attend_rooms(&self, recipient: &Recipient) {
        let rooms = self.rooms.get(..self.clients.limits.rooms_per_socket).unwrap_or(&self.rooms);
        for some in rooms.chunks(JOINS) {
            join_all(some.iter().map(|room| self.attend_room(recipient, room))).await;
        }
    }

    async fn attend_room(&self, recipient: &Recipient, room: &RoomId) {
        // A membership outlives the token that it was made with.
        if !self.client.identity().is_some_and(|identity| identity.may_enter(room)) {
            return;
        }
        // Its first rooms are joined before it is registered, when nobody else looks after it yet.
        self.clients.settle(Arc::clone(&self.client), false).await;
        let silent = Join { since: None, explicit: false, peer: None, takeover: false, contents: false };
        if let Err(refusal) = self.clients.join(recipient, &self.client, room, silent, |_| {}).await {
            tracing::debug!(room = room.as_str(), %refusal, "a member's room was not joined");
        }
    }

    /// The client hears what is addressed to its user from now on. Gives what came for it meanwhile.
    pub(crate) fn register(mut self, recipient: &Recipient) -> Vec<Delivery> {
        self.registered = true;
        self.clients.watch_identity(&self.client);
        let vocabulary = self.client.vocabulary().name();
        self.clients.metrics.sockets.get_or_create(&metrics::Case { case: vocabulary }).inc();
        let kept = self.clients.registry.bind(&self.arrivals, recipient);
        // From here on it is looked after with all others; the id may have changed before.
        let (clients, client) = (Arc::clone(&self.clients), Arc::clone(&self.client));
        if !client.actor().is_some_and(|actor| clients.tenure.is(&actor.gateway)) {
            tokio::spawn(async move { clients.settle(client, false).await });
        }
        kept
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if self.registered {
            return;
        }
        self.clients.registry.unexpect(&self.arrivals);
        if self.known {
            // The connection ended before the socket was there: nobody else will say that it is gone.
            self.clients.depart(&self.client, self.unregistered);
        } else {
            self.client.with(|state| (state.identity, state.node) = (None, None));
        }
    }
}
