//! A client that has not said what it speaks shows it by its first event.

use std::sync::Arc;

use heliograph_telemetry::metrics::Case;
use heliograph_vocabulary::Dialect;

use super::{SocketIo, client};
use crate::{
    application::Socket,
    clients::{Client, Speech},
};

impl SocketIo {
    /// Notes what a client speaks if the name of its event tells it. Gives it if that is something else than the client
    /// was taken for.
    pub(super) fn recognize(&self, client: &Client, event: &str) -> Option<Dialect> {
        let dialect = Dialect::by_event(event)?;
        client.speaks(dialect);
        (client.speech() != Speech::PROVISIONAL).then_some(dialect)
    }

    /// A client turns out to speak something else than it was taken for. What it attends on that account ends, which
    /// nobody hears of, and it is greeted anew.
    pub(super) async fn change(&self, socket: &Arc<Socket>, dialect: Dialect) {
        let Some(client) = client(socket) else { return };
        if client.identity().is_none() {
            return;
        }
        let sockets = |speech: Speech| {
            self.clients.metrics.sockets.get_or_create(&Case { case: speech.vocabulary().name() }).clone()
        };
        sockets(Speech::PROVISIONAL).dec();
        sockets(Speech::SocketIo(dialect)).inc();
        for attendance in client.attendances() {
            if !super::greet::attends_by_itself(dialect, &attendance.room)
                && let Err(refusal) = self.clients.leave(client, &attendance.room, false).await
            {
                tracing::debug!(room = attendance.room.as_str(), %refusal, "a room was not left");
            }
        }
        if let Err(refusal) = self.clients.announce_speech(client).await {
            // What others send it would come in the wrong words. It comes back and says it again.
            tracing::debug!(socket = client.id.as_str(), %refusal, "what a client speaks could not be told");
            return socket.connection().close();
        }
        self.greet(socket, client);
    }
}
