//! What the transports count.

use heliograph_telemetry::metrics::{Case, Cases};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::relay;

/// Counters and gauges of the listener, its transports and their outlets. A clone counts the same things.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// TCP connections that are open.
    pub tcp_connections: Gauge,
    /// TCP connections turned away, by reason.
    pub tcp_refused: Cases,
    /// TCP connections that ended by a deadline before they had said a whole request.
    pub half_open_closed: Counter,
    /// Connections that are open, by transport: `polling`, `websocket`, `plain`.
    pub connections: Family<Case, Gauge>,
    /// Connections that ended, by reason.
    pub disconnects: Cases,
    /// Requests refused by the protocol, by the protocol's message.
    pub requests_refused: Cases,
    /// Packets received that broke the protocol, by layer: `websocket`, `engine`, `packet`.
    pub invalid_input: Cases,
    /// Frames that had to wait because the socket took no more.
    pub frames_queued: Counter,
    /// Frames dropped under pressure.
    pub frames_dropped: Counter,
    /// Connections cut because they read too slowly.
    pub slow_consumers: Counter,
    /// Bytes that wait in outlets.
    pub outbound_queued_bytes: Gauge,
    /// Requests of sessions that are at home at another gateway.
    pub relay: relay::Metrics,
}

impl Metrics {
    /// Clients that are connected, over all transports.
    pub fn open_connections(&self) -> u64 {
        let open = ["polling", "websocket", "plain"].map(|case| self.connections.get_or_create(&Case { case }).get());
        u64::try_from(open.iter().sum::<i64>()).unwrap_or_default()
    }

    /// Makes all of them visible under their names in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("tcp_connections", "TCP connections that are open", self.tcp_connections.clone());
        registry.register("tcp_refused", "TCP connections turned away", self.tcp_refused.clone());
        registry.register(
            "half_open_closed",
            "TCP connections that ended by a deadline before a whole request",
            self.half_open_closed.clone(),
        );
        registry.register("connections", "Connections that are open, by transport", self.connections.clone());
        registry.register("disconnects", "Connections that ended, by reason", self.disconnects.clone());
        registry.register(
            "requests_refused",
            "Requests refused by the Engine.IO or WebSocket protocol",
            self.requests_refused.clone(),
        );
        registry.register(
            "invalid_input",
            "Packets received that broke the protocol, by layer",
            self.invalid_input.clone(),
        );
        registry.register(
            "frames_queued",
            "Frames that had to wait because the socket took no more",
            self.frames_queued.clone(),
        );
        registry.register("frames_dropped", "Frames dropped under pressure", self.frames_dropped.clone());
        registry.register(
            "slow_consumers",
            "Connections cut because they read too slowly",
            self.slow_consumers.clone(),
        );
        registry.register("outbound_queued_bytes", "Bytes that wait in outlets", self.outbound_queued_bytes.clone());
        self.relay.register(registry.sub_registry_with_prefix("relay"));
    }
}
