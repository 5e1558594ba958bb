//! Rates that hold over all sockets of a user, whatever gateway they are on.

use std::time::Duration;

use heliograph_domain::{id::UserId, time::Timestamp};

use super::Step;

/// Counting windows.
pub trait Limits: Send + Sync + 'static {
    /// Counts one use of `limit` (a name from the configuration) by a user. A window begins with its
    /// first use and lasts `window`; the use after the `max`th in it is refused.
    fn take<'a>(
        &'a self,
        user: &'a UserId,
        limit: &'static str,
        max: u32,
        window: Duration,
        now: Timestamp,
    ) -> Step<'a, Taken>;
}

/// Whether a use is within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is.
    Within,
    /// It is not; the window ends then.
    Exceeded(Timestamp),
}
