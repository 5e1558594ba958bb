//! The first packet of a session.

use std::time::Duration;

use crate::{SessionId, Transport};

/// What the server tells a new client (Engine.IO protocol, "Handshake").
#[derive(Debug, Clone, Copy)]
pub struct OpenPacket<'a> {
    /// The id of the new session.
    pub sid: &'a SessionId,
    /// The transport that it was opened on: only long-polling has an upgrade to offer.
    pub transport: Transport,
    /// Whether this server lets clients upgrade.
    pub allow_upgrades: bool,
    /// Time between a pong and the next ping.
    pub ping_interval: Duration,
    /// Time that the client has for its pong.
    pub ping_timeout: Duration,
    /// Most bytes of one request's body or one WebSocket message.
    pub max_payload: usize,
}

impl OpenPacket<'_> {
    /// The packet's text: `0` and JSON with exactly `sid`, `upgrades`, `pingInterval`,
    /// `pingTimeout` (milliseconds) and `maxPayload`, in this order.
    #[must_use]
    pub fn encode(&self) -> String {
        let upgrades = match self.transport {
            Transport::Polling if self.allow_upgrades => r#"["websocket"]"#,
            Transport::Polling | Transport::WebSocket => "[]",
        };
        // No character of a session id needs escaping in JSON.
        format!(
            r#"0{{"sid":"{}","upgrades":{upgrades},"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            self.sid.as_str(),
            self.ping_interval.as_millis(),
            self.ping_timeout.as_millis(),
            self.max_payload,
        )
    }
}
