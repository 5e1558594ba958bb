//! The times of a session.

use std::time::Duration;

/// What sessions of one server have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOptions {
    /// From the opening, or a pong, to the next ping.
    pub ping_interval: Duration,
    /// From a ping to the last moment for its pong.
    pub ping_timeout: Duration,
    /// Whether a polling session may move to a WebSocket.
    pub allow_upgrades: bool,
    /// From the opening of a WebSocket that wants to take a session over to the last moment for
    /// its `5`.
    pub upgrade_timeout: Duration,
    /// How long a poll that comes after the probe waits for messages or the `5` before it ends
    /// with `6`. A client must not wait for its upgrade, and must not poll in a tight loop either.
    pub probed_poll_hold: Duration,
    /// How long a closing session waits for what it said last to leave.
    pub close_timeout: Duration,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            allow_upgrades: true,
            upgrade_timeout: Duration::from_secs(10),
            probed_poll_hold: Duration::from_millis(50),
            close_timeout: Duration::from_secs(10),
        }
    }
}
