//! A server of the test's own, on a free port of the loopback address, which ends with the test.

use std::net::{Ipv4Addr, SocketAddr};

use heliograph_gateway::listener::{Options, Server};
use heliograph_gateway::transport::Metrics;
use heliograph_telemetry::metrics::Case;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::settings::{self, Profile};
pub(crate) use crate::waiting::{eventually, long_times, soon};

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
