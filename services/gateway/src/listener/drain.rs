//! The planned end of a server.

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use crate::connection::{Connection, Order};
use crate::plain::PlainSocket;

/// The time between two batches.
const STEP: Duration = Duration::from_millis(100);

/// A connection that has to end.
enum Leaving {
    Engine(Arc<Connection>),
    Plain(Arc<PlainSocket>),
}

impl Context {
    /// Waits for the stop, then closes all connections over the drain period, so that their clients do not all come
    /// back to the other servers at once.
    pub(super) async fn drain(&self) {
        self.draining.cancelled().await;
        let engines = self.routes.engines().flat_map(|endpoint| endpoint.connections()).map(Leaving::Engine);
        let plains = self.routes.plains().flat_map(|endpoint| endpoint.sockets()).map(Leaving::Plain);
        let leaving: Vec<_> = engines.chain(plains).collect();
        tracing::info!(connections = leaving.len(), period = ?self.options.drain_period, "draining");
        let batch = batch(leaving.len(), self.options.drain_period);
        let mut pace = tokio::time::interval(STEP);
        for connections in leaving.chunks(batch) {
            pace.tick().await;
            for connection in connections {
                connection.close();
            }
        }
        // Those that were being set up when the drain began, or still are.
        self.routes.engines().for_each(|endpoint| endpoint.drain());
        self.routes.plains().for_each(|endpoint| endpoint.drain());
        self.closing.cancel();
    }
}

impl Leaving {
    fn close(&self) {
        match self {
            Self::Engine(connection) => connection.order(Order::Drain),
            Self::Plain(socket) => socket.drain(),
        }
    }
}

/// How many connections to close at a time.
fn batch(connections: usize, period: Duration) -> usize {
    let steps = usize::try_from(period.as_millis() / STEP.as_millis()).unwrap_or(usize::MAX).max(1);
    connections.div_ceil(steps).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fill_the_period_and_are_never_empty() {
        let period = Duration::from_secs(20);
        assert_eq!(batch(0, period), 1);
        assert_eq!(batch(10, period), 1);
        assert_eq!(batch(10_000, period), 50);
        assert_eq!(batch(10_001, period), 51);
        assert_eq!(batch(10_000, Duration::ZERO), 10_000);
    }
}
