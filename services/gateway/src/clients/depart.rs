//! The end of a client: nothing of it stays here, and presence is told how it went.

use std::{sync::Arc, time::Duration};

use heliograph_domain::{
    command::{DisconnectCause, PresenceCommand, PresenceRequest},
    id::CommandId,
    user::Vocabulary,
};
use heliograph_telemetry::metrics;

use super::{Client, Clients, Recipient};

impl Clients {
    /// A socket is gone. What cannot be done now is logged and does not keep the rest from being done.
    pub(crate) fn gone(self: &Arc<Self>, recipient: &Recipient, client: &Arc<Client>, cause: DisconnectCause) {
        let identity = client.identity();
        let user = identity.as_ref().map(|identity| &identity.user.id);
        let current = self.registry.remove(&client.id, user, recipient);
        if identity.is_some() {
            let sockets = self.metrics.sockets.get_or_create(&metrics::Case { case: client.vocabulary.name() });
            sockets.dec();
            self.metrics.session_seconds.observe(client.connected.elapsed().as_secs_f64());
            let (socket, vocabulary, left) = (client.id.as_str(), client.vocabulary.name(), sockets.get());
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
        let Some(identity) = client.identity() else { return self.forget(client) };
        // Socket.IO clients say themselves what they have; for the others this gateway knows it best.
        let positions = match client.vocabulary {
            Vocabulary::Mesh => client.positions(),
            Vocabulary::Synapse => Vec::new(),
        };
        let (clients, client) = (Arc::clone(self), Arc::clone(client));
        let typing = client.with(|state| !state.typing.is_empty());
        let tell = async move {
            if typing {
                clients.end_all_typing(&client).await;
            }
            clients.forget(&client);
            let command = PresenceCommand::Disconnect {
                socket: client.id.clone(),
                user: identity.user.id.clone(),
                gateway: clients.node.clone(),
                cause,
                age: Duration::ZERO,
                positions,
            };
            let request = PresenceRequest { id: CommandId::generate(), command };
            if let Err(refusal) = clients.commands.presence(&request).await {
                tracing::warn!(socket = client.id.as_str(), %refusal, "presence could not be told of a disconnect");
            }
        };
        tokio::spawn(tell);
    }
}
