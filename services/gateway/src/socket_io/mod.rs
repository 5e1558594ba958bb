//! The server of Socket.IO clients, whichever dialect they speak.
//!
//! - `connect`: the CONNECT packet, and what comes right after it;
//! - `authenticate`: the event by which a client names itself later, or renews its token;
//! - `event`: everything else; `question`: an event that is being handled, and the way to answer it;
//! - `recognize`: a client that has not said what it speaks shows it by its first event;
//! - `greet`: what clients of each vocabulary hear and attend when they are known.

mod authenticate;
mod connect;
mod event;
mod greet;
mod question;
mod recognize;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heliograph_domain::{command::DisconnectCause, user::Vocabulary};
use heliograph_vocabulary::SizeLimits;

use crate::{
    application::{
        Accepted, Application, Class, ClientEvent, ConnectRequest, DisconnectReason, Frame, Refused, Socket,
    },
    clients::{Bound, Client, Clients, Held, Recipient, to_the_end},
    identity::TokenSources,
};

/// The cluster as the application behind the Socket.IO server.
#[derive(Clone)]
pub(crate) struct SocketIo {
    clients: Arc<Clients>,
    entrance: Entrance,
    sizes: SizeLimits,
}

/// How clients come in.
#[derive(Clone)]
pub(crate) struct Entrance {
    /// Where tokens are looked for.
    pub(crate) tokens: TokenSources,
    /// Whether sessions can be recovered.
    pub(crate) recovery: bool,
    /// What clients of the default namespace speak that do not say it; `None` finds it out by their first event.
    pub(crate) vocabulary: Option<Vocabulary>,
}

impl SocketIo {
    pub(crate) fn new(clients: Arc<Clients>, entrance: Entrance) -> Self {
        Self { clients, entrance, sizes: SizeLimits::default() }
    }
}

impl Application for SocketIo {
    fn connect(&self, request: ConnectRequest) -> BoxFuture<'static, Result<Accepted, Refused>> {
        let server = self.clone();
        Box::pin(to_the_end(async move { server.enter(request).await }))
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
    socket.send(&Frame::event(socket.namespace().as_str(), name, &[payload], None, &[]), Class::Message);
}
