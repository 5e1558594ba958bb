//! What happens when timers of clients fire.

use std::sync::Arc;

use heliograph_domain::{
    id::SocketId,
    refusal::{Code, Refusal},
};
use heliograph_vocabulary::mesh;
use tokio::sync::mpsc;

use super::{Alarm, Client, Clients, Recipient, Speech};
use crate::{
    close_codes::{OVERDUE, UNAUTHENTICATED},
    frame::Frame,
    outlet::Class,
    socket_io::emit,
};

impl Clients {
    /// Handles the timers of clients as they fire.
    pub(crate) async fn run_alarms(self: Arc<Self>, mut alarms: mpsc::Receiver<(SocketId, Alarm)>) {
        while let Some((socket, alarm)) = alarms.recv().await {
            let Some(recipient) = self.registry.socket(&socket, None) else { continue };
            let Some(client) = recipient.client() else { continue };
            match alarm {
                Alarm::TypingEnded(room) => {
                    let (clients, client) = (Arc::clone(&self), Arc::clone(client));
                    tokio::spawn(async move { clients.end_typing(&client, &room).await });
                }
                Alarm::TokenExpired => {
                    self.metrics.expired.inc();
                    expire(&recipient, client);
                }
                Alarm::AuthenticationOverdue => recipient.dismiss(OVERDUE, "no identity in time"),
            }
        }
    }
}

/// Tells a client that its token has ended. The transport closes and not the session, so that a stock client
/// reconnects by itself, is refused for its old token, and renews it.
fn expire(recipient: &Recipient, client: &Client) {
    let refusal = Refusal::new(Code::TokenExpired);
    match recipient {
        Recipient::SocketIo(socket) => {
            if let Speech::SocketIo(dialect) = client.speech() {
                let (name, payload) = dialect.identity_lost(&refusal);
                emit(socket, name, &payload);
            }
            socket.connection().close();
        }
        Recipient::Plain(socket, _) => {
            socket.send(&Frame::text(&mesh::error(None, None, &refusal)), Class::Message);
            socket.close(UNAUTHENTICATED, &refusal.message);
        }
    }
}
