//! What the plain WebSockets of one path have in common.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use heliograph_telemetry::metrics::Case;
use heliograph_websocket::CloseCode;
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use tokio_util::task::TaskTracker;

use super::PlainSocket;
use crate::application::PlainApplication;
use crate::outlet;

/// Limits and times of a plain WebSocket path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainOptions {
    /// Most bytes of a message, in any number of fragments; larger ones end the connection with 1009.
    pub max_message: usize,
    /// From one WebSocket ping of the server to the next. Clients answer pings by themselves.
    pub ping_interval: Duration,
    /// How long a client may send nothing at all, not even pongs.
    pub silent_timeout: Duration,
    /// The code that ends a silent connection.
    pub silent_code: CloseCode,
    /// How long a closing connection may take to receive what waits for it.
    pub close_timeout: Duration,
}

impl Default for PlainOptions {
    /// 1 MB, a ping each 25 s, silence of 45 s closed with 1008, 5 s to close.
    fn default() -> Self {
        Self {
            max_message: 1_000_000,
            ping_interval: Duration::from_secs(25),
            silent_timeout: Duration::from_secs(45),
            silent_code: CloseCode::POLICY_VIOLATION,
            close_timeout: Duration::from_secs(5),
        }
    }
}

/// One path for plain WebSockets, and those that are open.
pub(crate) struct PlainEndpoint {
    pub(crate) application: Arc<dyn PlainApplication>,
    pub(crate) options: PlainOptions,
    pub(crate) outlets: Arc<outlet::Shared>,
    pub(crate) tasks: TaskTracker,
    pub(crate) linger: Duration,
    sockets: Mutex<Sockets>,
}

#[derive(Default)]
struct Sockets {
    open: HashMap<Box<str>, Arc<PlainSocket>>,
    /// The server drains: who enters is closed.
    draining: bool,
}

impl PlainEndpoint {
    pub(crate) fn new(
        application: Arc<dyn PlainApplication>,
        options: PlainOptions,
        outlets: Arc<outlet::Shared>,
        tasks: TaskTracker,
        linger: Duration,
    ) -> Self {
        Self { application, options, outlets, tasks, linger, sockets: Mutex::default() }
    }

    pub(crate) fn enter(&self, socket: &Arc<PlainSocket>) {
        self.gauge().inc();
        let mut sockets = self.sockets.lock();
        sockets.open.insert(socket.id().into(), Arc::clone(socket));
        if sockets.draining {
            socket.drain();
        }
    }

    pub(crate) fn leave(&self, socket: &PlainSocket) {
        self.gauge().dec();
        self.sockets.lock().open.remove(socket.id());
    }

    /// All sockets of this moment.
    pub(crate) fn sockets(&self) -> Vec<Arc<PlainSocket>> {
        self.sockets.lock().open.values().cloned().collect()
    }

    /// Closes all sockets, and those that come from now on: a connection may be on its way to becoming one.
    pub(crate) fn drain(&self) {
        let mut sockets = self.sockets.lock();
        sockets.draining = true;
        sockets.open.values().for_each(|socket| socket.drain());
    }

    fn gauge(&self) -> Gauge {
        self.outlets.metrics.connections.get_or_create_owned(&Case { case: "plain" })
    }
}
