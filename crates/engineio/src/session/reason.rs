//! Why sessions end.

use std::fmt;

/// Why a session ended. Clients see none of these words, servers' logs and metrics do; the first
/// five are the stock server's.
///
/// | reason | ended by | does a stock client come back by itself? |
/// |---|---|---|
/// | `transport close` | client, or its network | yes, unless it meant to leave |
/// | `transport error` | a breach of the protocol, or a broken connection | yes |
/// | `ping timeout` | silence | yes |
/// | `forced close` | the application | yes, unless it was sent a DISCONNECT first |
/// | `parse error` | what could not be read | yes |
/// | `slow consumer` | a full outbound queue | yes, and recovers what it missed |
/// | `server shutting down` | a planned stop | yes, elsewhere |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client said `1`, or closed its WebSocket.
    TransportClose,
    /// A transport broke, or was used in a way that the protocol forbids.
    TransportError,
    /// No pong came within the ping timeout.
    PingTimeout,
    /// The server's application closed the session.
    ForcedClose,
    /// A packet, payload or frame was malformed, on this layer or one above.
    ParseError,
    /// The client takes its messages more slowly than they come.
    SlowConsumer,
    /// The server stops.
    ServerShuttingDown,
}

impl CloseReason {
    /// The reason's name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ForcedClose => "forced close",
            Self::ParseError => "parse error",
            Self::SlowConsumer => "slow consumer",
            Self::ServerShuttingDown => "server shutting down",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
