//! The bus: requests to the owner of a partition, messages to a gateway.
//!
//! Transport only. Whoever needs certainty asks for a reply and tries again; the truth is in the
//! store.

pub mod faulty;
mod memory;
mod subject;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

pub use memory::MemoryBus;
pub use subject::{QueueGroup, Subject};

/// Why a message did not get through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Nobody is subscribed to the subject at the moment.
    #[error("nobody serves {0}")]
    NoResponders(Subject),
    /// The reply did not come in time. The request may or may not have been handled.
    #[error("no reply from {0} in time")]
    Timeout(Subject),
    /// The bus cannot be reached.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
}

/// A message bus. Payloads are bytes even within one process, so that what is only wrong on the
/// wire shows in the fast tests too.
pub trait Bus: Send + Sync + 'static {
    /// Sends a message to whoever is subscribed. Success does not mean that anybody was.
    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BusError>>;

    /// Sends a message to one subscriber of the subject's queue group and waits for the reply.
    /// Subjects that take requests are subscribed to by one queue group alone.
    fn request(&self, subject: Subject, payload: Bytes, timeout: Duration) -> BoxFuture<'_, Result<Bytes, BusError>>;

    /// Receives what is sent to a subject from now on, until the subscription is dropped. Members of
    /// a queue group share the messages.
    fn subscribe(&self, subject: Subject, group: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>>;

    /// How messages can get lost on the way.
    fn delivery(&self) -> DeliveryGuarantee;

    /// Asks the bus for a sign of life.
    fn probe(&self) -> BoxFuture<'_, Result<(), BusError>>;
}

/// What becomes of messages between a publisher and a subscriber that both live.
#[derive(Clone, Debug)]
pub enum DeliveryGuarantee {
    /// Each one arrives.
    Certain,
    /// Each arrives at most once.
    AtMostOnce {
        /// Rises whenever the bus knows that messages to this process may have been lost: it was
        /// connected anew, or a subscriber was too slow.
        disturbances: watch::Receiver<u64>,
    },
}

/// Messages of one subject, in the order in which they arrive.
pub struct Subscription {
    messages: mpsc::Receiver<Message>,
    /// Ends the subscription at the bus when dropped.
    _guard: Box<dyn Send + Sync>,
}

impl Subscription {
    /// A subscription that ends when `guard` is dropped.
    pub fn new(messages: mpsc::Receiver<Message>, guard: Box<dyn Send + Sync>) -> Self {
        Self { messages, _guard: guard }
    }

    /// Whether nothing waits to be received. A hint: more may come at any moment.
    pub fn is_idle(&self) -> bool {
        self.messages.is_empty()
    }

    /// The next message; `None` when the bus is gone for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }
}

/// A message, and the way to answer it if an answer is wanted.
pub struct Message {
    /// What was sent.
    pub payload: Bytes,
    /// Present if the sender waits for a reply.
    pub reply: Option<Reply>,
}

/// Answers one request.
pub struct Reply(Box<dyn FnOnce(Bytes) + Send>);

impl Reply {
    /// A reply that hands its payload to `send`.
    pub fn new(send: impl FnOnce(Bytes) + Send + 'static) -> Self {
        Self(Box::new(send))
    }

    /// Sends the answer. Nothing happens if the requester no longer waits.
    pub fn send(self, payload: Bytes) {
        (self.0)(payload);
    }
}
