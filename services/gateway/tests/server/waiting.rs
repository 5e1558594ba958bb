//! How tests wait.

use std::future::Future;
use std::time::Duration;

use heliograph_gateway::listener::Options;

/// The most that anything in these tests may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Heartbeats and time limits that are longer than any test.
pub(crate) fn long_times(options: &mut Options) {
    let long = Duration::from_secs(600);
    options.ping_interval = long;
    options.ping_timeout = long;
    options.connect_timeout = long;
}

/// Waits for what has to happen before long.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

/// Waits until a condition holds.
pub(crate) async fn eventually(mut condition: impl FnMut() -> bool) {
    let look = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon(look).await;
}
