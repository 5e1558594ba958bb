//! What is done for one socket, in order. What has to wait for the store does so beside the socket's connection: a
//! store that takes its time must not hold up the heartbeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;

use futures_util::future::BoxFuture;
use futures_util::task::noop_waker_ref;
use tokio::sync::mpsc::{self, error::TrySendError};

/// Packets of one socket that may wait for those before; beyond, its connection waits, too.
const WAITING: usize = 4_096;

pub(crate) type Work = BoxFuture<'static, ()>;

/// Does one thing after the other until it is dropped and all of them are done.
pub(crate) struct Lane {
    queue: mpsc::Sender<Work>,
    /// What is under way or waits.
    pending: Arc<AtomicUsize>,
}

impl Lane {
    pub(crate) fn open() -> Self {
        let (queue, mut waiting) = mpsc::channel::<Work>(WAITING);
        let pending = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&pending);
        tokio::spawn(async move {
            while let Some(work) = waiting.recv().await {
                work.await;
                left.fetch_sub(1, Ordering::Release);
            }
        });
        Self { queue, pending }
    }

    /// Puts work behind all that there is; what need not wait for anything is done at once. Gives what has to be
    /// waited for if too much waits. For the one task that reads what the client sends.
    pub(crate) fn put(&self, mut work: Work) -> Option<Work> {
        let is_idle = self.pending.load(Ordering::Acquire) == 0;
        // It is polled again by the task that it is given to, if it has to be.
        if is_idle && work.as_mut().poll(&mut Context::from_waker(noop_waker_ref())).is_ready() {
            return None;
        }
        self.pending.fetch_add(1, Ordering::AcqRel);
        match self.queue.try_send(work) {
            Ok(()) => None,
            Err(TrySendError::Full(work) | TrySendError::Closed(work)) => {
                let queue = self.queue.clone();
                Some(Box::pin(async move {
                    // The receiver ends after all senders.
                    let _ = queue.send(work).await;
                }))
            }
        }
    }
}
