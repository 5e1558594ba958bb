//! One server, and the links to it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use heliograph_telemetry::metrics;
use redis::Value;
use tokio::time::Instant;

use super::{
    dial::Dial,
    failure::Failure,
    link::{Bounds, Link},
    request::Request,
};

/// A server with one link or several, which take turns.
pub(super) struct Server {
    links: Box<[Link]>,
    turn: AtomicUsize,
}

impl Server {
    /// A server that is about to be connected to.
    pub(super) fn new(dial: Dial, bounds: Bounds, metrics: &metrics::Store) -> Self {
        let dial = Arc::new(dial);
        let link = |_| Link::new(Arc::clone(&dial), bounds, metrics.clone());
        Self { links: (0..bounds.links).map(link).collect(), turn: AtomicUsize::new(0) }
    }

    /// See [`Link::send`].
    pub(super) async fn send(&self, request: &Request, asking: bool, deadline: Instant) -> Result<Value, Failure> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.links[turn % self.links.len()].send(request, asking, deadline).await
    }
}
