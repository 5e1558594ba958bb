//! The bus: requests to the owner of a partition, messages to a gateway.
//!
//! Transport only. Whoever needs certainty asks for a reply and tries again; the truth is in the
//! store.

mod caller_runs;
pub mod faulty;
mod memory;
pub mod nats;
mod subject;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use tokio::sync::{mpsc, watch};

pub use caller_runs::CallerRuns;
pub use memory::MemoryBus;
pub use nats::NatsBus;
pub use subject::{DEFAULT_PREFIX, QueueGroup, Subject};

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
    /// The bus takes no message of this size. Sending it again does not help.
    #[error("a message of {size} bytes to {subject} is above the {limit} that the bus takes; raise its max_payload")]
    TooLarge {
        /// Where it was to go.
        subject: Subject,
        /// Bytes of the payload.
        size: usize,
        /// Bytes that the bus takes.
        limit: usize,
    },
}

impl BusError {
    /// What metrics call it.
    fn name(&self) -> &'static str {
        match self {
            Self::NoResponders(_) => "no-responders",
            Self::Timeout(_) => "timeout",
            Self::Unavailable(_) => "unavailable",
            Self::TooLarge { .. } => "too-large",
        }
    }
}

/// A message bus. Payloads are bytes even within one process, so that what is only wrong on the
/// wire shows in the fast tests too.
pub trait Bus: Send + Sync + 'static {
    /// Sends a message to whoever is subscribed. Success does not mean that anybody was.
    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BusError>>;

    /// Sends a message to one subscriber of the subject's queue group and waits for the reply.
    /// Subjects that take requests are subscribed to by one queue group alone.
    fn request(&self, subject: Subject, payload: Bytes, timeout: Duration) -> BoxFuture<'_, Result<Bytes, BusError>>;

    /// Receives what is sent to a subject, by whomever, from the moment at which this returns until the
    /// subscription is dropped. Members of a queue group share the messages.
    fn subscribe(&self, subject: Subject, group: Option<QueueGroup>) -> BoxFuture<'_, Result<Subscription, BusError>>;

    /// How messages can get lost on the way.
    fn delivery(&self) -> DeliveryGuarantee;

    /// Asks the bus for a sign of life. What this process has published before has reached the bus
    /// when it comes, so that who is about to stop loses nothing.
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
pub struct Subscription(Source);

enum Source {
    Queue {
        messages: mpsc::Receiver<Message>,
        /// The task that receives, for senders to run.
        task: Arc<OnceLock<CallerRuns>>,
        /// Ends the subscription at the bus when dropped.
        _guard: Box<dyn Send + Sync>,
    },
    Stream {
        /// Ends the subscription at the bus when dropped.
        messages: BoxStream<'static, Message>,
        /// What was taken out of it to see whether there is anything.
        next: Option<Message>,
    },
}

impl Subscription {
    /// A subscription that ends when `guard` is dropped. Who sends to it finds the task that receives in `task`.
    fn queued(messages: mpsc::Receiver<Message>, task: Arc<OnceLock<CallerRuns>>, guard: Box<dyn Send + Sync>) -> Self {
        Self(Source::Queue { messages, task, _guard: guard })
    }

    /// A subscription that ends when the stream is dropped.
    pub fn from_stream(messages: BoxStream<'static, Message>) -> Self {
        Self(Source::Stream { messages, next: None })
    }

    /// Whoever sends may run this task, which is the one that receives, if the bus is within the process. To be
    /// said once.
    pub fn run_by_callers(&self, task: &CallerRuns) {
        if let Source::Queue { task: known, .. } = &self.0 {
            // The first to be named stays.
            let _ = known.set(task.clone());
        }
    }

    /// Whether nothing waits to be received. A hint: more may come at any moment.
    pub fn is_idle(&mut self) -> bool {
        match &mut self.0 {
            Source::Queue { messages, .. } => messages.is_empty(),
            Source::Stream { messages, next } => {
                if next.is_none() {
                    *next = messages.next().now_or_never().flatten();
                }
                next.is_none()
            }
        }
    }

    /// The next message; `None` when the bus is gone for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Message> {
        match &mut self.0 {
            Source::Queue { messages, .. } => messages.recv().await,
            Source::Stream { messages, next } => match next.take() {
                Some(message) => Some(message),
                None => messages.next().await,
            },
        }
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
