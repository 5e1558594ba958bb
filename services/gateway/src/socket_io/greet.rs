//! What a client attends and hears when the cluster knows it.

use heliograph_domain::room::RoomId;
use heliograph_vocabulary::{Dialect, Greeting};

use super::{SocketIo, emit};
use crate::{
    application::Socket,
    clients::{Arrival, Client, Recipient, Speech},
    fanout::Forms,
};

/// Whether clients of a dialect attend a room of their user without asking for it.
pub(super) fn attends_by_itself(dialect: Dialect, _room: &RoomId) -> bool {
    match dialect {
        Dialect::Synapse => true,
    }
}

impl SocketIo {
    /// Joins the rooms that the client attends without asking for them.
    pub(super) async fn attend_rooms(&self, arrival: &Arrival, client: &Client, recipient: &Recipient) {
        let Speech::SocketIo(dialect) = client.speech() else { return };
        arrival.attend_rooms(recipient, |room| attends_by_itself(dialect, room)).await;
    }

    /// Tells an authenticated client who it is and what it attends; from now on it hears everything.
    pub(super) fn welcome(&self, socket: &Socket, client: &Client, arrival: Arrival, recipient: &Recipient) {
        self.greet(socket, client);
        for delivery in arrival.register(recipient) {
            Forms::new(&delivery).send(recipient, None);
        }
    }

    /// Tells a client who it is.
    pub(super) fn greet(&self, socket: &Socket, client: &Client) {
        let (Some(identity), Speech::SocketIo(dialect)) = (client.identity(), client.speech()) else { return };
        let rooms: Vec<_> = client.attendances().iter().map(|attendance| attendance.room.clone()).collect();
        let greeting = Greeting { user: &identity.user, socket: &client.id, rooms: &rooms };
        for (name, payload) in dialect.greeting(&greeting) {
            emit(socket, name, &payload);
        }
    }
}
