//! Who may how often: rates of single sockets. Rates of users hold over all gateways and are counted by
//! the services.

mod bucket;

use std::time::Duration;

use heliograph_domain::refusal::{Code, Refusal};
use serde::{Deserialize, Serialize};

use self::bucket::Bucket;

/// A rate with a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many a second in the long run.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

/// Limits of one socket (docs/protocol.md, "Limits").
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Offers, answers and candidates.
    pub signals: Rate,
    /// Mesh `data`, and media states.
    pub data: Rate,
    /// Typing and presence.
    pub typing: Rate,
    /// A typing mark that is not renewed is taken back after this.
    pub typing_timeout: Duration,
    /// Joins and leaves.
    pub membership: Rate,
    /// Rooms that a socket may attend.
    pub rooms_per_socket: usize,
    /// Failed authentications by event after which the socket is disconnected.
    pub authentication_attempts: u8,
    /// Commands of one socket that may be under way; beyond, nothing more is read from it.
    pub commands_in_flight: usize,
    /// Events of a room that may wait for a join to be answered.
    pub join_buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            signals: Rate { per_second: 50, burst: 1000 },
            data: Rate { per_second: 60, burst: 120 },
            typing: Rate { per_second: 5, burst: 20 },
            typing_timeout: Duration::from_secs(15),
            membership: Rate { per_second: 10, burst: 100 },
            rooms_per_socket: 200,
            authentication_attempts: 3,
            commands_in_flight: 64,
            join_buffer: 1000,
        }
    }
}

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// See [`Limits::signals`].
    Signal,
    /// See [`Limits::data`].
    Data,
    /// See [`Limits::typing`].
    Typing,
    /// See [`Limits::membership`].
    Membership,
}

impl Kind {
    /// The limit's name in the configuration and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signal => "signals",
            Self::Data => "data",
            Self::Typing => "typing",
            Self::Membership => "membership",
        }
    }
}

/// The rates of one socket.
#[derive(Debug, Default)]
pub struct Rates {
    buckets: [Bucket; 4],
}

impl Rates {
    /// Counts one use at `now` (time since the process started).
    ///
    /// # Errors
    /// `RATE_LIMITED` if there was one too many.
    pub fn take(&mut self, kind: Kind, limits: &Limits, now: Duration) -> Result<(), Refusal> {
        let rate = match kind {
            Kind::Signal => limits.signals,
            Kind::Data => limits.data,
            Kind::Typing => limits.typing,
            Kind::Membership => limits.membership,
        };
        if self.buckets[kind as usize].take(rate, now) { Ok(()) } else { Err(Refusal::new(Code::RateLimited)) }
    }
}
