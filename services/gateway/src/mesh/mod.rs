//! The mesh vocabulary's server: one JSON object per text frame of a plain WebSocket.
//!
//! - `entry`: `join`, the only way in;
//! - `message`: everything else.

mod entry;
mod message;

use std::sync::Arc;

use bytes::Bytes;
use heliograph_domain::{
    command::{DisconnectCause, SessionSecret},
    id::SocketId,
    refusal::{Code, Refusal},
    text::Reference,
};
use heliograph_vocabulary::{SizeLimits, mesh};
use heliograph_websocket::CloseCode;
use parking_lot::Mutex;

use crate::{
    application::{Class, Frame, PlainApplication, PlainClosed, PlainSocket},
    clients::{Client, Clients, Held, Recipient, Speech},
    close_codes::{MALFORMED, REPLACED, ROOM_CLOSED, UNAUTHENTICATED},
    http::IceOptions,
    identity::{AuthError, Identity, TokenSources},
};

/// Malformed messages in a row that end the connection.
const MAX_MALFORMED: u8 = 3;

/// The cluster as the application behind `/ws`.
#[derive(Clone)]
pub(crate) struct Mesh {
    clients: Arc<Clients>,
    tokens: TokenSources,
    sizes: SizeLimits,
    ice: Arc<IceOptions>,
    /// Whether clients without a token are guests.
    anonymous: bool,
}

/// What a connection carries.
struct Connection {
    /// Replaced when the client has its session back.
    client: Mutex<Arc<Client>>,
    /// By the token of the handshake.
    identity: Option<Arc<Identity>>,
    malformed: Mutex<u8>,
}

impl Connection {
    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.lock())
    }
}

impl Mesh {
    pub(crate) fn new(clients: Arc<Clients>, tokens: TokenSources, ice: Arc<IceOptions>, anonymous: bool) -> Self {
        Self { clients, tokens, sizes: SizeLimits::default(), ice, anonymous }
    }

    fn refuse(&self, socket: &PlainSocket, id: Option<&Reference>, to: Option<&SocketId>, refusal: &Refusal) {
        self.clients.count_refusal(refusal);
        send(socket, &mesh::error(id, to, refusal));
    }

    /// Ends a connection whose client is nobody.
    fn turn_away(&self, socket: &PlainSocket, id: Option<&Reference>, error: AuthError) {
        self.refuse(socket, id, None, &error.code().into());
        socket.close(UNAUTHENTICATED, &error.to_string());
    }

    fn malformed(&self, socket: &PlainSocket, connection: &Connection, id: Option<&Reference>, refusal: &Refusal) {
        self.refuse(socket, id, None, refusal);
        let mut malformed = connection.malformed.lock();
        *malformed = malformed.saturating_add(1);
        if *malformed >= MAX_MALFORMED {
            socket.close(MALFORMED, "malformed messages");
        }
    }
}

impl PlainApplication for Mesh {
    fn open(&self, socket: &Arc<PlainSocket>) -> Held {
        let identity = match self.tokens.bearer(socket.handshake()) {
            Some(token) => match self.clients.verifier.verify(&token, self.clients.clock.now()) {
                Ok(identity) => Some(Arc::new(identity)),
                Err(error) => {
                    self.turn_away(socket, None, error);
                    return None;
                }
            },
            None => None,
        };
        let client = Arc::new(Client::new(SocketId::random(), Some(Speech::Mesh), Some(SessionSecret::random())));
        socket.set_context(Connection { client: Mutex::new(Arc::clone(&client)), identity, malformed: Mutex::new(0) });
        self.clients.registry.insert(&client.id, &Recipient::Plain(Arc::clone(socket), Arc::clone(&client)));
        self.clients.watch_identity(&client);
        None
    }

    fn text(&self, socket: &Arc<PlainSocket>, text: String) -> Held {
        self.handle(socket, &text)
    }

    fn binary(&self, socket: &Arc<PlainSocket>, _data: Bytes) -> Held {
        let connection = socket.context::<Connection>()?;
        let refusal = Refusal::with_message(Code::InvalidPayload, "Invalid payload: message must be text");
        self.malformed(socket, connection, None, &refusal);
        None
    }

    fn closed(&self, socket: &Arc<PlainSocket>, closed: PlainClosed) {
        let Some(connection) = socket.context::<Connection>() else { return };
        let explicit = match closed {
            PlainClosed::Client(Some(close)) => close.code == CloseCode::NORMAL,
            PlainClosed::Server(code) => [ROOM_CLOSED, REPLACED].contains(&code),
            _ => false,
        };
        let cause = if explicit { DisconnectCause::Explicit } else { DisconnectCause::Lost };
        let client = connection.client();
        self.clients.gone(&Recipient::Plain(Arc::clone(socket), Arc::clone(&client)), &client, cause);
    }
}

fn send(socket: &PlainSocket, text: &str) {
    socket.send(&Frame::text(text), Class::Message);
}
