//! One server, and the links to it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use redis::Value;
use tokio::time::Instant;

use super::{
    dial::Dial,
    failure::Failure,
    link::{Bounds, Link, Tally},
    request::Request,
};

/// A server with one link or several, which take turns.
pub(super) struct Server {
    links: Box<[Link]>,
    turn: AtomicUsize,
}

impl Server {
    /// A server with so many links, at least one.
    pub(super) fn new(dial: &Dial, links: usize, bounds: Bounds, tally: &Arc<Tally>) -> Self {
        let link = |_| Link::new(Arc::clone(dial), bounds, Arc::clone(tally));
        Self { links: (0..links.max(1)).map(link).collect(), turn: AtomicUsize::new(0) }
    }

    /// See [`Link::send`].
    pub(super) async fn send(&self, request: &Request, asking: bool, deadline: Instant) -> Result<Value, Failure> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.links[turn % self.links.len()].send(request, asking, deadline).await
    }

    /// How many requests are under way.
    pub(super) fn in_flight(&self) -> usize {
        self.links.iter().map(Link::in_flight).sum()
    }
}
