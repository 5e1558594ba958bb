//! The store's own clock, for steps that are not given a time.

use std::time::SystemTime;

use heliograph_domain::time::Timestamp;
use tokio::time::Instant;

/// Tells the time by tokio's clock, which tests can pause, from the system's time at the start.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    at: Timestamp,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), at: Timestamp::from_system(SystemTime::now()) }
    }

    pub(super) fn now(self) -> Timestamp {
        self.at + self.started.elapsed()
    }
}
