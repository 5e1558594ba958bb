//! One plain WebSocket, as its application sees it.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use heliograph_websocket::{Close, CloseCode};
use parking_lot::Mutex;

use crate::frame::Frame;
use crate::handshake::Handshake;
use crate::outlet::{Class, Outlet, Sent, Shared};

/// A client on a plain WebSocket path.
pub struct PlainSocket {
    id: Box<str>,
    handshake: Arc<Handshake>,
    outlet: Outlet,
    context: OnceLock<Box<dyn Any + Send + Sync>>,
    closing: Mutex<Option<Close>>,
}

/// How a plain socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlainClosed {
    /// The client closed it; `None` if it gave no code.
    Client(Option<Close>),
    /// The server closed it with this code.
    Server(CloseCode),
    /// The TCP connection ended or failed without a close frame.
    Lost,
    /// No frame came for too long.
    Silent,
    /// The client read so slowly that its outlet reached the hard bound. What waited was dropped; 1013 is all that it
    /// is still sent, if it takes that.
    SlowConsumer,
    /// The client broke the protocol, or sent more than the path allows; closed with this code.
    Protocol(CloseCode),
}

impl PlainClosed {
    /// A metric's label.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Client(_) => "client close",
            Self::Server(_) => "forced server close",
            Self::Lost => "transport close",
            Self::Silent => "ping timeout",
            Self::SlowConsumer => "slow consumer",
            Self::Protocol(_) => "transport error",
        }
    }
}

impl PlainSocket {
    pub(crate) fn new(id: Box<str>, handshake: Arc<Handshake>, outlets: Arc<Shared>) -> Self {
        Self { id, handshake, outlet: Outlet::new(outlets), context: OnceLock::new(), closing: Mutex::new(None) }
    }

    /// An unguessable id that is the socket's own.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The request that the connection began with.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.handshake
    }

    /// The way to the client.
    pub fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Gives the socket its application's state, once; false if it had one.
    pub fn set_context<T: Any + Send + Sync>(&self, context: T) -> bool {
        self.context.set(Box::new(context)).is_ok()
    }

    /// The application's state, if it was set and is a `T`.
    pub fn context<T: Any>(&self) -> Option<&T> {
        self.context.get()?.downcast_ref()
    }

    /// Sends a frame.
    pub fn send(&self, frame: &Frame, class: Class) -> Sent {
        self.outlet.send(frame, class)
    }

    /// Closes the connection behind what was sent before. The first call counts.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.closing.lock().get_or_insert_with(|| Close { code, reason: reason.to_owned() });
        self.outlet.wake();
    }

    /// Closes the socket because the server is about to stop.
    pub(crate) fn drain(&self) {
        self.close(CloseCode::SERVICE_RESTART, "server restart");
    }

    /// What [`Self::close`] asked for.
    pub(crate) fn closing(&self) -> Option<Close> {
        self.closing.lock().clone()
    }
}

impl std::fmt::Debug for PlainSocket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PlainSocket").field("id", &self.id).finish_non_exhaustive()
    }
}
