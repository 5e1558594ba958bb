//! A client in a namespace.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use heliograph_socketio::{AckId, Namespace};
use parking_lot::Mutex;

use super::acks::{AckError, Acknowledgement, Acks};
use super::{Connection, Order};
use crate::application::Accepted;
use crate::frame::Frame;
use crate::handshake::Handshake;
use crate::outlet::{Class, Outlet, Sent};

/// One client's presence in one namespace.
pub struct Socket {
    id: Box<str>,
    namespace: Namespace,
    connection: Arc<Connection>,
    context: Box<dyn Any + Send + Sync>,
    /// Set when the socket has left its namespace or its connection has gone.
    left: AtomicBool,
    acks: Mutex<Option<Box<Acks>>>,
}

impl Socket {
    pub(crate) fn new(id: Box<str>, namespace: Namespace, connection: Arc<Connection>, accepted: Accepted) -> Self {
        Self {
            id,
            namespace,
            connection,
            context: accepted.context,
            left: AtomicBool::new(false),
            acks: Mutex::new(None),
        }
    }

    /// The socket's public id, the `sid` of its CONNECT answer.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The application's state, as given by [`Accepted::context`], if it is a `T`.
    pub fn context<T: Any>(&self) -> Option<&T> {
        self.context.downcast_ref()
    }

    /// The request that the connection began with.
    pub fn handshake(&self) -> &Arc<Handshake> {
        self.connection.handshake()
    }

    /// The connection, which sockets of several namespaces may share.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// The way to the client, for fan-out over sockets of all kinds.
    pub fn outlet(&self) -> &Outlet {
        self.connection.outlet()
    }

    /// False once the socket has left, in either direction.
    pub fn is_connected(&self) -> bool {
        !self.left.load(Ordering::Acquire)
    }

    /// Sends a frame that was made for this namespace.
    pub fn send(&self, frame: &Frame, class: Class) -> Sent {
        if self.is_connected() { self.outlet().send(frame, class) } else { Sent::Closed }
    }

    /// Answers the event that had this ack id, `args` being JSON texts.
    pub fn ack(&self, id: AckId, args: &[impl AsRef<str>], attachments: &[Bytes]) -> Sent {
        self.send(&Frame::ack(self.namespace.as_str(), id, args, attachments), Class::Message)
    }

    /// Sends an event and waits for its answer, at most for `timeout`.
    ///
    /// # Errors
    /// [`AckError`] if there is no answer.
    pub async fn emit_with_ack(
        &self,
        name: &str,
        args: &[impl AsRef<str>],
        attachments: &[Bytes],
        timeout: Duration,
    ) -> Result<Acknowledgement, AckError> {
        let (id, answer) = {
            let mut acks = self.acks.lock();
            // Looked at under the lock, so that the answer is either awaited before `leave` clears or refused.
            if !self.is_connected() {
                return Err(AckError::Disconnected);
            }
            acks.get_or_insert_default().expect()?
        };
        let frame = Frame::question(self.namespace.as_str(), name, args, id, attachments);
        if self.send(&frame, Class::Message) == Sent::Closed {
            return Err(AckError::Disconnected);
        }
        match tokio::time::timeout(timeout, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AckError::Disconnected),
            Err(_) => {
                if let Some(acks) = self.acks.lock().as_mut() {
                    acks.forget(id);
                }
                Err(AckError::Timeout)
            }
        }
    }

    /// Disconnects the client from this namespace, or closes its whole connection, which takes it out of all.
    pub fn disconnect(&self, close_connection: bool) {
        if close_connection {
            self.connection.order(Order::Disconnect);
        } else {
            self.connection.order(Order::Leave(self.namespace.clone()));
        }
    }

    pub(crate) fn resolve(&self, id: AckId, answer: Acknowledgement) {
        if let Some(acks) = self.acks.lock().as_mut() {
            acks.resolve(id, answer);
        }
    }

    /// Marks the socket as gone; false if it was before.
    pub(crate) fn leave(&self) -> bool {
        let first = !self.left.swap(true, Ordering::AcqRel);
        *self.acks.lock() = None;
        first
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Socket")
            .field("id", &self.id)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
