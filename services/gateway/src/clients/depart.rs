//! The end of a client: nothing of it stays here, and presence is told how it went.
//!
//! Presence is told until it answers: while this gateway lives nobody else would end the socket.

use std::{sync::Arc, time::Duration};

use heliograph_domain::{
    command::{DisconnectCause, PresenceCommand, PresenceRequest, SessionSecret},
    id::{CommandId, NodeId, SocketId},
    outcome::PresenceOutcome,
};
use heliograph_telemetry::metrics::{self, count};
use tokio::{
    sync::Semaphore,
    time::{self, Instant},
};
use tokio_util::task::TaskTracker;

use super::{Client, Clients, Recipient, Speech};

/// How long to wait before presence is told again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

impl Clients {
    /// A socket is gone. What cannot be done now is logged and does not keep the rest from being done.
    pub(crate) fn gone(self: &Arc<Self>, recipient: &Recipient, client: &Arc<Client>, cause: DisconnectCause) {
        let identity = client.identity();
        let user = identity.as_ref().map(|identity| &identity.user.id);
        let current = self.registry.remove(&client.id, user, recipient);
        if identity.is_some() {
            let sockets = self.metrics.sockets.get_or_create(&metrics::Case { case: client.vocabulary().name() });
            sockets.dec();
            self.metrics.session_seconds.observe(client.connected.elapsed().as_secs_f64());
            let (socket, vocabulary, left) = (client.id.as_str(), client.vocabulary().name(), sockets.get());
            tracing::debug!(socket, vocabulary, ?cause, left, "a client is gone");
        }
        if current && identity.is_some() {
            self.depart(client, cause);
        } else {
            // A successor has the session, and the rooms with it.
            self.forget(client);
        }
    }

    /// A client that never had an identity makes way for the one of a recovered session.
    pub(crate) fn discard(&self, recipient: &Recipient, client: &Client) {
        self.registry.remove(&client.id, None, recipient);
        self.forget(client);
    }

    /// Takes everything of a client out of the indexes.
    pub(super) fn forget(&self, client: &Client) {
        let (rooms, timer, typing) = client.with(|state| {
            state.gone = true;
            (std::mem::take(&mut state.rooms), state.timer.take(), std::mem::take(&mut state.typing))
        });
        for attendance in rooms {
            self.fan_out.leave(&attendance, &client.id);
        }
        for key in timer.into_iter().chain(typing.into_iter().map(|(_, key)| key)) {
            self.timers.cancel(key);
        }
    }

    /// Tells presence of a socket's end.
    pub(super) fn depart(self: &Arc<Self>, client: &Arc<Client>, cause: DisconnectCause) {
        if client.identity().is_none() {
            return self.forget(client);
        }
        // Socket.IO clients say themselves what they have; for the others this gateway knows it best.
        let positions = match client.speech() {
            Speech::Mesh => client.positions(),
            Speech::SocketIo(_) => Vec::new(),
        };
        let (clients, client) = (Arc::clone(self), Arc::clone(client));
        let typing = client.with(|state| !state.typing.is_empty());
        let lost_at = Instant::now();
        self.departures.tasks.spawn(async move {
            if typing {
                clients.end_all_typing(&client).await;
            }
            clients.forget(&client);
            // Where its session is by then is where it has to end.
            client.settled().await;
            let Some(actor) = client.actor() else { return };
            let (socket, user, gateway) = (actor.socket, actor.user.id, actor.gateway);
            clients
                .report(|| PresenceCommand::Disconnect {
                    socket: socket.clone(),
                    user: user.clone(),
                    gateway: gateway.clone(),
                    cause,
                    age: lost_at.elapsed(),
                    positions: positions.clone(),
                })
                .await;
        });
    }

    /// A session may have been handed to this gateway, and nobody waits for it any more: then it is lost.
    pub(super) fn abandon(self: &Arc<Self>, socket: SocketId, secret: SessionSecret, node: NodeId) {
        let (clients, lost_at) = (Arc::clone(self), Instant::now());
        self.departures.tasks.spawn(async move {
            let (gateway, holder) = (node.clone(), Some(node.clone()));
            let again = PresenceCommand::Resume { socket: socket.clone(), secret, user: None, gateway, holder };
            let Some(PresenceOutcome::Resumed { session, .. }) = clients.report(|| again.clone()).await else { return };
            let user = session.actor.user.id;
            clients
                .report(|| PresenceCommand::Disconnect {
                    socket: socket.clone(),
                    user: user.clone(),
                    gateway: node.clone(),
                    cause: DisconnectCause::Lost,
                    age: lost_at.elapsed(),
                    positions: Vec::new(),
                })
                .await;
        });
    }

    /// Tells presence something until it answers. `None` if it refused, or if too much waits for its answer.
    async fn report(&self, command: impl Fn() -> PresenceCommand) -> Option<PresenceOutcome> {
        let mut waiting = None;
        loop {
            let request = PresenceRequest { id: CommandId::generate(), command: command() };
            match self.commands.presence(&request).await {
                Ok(outcome) => return Some(outcome),
                Err(refusal) if !refusal.retryable() => {
                    tracing::warn!(%refusal, "presence did not take what a socket's end leads to");
                    return None;
                }
                Err(_) => {}
            }
            if waiting.is_none() {
                let Ok(place) = self.departures.unanswered.try_acquire() else {
                    count(&self.metrics.limits, "departures");
                    self.tenure.doubt();
                    return None;
                };
                waiting = Some(place);
            }
            time::sleep(AGAIN).await;
        }
    }
}

/// Sockets of whose end presence has yet to be told.
pub(crate) struct Departures {
    tasks: TaskTracker,
    /// Places for those whom presence has not answered.
    unanswered: Semaphore,
}

impl Departures {
    /// Beyond `limit` of them that presence has not answered, the gateway goes on under another id, and what is
    /// known of the old one ends.
    pub(crate) fn new(limit: usize) -> Self {
        Self { tasks: TaskTracker::new(), unanswered: Semaphore::new(limit) }
    }

    /// Waits until presence has been told of all.
    pub(crate) async fn told(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
