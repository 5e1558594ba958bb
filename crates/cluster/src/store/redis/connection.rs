//! The way to Redis: one server, the master of a group that sentinels watch, or a cluster.

use std::sync::Arc;

use heliograph_telemetry::{
    metrics::{self, count},
    trouble::Trouble,
};
use tokio::time::Instant;

use super::{super::StoreError, cluster::Cluster, link::Bounds, reply::Reply, request::Request, server::Server};

/// Sends requests to where their keys are. Cheaply cloned.
#[derive(Clone)]
pub(super) struct Connection(Arc<Inner>);

struct Inner {
    servers: Servers,
    bounds: Bounds,
    metrics: metrics::Store,
    trouble: Trouble,
}

/// Who serves.
pub(super) enum Servers {
    /// One server holds everything.
    One(Server),
    /// Several servers hold a part each.
    Cluster(Cluster),
}

impl Connection {
    pub(super) fn new(servers: Servers, bounds: Bounds, metrics: metrics::Store) -> Self {
        let trouble = Trouble::new("Redis does not carry out steps", "Redis carries out steps again");
        Self(Arc::new(Inner { servers, bounds, metrics, trouble }))
    }

    /// Sends a request, once, and gives the answer, which is about `what`. An error leaves open
    /// whether the step was carried out.
    pub(super) async fn ask(&self, what: &'static str, request: Request) -> Result<Reply, StoreError> {
        let Inner { servers, bounds, metrics, trouble } = &*self.0;
        let (begun, _under_way) = (Instant::now(), UnderWay::new(metrics));
        let deadline = begun + bounds.timeout;
        let answer = match servers {
            Servers::One(server) => server.send(&request, false, deadline).await,
            Servers::Cluster(cluster) => cluster.send(&request, deadline).await,
        };
        metrics.step_seconds.observe(begun.elapsed().as_secs_f64());
        match answer {
            Ok(value) => {
                trouble.succeeded();
                Ok(Reply::new(value, what))
            }
            Err(failure) => {
                count(&metrics.failures, failure.name());
                let error = StoreError::from(failure);
                // What cannot be read is no trouble of the server's: who asked for it says which it is.
                if let StoreError::Unavailable(reason) = &error {
                    trouble.failed(reason);
                }
                Err(error)
            }
        }
    }
}

/// Counts a step for as long as it is waited for.
struct UnderWay<'a>(&'a metrics::Store);

impl<'a> UnderWay<'a> {
    fn new(metrics: &'a metrics::Store) -> Self {
        metrics.under_way.inc();
        Self(metrics)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.dec();
    }
}
