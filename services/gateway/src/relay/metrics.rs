//! What relays count.

use heliograph_telemetry::metrics::Cases;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Requests that arrive at one gateway for a session at another. A clone counts the same things.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Requests sent to the homes of their sessions: `poll`, `post`, `websocket`.
    pub sent: Cases,
    /// Requests that could not be served at the home of their session: `home unknown`, `home failed`, `limit`.
    pub failures: Cases,
    /// Requests sent that are not answered yet, and tunnels.
    pub open: Gauge,
    /// WebSockets of clients whose sessions are at home elsewhere.
    pub tunnels: Gauge,
    /// From a sent POST or WebSocket handshake to its answer. Polls wait for events.
    pub seconds: Histogram,
    /// Requests served for clients that are connected elsewhere: `poll`, `post`, `websocket`.
    pub served: Cases,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            sent: Cases::default(),
            failures: Cases::default(),
            open: Gauge::default(),
            tunnels: Gauge::default(),
            seconds: Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0]),
            served: Cases::default(),
        }
    }
}

impl Metrics {
    /// Makes all of them visible under their names in `registry`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("sent", "Requests sent to the homes of their sessions", self.sent.clone());
        registry.register(
            "failures",
            "Requests that could not be served at the home of their session",
            self.failures.clone(),
        );
        registry.register("open", "Requests sent that are not answered yet, and tunnels", self.open.clone());
        registry.register("tunnels", "WebSockets whose sessions are at home elsewhere", self.tunnels.clone());
        registry.register_with_unit(
            "answer",
            "From a sent POST or WebSocket handshake to its answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register("served", "Requests served for clients that are connected elsewhere", self.served.clone());
    }
}
