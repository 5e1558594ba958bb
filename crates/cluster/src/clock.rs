//! The time of day, as services see it.

use std::{fmt, sync::Arc, time::SystemTime};

use heliograph_domain::time::Timestamp;
use tokio::time::Instant;

/// Tells the time. Services read it from here alone, so that a test can decide what time it is.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(Arc::new(|| Timestamp::from_system(SystemTime::now())))
    }

    /// A clock that shows `start` now and runs as tokio's timers do: it stands when they are paused.
    pub fn with_timers(start: Timestamp) -> Self {
        let origin = Instant::now();
        Self(Arc::new(move || start + origin.elapsed()))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
