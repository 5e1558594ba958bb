//! The synapse vocabulary's server: Socket.IO on the default namespace.
//!
//! - `connect`: the CONNECT packet, and what comes right after it;
//! - `authenticate`: the event by which a client names itself later, or renews its token;
//! - `event`: everything else.

mod authenticate;
mod connect;
mod event;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heliograph_domain::{command::DisconnectCause, refusal::Refusal};
use heliograph_vocabulary::{SizeLimits, synapse};

use crate::{
    application::{
        Accepted, AckId, Application, Class, ClientEvent, ConnectRequest, DisconnectReason, Frame, Namespace, Refused,
        Socket,
    },
    clients::{Bound, Client, Clients, Held, Recipient, to_the_end},
    identity::TokenSources,
};

/// The cluster as the application behind the Socket.IO server.
#[derive(Clone)]
pub(crate) struct Synapse {
    clients: Arc<Clients>,
    tokens: TokenSources,
    sizes: SizeLimits,
    /// Whether sessions can be recovered.
    recovery: bool,
}

impl Synapse {
    pub(crate) fn new(clients: Arc<Clients>, tokens: TokenSources, recovery: bool) -> Self {
        Self { clients, tokens, sizes: SizeLimits::default(), recovery }
    }

    /// Tells the client that its event was refused: in the acknowledgement, if it waits for one, and as the
    /// vocabulary's `error` event.
    fn refuse(&self, socket: &Socket, event: &str, ack: Option<AckId>, refusal: &Refusal) {
        self.clients.count_refusal(refusal);
        if let Some(ack) = ack {
            socket.ack(ack, &[&synapse::failure_ack(event, refusal)], &[]);
        }
        emit(socket, "error", &synapse::error(Some(event), refusal));
    }
}

impl Application for Synapse {
    fn connect(&self, request: ConnectRequest) -> BoxFuture<'static, Result<Accepted, Refused>> {
        let synapse = self.clone();
        Box::pin(to_the_end(async move { synapse.enter(request).await }))
    }

    fn connected(&self, socket: &Arc<Socket>) -> Held {
        self.entered(socket)
    }

    fn event(&self, socket: &Arc<Socket>, event: ClientEvent) -> Held {
        self.handle(socket, event)
    }

    fn disconnected(&self, socket: &Arc<Socket>, reason: DisconnectReason) {
        let Some(client) = client(socket) else { return };
        let cause = if reason.is_recoverable() { DisconnectCause::Lost } else { DisconnectCause::Explicit };
        self.clients.gone(&Recipient::SocketIo(Arc::clone(socket)), client, cause);
    }
}

fn client(socket: &Socket) -> Option<&Arc<Client>> {
    socket.context::<Bound>().map(|bound| &bound.client)
}

/// Sends an event to this socket alone.
pub(crate) fn emit(socket: &Socket, name: &str, payload: &str) {
    socket.send(&Frame::event(Namespace::MAIN.as_str(), name, &[payload], None, &[]), Class::Message);
}
