//! What a client attends and hears when the cluster knows it.

use std::sync::Arc;

use heliograph_domain::{
    command::RoomCommand,
    room::{RoomId, RoomKind},
};
use heliograph_vocabulary::{Dialect, Greeting};
use tracing::debug;

use super::{SocketIo, emit};
use crate::{
    application::Socket,
    clients::{Arrival, Client, Recipient, Speech},
    fanout::Forms,
};

/// Whether clients of a dialect attend a room of their user without asking for it.
pub(super) fn attends_by_itself(dialect: Dialect, room: &RoomId) -> bool {
    match dialect {
        Dialect::Synapse => true,
        Dialect::GuestChat => room.kind() == RoomKind::Match,
        Dialect::DirectChat | Dialect::CollaborationQueue | Dialect::CollaborationMatching => false,
    }
}

impl SocketIo {
    /// Joins the rooms that the client attends without asking for them.
    pub(super) async fn attend_rooms(&self, arrival: &Arrival, client: &Client, recipient: &Recipient) {
        match client.speech() {
            Speech::SocketIo(Dialect::Synapse) => arrival.attend_rooms(recipient).await,
            // Guests follow when they have been greeted.
            Speech::SocketIo(_) | Speech::Mesh => {}
        }
    }

    /// Tells an authenticated client who it is and what it attends; from now on it hears everything.
    pub(super) fn welcome(&self, socket: &Socket, client: &Client, arrival: Arrival, recipient: &Recipient) {
        self.greet(socket, client);
        self.rejoin_pair(client, &arrival, recipient);
        for delivery in arrival.register(recipient) {
            Forms::new(&delivery).send(recipient, None);
        }
    }

    /// Asks of matching what concerns a client that has just connected, and tells it.
    pub(super) async fn catch_up(&self, socket: &Socket, client: &Arc<Client>) {
        let Speech::SocketIo(dialect) = client.speech() else { return };
        let Some(question) = dialect.first_question() else { return };
        match self.clients.ask(client, &RoomId::matching(), RoomCommand::Matching(question)).await {
            Ok(outcome) => {
                for (name, payload) in dialect.first_answer(&outcome) {
                    emit(socket, name, &payload);
                }
            }
            // The client may ask itself, and hears of what changes.
            Err(refusal) => debug!(socket = client.id.as_str(), %refusal, "matching was not asked"),
        }
    }

    /// Tells a client who it is.
    pub(super) fn greet(&self, socket: &Socket, client: &Client) {
        let (Some(identity), Speech::SocketIo(dialect)) = (client.identity(), client.speech()) else { return };
        let rooms: Vec<_> = client.attendances().iter().map(|attendance| attendance.room.clone()).collect();
        let session = identity.session.as_deref();
        let greeting = Greeting { user: &identity.user, socket: &client.id, rooms: &rooms, session };
        // A guest waits for the greeting before it says anything by which it could be recognized.
        let guest = client.is_provisional().then(|| Dialect::GuestChat.greeting(&greeting));
        for (name, payload) in dialect.greeting(&greeting).into_iter().chain(guest.into_iter().flatten()) {
            emit(socket, name, &payload);
        }
    }

    /// A guest who comes back while the pair lasts is taken into its room again.
    fn rejoin_pair(&self, client: &Client, arrival: &Arrival, recipient: &Recipient) {
        if client.speech() != Speech::SocketIo(Dialect::GuestChat) {
            return;
        }
        if let Some(room) = arrival.rooms.iter().find(|room| room.kind() == RoomKind::Match) {
            let (clients, recipient, room) = (Arc::clone(&self.clients), recipient.clone(), room.clone());
            tokio::spawn(async move { clients.join_pair(&recipient, &room).await });
        }
    }
}
