//! The way to Redis: one server, the master of a group that sentinels watch, or a cluster.

use std::sync::{Arc, atomic::Ordering};

use tokio::time::Instant;

use super::{
    super::StoreError,
    cluster::Cluster,
    link::{Bounds, Tally},
    reply::Reply,
    request::Request,
    server::Server,
};

/// Sends requests to where their keys are. Cheaply cloned.
#[derive(Clone)]
pub(super) struct Connection(Arc<Inner>);

struct Inner {
    servers: Servers,
    bounds: Bounds,
    tally: Arc<Tally>,
}

/// Who serves.
pub(super) enum Servers {
    /// One server holds everything.
    One(Server),
    /// Several servers hold a part each.
    Cluster(Cluster),
}

/// What a store's connections do and have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that wait for an answer.
    pub in_flight: usize,
    /// Connections that were made since the start.
    pub connections: u64,
    /// Requests that were not answered in time since the start.
    pub timeouts: u64,
}

impl Connection {
    pub(super) fn new(servers: Servers, bounds: Bounds, tally: Arc<Tally>) -> Self {
        Self(Arc::new(Inner { servers, bounds, tally }))
    }

    /// Sends a request, once, and gives the answer, which is about `what`. An error leaves open
    /// whether the step was carried out.
    pub(super) async fn ask(&self, what: &'static str, request: Request) -> Result<Reply, StoreError> {
        let deadline = Instant::now() + self.0.bounds.timeout;
        let answer = match &self.0.servers {
            Servers::One(server) => server.send(&request, false, deadline).await,
            Servers::Cluster(cluster) => cluster.send(&request, deadline).await,
        };
        Ok(Reply::new(answer?, what))
    }

    pub(super) fn traffic(&self) -> Traffic {
        let Inner { servers, tally, .. } = &*self.0;
        Traffic {
            in_flight: match servers {
                Servers::One(server) => server.in_flight(),
                Servers::Cluster(cluster) => cluster.in_flight(),
            },
            connections: tally.connections.load(Ordering::Relaxed),
            timeouts: tally.timeouts.load(Ordering::Relaxed),
        }
    }
}
