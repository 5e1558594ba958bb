//! Limits in memory: counting windows by user.

use std::time::Duration;

use heliograph_domain::{id::UserId, time::Timestamp};

use super::{
    super::{Limits, Step, Taken},
    shards::Shards,
};

#[derive(Default)]
pub(super) struct MemoryLimits {
    windows: Shards<UserId, Vec<Window>>,
}

struct Window {
    limit: &'static str,
    until: Timestamp,
    used: u32,
}

impl MemoryLimits {
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    pub(super) fn sweep(&self, shard: usize, now: Timestamp) {
        self.windows.sweep(shard, |windows| {
            windows.retain(|window| now < window.until);
            !windows.is_empty()
        });
    }
}

impl Limits for MemoryLimits {
    fn take<'a>(
        &'a self,
        user: &'a UserId,
        limit: &'static str,
        max: u32,
        window: Duration,
        now: Timestamp,
    ) -> Step<'a, Taken> {
        Box::pin(async move {
            let mut users = self.windows.lock(user);
            let windows = users.entry(user.clone()).or_default();
            windows.retain(|window| now < window.until);
            let place = windows.iter().position(|window| window.limit == limit);
            let place = place.unwrap_or_else(|| {
                windows.push(Window { limit, until: now + window, used: 0 });
                windows.len() - 1
            });
            let window = &mut windows[place];
            if window.used >= max {
                return Ok(Taken::Exceeded(window.until));
            }
            window.used += 1;
            Ok(Taken::Within)
        })
    }
}
