//! A server of the test's own, on a free port of the loopback address, which ends with the test.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::transport::Metrics;
use heliograph_telemetry::metrics::Case;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::settings::{self, Profile};

/// The most that anything in these tests may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A running server.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Metrics,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    _stop: DropGuard,
}

impl Running {
    /// The conformance server without recovery, and with times so long that none of them passes in a test.
    pub(crate) async fn quiet() -> Self {
        Self::with(Profile::Suites, long_times).await
    }

    /// The same with recovery.
    pub(crate) async fn recovering() -> Self {
        Self::with(Profile::Clients, long_times).await
    }

    /// The conformance server with the settings of a profile.
    pub(crate) async fn profile(profile: Profile) -> Self {
        Self::with(profile, |_| {}).await
    }

    /// The same with some options changed.
    pub(crate) async fn with(profile: Profile, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = settings::options(profile);
        change(&mut options);
        let metrics = options.metrics.clone();
        Self::start(settings::server(options, settings::recovers(profile)), metrics).await
    }

    /// Any server.
    pub(crate) async fn start(server: Server, metrics: Metrics) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(server.run(listener, shutdown.clone()));
        Self { address, metrics, _stop: shutdown.clone().drop_guard(), shutdown, task }
    }

    /// Begins the drain.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(self) {
        soon(self.task).await.expect("the server ends without a panic");
    }

    /// How many connections of a kind are open.
    pub(crate) fn connections(&self, case: &'static str) -> i64 {
        self.metrics.connections.get_or_create(&Case { case }).get()
    }
}

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
