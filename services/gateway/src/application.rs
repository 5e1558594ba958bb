//! The seam between the Socket.IO server and what it serves.
//!
//! The server owns connections, protocols and sockets; an [`Application`] decides who may connect and what
//! events mean. The cluster is one application, the conformance example another. A [`PlainApplication`] is the
//! same for WebSockets without Socket.IO, an [`EngineApplication`] for Engine.IO without Socket.IO.
//!
//! Packets of one connection reach the application one after the other. Where a method gives a future, nothing
//! more is read from that connection until the future is done: that is the back pressure. Such a future must end
//! well within the ping timeout, because heartbeats are not read either, and must not wait for something that the
//! same client has yet to send.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// An event from a client: `name`, `args` (each the JSON text that came), `attachments`, and `ack` if the client
/// waits for [`Socket::ack`].
pub use heliograph_socketio::Event as ClientEvent;
pub use heliograph_socketio::{AckId, Json, Namespace};

pub use crate::connection::{AckError, Acknowledgement, Connection, Socket};
pub use crate::frame::Frame;
pub use crate::handshake::Handshake;
pub use crate::outlet::{Class, CoalesceKey, Outlet, Sent};
pub use crate::plain::{PlainClosed, PlainSocket};

/// What Socket.IO clients talk to.
pub trait Application: Send + Sync + 'static {
    /// A client asks to enter a namespace. Packets behind the CONNECT wait until this is decided.
    ///
    /// # Errors
    /// The [`Refused`] becomes the CONNECT_ERROR packet.
    fn connect(&self, request: ConnectRequest) -> BoxFuture<'static, Result<Accepted, Refused>>;

    /// The CONNECT answer is on its way, and no later packet of the client was looked at. Here a socket is registered
    /// for fan-out and missed events are sent again.
    fn connected(&self, socket: &Arc<Socket>) -> Option<BoxFuture<'static, ()>>;

    /// The client sent an event. It is answered with [`Socket::ack`] if it has an ack id.
    fn event(&self, socket: &Arc<Socket>, event: ClientEvent) -> Option<BoxFuture<'static, ()>>;

    /// The socket left its namespace, or its connection is gone. Called once for each socket that was connected.
    fn disconnected(&self, socket: &Arc<Socket>, reason: DisconnectReason);
}

/// A CONNECT packet, and the connection that it came on.
pub struct ConnectRequest {
    /// The namespace that the client asks for.
    pub namespace: Namespace,
    /// The client's auth payload, a JSON object as it came.
    pub auth: Option<Json>,
    /// The client's claim to a session that it lost, taken from the auth payload.
    pub recovery: Option<RecoveryClaim>,
    /// The request that the connection began with.
    pub handshake: Arc<Handshake>,
    /// The connection, which may hold sockets of other namespaces.
    pub connection: Arc<Connection>,
}

impl std::fmt::Debug for ConnectRequest {
    /// Leaves out the auth payload.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ConnectRequest").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// What a client returns after a loss to have its session restored.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryClaim {
    /// The session's secret, given by an earlier CONNECT answer.
    pub pid: String,
    /// The offset of the last event that the client has seen; `None` if it has seen none.
    pub offset: Option<String>,
}

impl std::fmt::Debug for RecoveryClaim {
    /// Leaves out the secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RecoveryClaim").field("offset", &self.offset).finish_non_exhaustive()
    }
}

/// The client may enter the namespace.
pub struct Accepted {
    /// The id of a restored session; `None` draws a new, unguessable one.
    pub sid: Option<String>,
    /// The session's secret for recovery, if recovery is on: sent in the CONNECT answer.
    pub pid: Option<String>,
    /// The application's own state of this socket, for [`Socket::context`].
    pub context: Box<dyn Any + Send + Sync>,
}

/// The client may not enter the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// For people.
    pub message: String,
    /// For programs: JSON, sent as `data`.
    pub data: Option<String>,
    /// Close the whole connection behind the answer.
    pub then_close: bool,
    /// Give no answer. With `then_close`, the client takes that for a lost connection and comes back by itself, as
    /// stock clients do not when they are refused.
    pub silent: bool,
}

impl Refused {
    /// A refusal which leaves the connection open.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None, then_close: false, silent: false }
    }

    /// The answer of stock servers for a namespace that does not exist.
    pub fn invalid_namespace() -> Self {
        Self::new("Invalid namespace")
    }
}

/// Why a socket is no longer connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The client left the namespace, or all of them on purpose.
    ClientNamespaceDisconnect,
    /// The application disconnected the socket.
    ServerNamespaceDisconnect,
    /// The transport ended: a closed page, a lost network that was noticed.
    TransportClose,
    /// The transport failed or broke its protocol.
    TransportError,
    /// No sign of life in time.
    PingTimeout,
    /// A packet that cannot be read, or one that the protocol does not allow in the connection's state.
    ParseError,
    /// The server closed the connection.
    ForcedServerClose,
    /// The server drains.
    ServerShuttingDown,
    /// The client read so slowly that its outlet reached the hard bound.
    SlowConsumer,
}

impl DisconnectReason {
    /// The name that stock servers give it, or the nearest thing; also a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
            Self::SlowConsumer => "slow consumer",
        }
    }

    /// True if the session was lost and not ended, so that the client may have it restored.
    pub const fn is_recoverable(self) -> bool {
        !matches!(self, Self::ClientNamespaceDisconnect | Self::ServerNamespaceDisconnect)
    }
}

/// What clients of a plain WebSocket path talk to.
pub trait PlainApplication: Send + Sync + 'static {
    /// A client has connected. Its messages wait for the future.
    fn open(&self, socket: &Arc<PlainSocket>) -> Option<BoxFuture<'static, ()>>;

    /// A text message.
    fn text(&self, socket: &Arc<PlainSocket>, text: String) -> Option<BoxFuture<'static, ()>>;

    /// A binary message.
    fn binary(&self, socket: &Arc<PlainSocket>, data: Bytes) -> Option<BoxFuture<'static, ()>>;

    /// The socket is gone. Called once for each socket that was opened.
    fn closed(&self, socket: &Arc<PlainSocket>, closed: PlainClosed);
}

/// What clients of Engine.IO without Socket.IO talk to.
pub trait EngineApplication: Send + Sync + 'static {
    /// A text message. Answers are [`Frame::message`]s and [`Frame::binary`]s.
    fn text(&self, connection: &Arc<Connection>, text: &str) -> Option<BoxFuture<'static, ()>>;

    /// A binary message.
    fn binary(&self, connection: &Arc<Connection>, data: Bytes) -> Option<BoxFuture<'static, ()>>;
}
