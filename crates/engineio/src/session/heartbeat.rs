//! Ping and pong (Engine.IO protocol, "Heartbeat").

use std::time::Instant;

use super::SessionOptions;

/// Where a session is between a ping and the next.
#[derive(Debug)]
pub(super) struct Heartbeat {
    awaiting: Awaiting,
    until: Instant,
}

#[derive(Debug)]
enum Awaiting {
    /// The moment to ping.
    Ping,
    /// The pong.
    Pong,
}

/// What the time demands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    None,
    /// A ping has to be sent.
    Ping,
    /// The client is gone.
    Timeout,
}

impl Heartbeat {
    pub(super) fn new(options: &SessionOptions, now: Instant) -> Self {
        Self { awaiting: Awaiting::Ping, until: now + options.ping_interval }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.until
    }

    /// The time for the pong runs from when the ping was due, not from when this was called: a
    /// late timer gives nobody more time. A server that stood still for longer than the timeout
    /// finds its clients gone, as they have by then found it gone by the same sum.
    pub(super) fn judge(&mut self, options: &SessionOptions, now: Instant) -> Beat {
        if now < self.until {
            return Beat::None;
        }
        match self.awaiting {
            Awaiting::Pong => Beat::Timeout,
            Awaiting::Ping => {
                self.awaiting = Awaiting::Pong;
                self.until += options.ping_timeout;
                if now < self.until { Beat::Ping } else { Beat::Timeout }
            }
        }
    }

    /// A pong came. One that nobody asked for is as good a sign of life.
    pub(super) fn pong(&mut self, options: &SessionOptions, now: Instant) {
        *self = Self::new(options, now);
    }
}
