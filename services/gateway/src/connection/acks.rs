//! Acknowledgements that the server waits for.

use std::collections::HashMap;

use bytes::Bytes;
use heliograph_socketio::{AckId, Json};
use tokio::sync::oneshot;

/// A client's answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The arguments.
    pub args: Vec<Json>,
    /// Binary attachments, which placeholders in the arguments name by their position here.
    pub attachments: Vec<Bytes>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// None came in time.
    #[error("the client did not answer in time")]
    Timeout,
    /// The socket is gone.
    #[error("the socket is disconnected")]
    Disconnected,
    /// Too many answers of this client are awaited already.
    #[error("too many acknowledgements are awaited")]
    TooMany,
}

/// The answers that one socket owes.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    next: u64,
    awaited: HashMap<u64, oneshot::Sender<Acknowledgement>>,
}

/// Most answers awaited from one socket.
const MAX_AWAITED: usize = 1024;

impl Acks {
    /// A new number, and where its answer will come.
    pub(crate) fn expect(&mut self) -> Result<(AckId, oneshot::Receiver<Acknowledgement>), AckError> {
        // Those whose receivers gave up count no longer; they are cleared away when room is needed.
        if self.awaited.len() >= MAX_AWAITED {
            self.awaited.retain(|_, sender| !sender.is_closed());
        }
        if self.awaited.len() >= MAX_AWAITED {
            return Err(AckError::TooMany);
        }
        let (sender, receiver) = oneshot::channel();
        let id = self.next;
        self.next += 1;
        self.awaited.insert(id, sender);
        Ok((AckId(id), receiver))
    }

    /// Takes an answer to whom it belongs; one that nobody awaits any more is dropped.
    pub(crate) fn resolve(&mut self, id: AckId, answer: Acknowledgement) {
        if let Some(sender) = self.awaited.remove(&id.0) {
            // The receiver may have given up in the meantime.
            let _ = sender.send(answer);
        }
    }

    /// Nobody waits for this number any more.
    pub(crate) fn forget(&mut self, id: AckId) {
        self.awaited.remove(&id.0);
    }
}
