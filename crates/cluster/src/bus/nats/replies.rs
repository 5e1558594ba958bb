//! Requests that wait for their replies.
//!
//! The client library can wait for replies itself, but keeps a place for each that never comes. Here
//! the place is gone with the one who waits.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Where replies to this process come: one subject, with one last part for each request.
pub(super) struct Replies {
    inbox: String,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Message>>>,
}

impl Replies {
    /// Replies come below `inbox`.
    pub(super) fn new(inbox: String) -> Self {
        Self { inbox, next: AtomicU64::new(0), waiting: Mutex::default() }
    }

    /// What to subscribe to.
    pub(super) fn subject(&self) -> String {
        format!("{}.*", self.inbox)
    }

    /// Begins to wait for one reply.
    pub(super) fn expect(self: &Arc<Self>) -> Expected {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(number, sender);
        Expected { replies: Arc::clone(self), number, receiver }
    }

    /// Hands out what comes, until the client is gone.
    pub(super) async fn receive(self: Arc<Self>, mut subscriber: Subscriber) {
        while let Some(message) = subscriber.next().await {
            let number = message.subject.rsplit('.').next().and_then(|number| number.parse().ok());
            let waiting = number.and_then(|number: u64| self.waiting.lock().remove(&number));
            if let Some(waiting) = waiting {
                // Fails if nobody waits any more.
                let _ = waiting.send(message);
            }
        }
    }
}

/// One reply that is waited for.
pub(super) struct Expected {
    replies: Arc<Replies>,
    number: u64,
    receiver: oneshot::Receiver<Message>,
}

impl Expected {
    /// Where it has to be sent.
    pub(super) fn subject(&self) -> String {
        format!("{}.{}", self.replies.inbox, self.number)
    }

    /// Waits for it; `None` if it can no longer come.
    pub(super) async fn arrival(&mut self) -> Option<Message> {
        (&mut self.receiver).await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.replies.waiting.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_waits_for_any_more_is_forgotten() {
        let replies = Arc::new(Replies::new("hg.reply.test".to_owned()));
        let (one, other) = (replies.expect(), replies.expect());
        assert_ne!(one.subject(), other.subject());
        assert_eq!(replies.waiting.lock().len(), 2);
        drop(one);
        drop(other);
        assert!(replies.waiting.lock().is_empty());
    }
}
