//! Limits in Redis: a hash for each user and limited operation, of the window's end and its uses.

use std::time::Duration;

use heliograph_domain::{id::UserId, time::Timestamp};

use super::{
    super::{Limits, Step, Taken},
    connection::Connection,
    keys::Keys,
    request::{Script, millis},
};

static TAKE: Script = Script::new(include_str!("scripts/limit_take.lua"));

/// Counters are kept for longer than their window, so that clocks which differ a little do no harm.
const GRACE: Duration = Duration::from_secs(60);

pub(super) struct RedisLimits {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

impl Limits for RedisLimits {
    fn take<'a>(
        &'a self,
        user: &'a UserId,
        limit: &'static str,
        max: u32,
        window: Duration,
        now: Timestamp,
    ) -> Step<'a, Taken> {
        Box::pin(async move {
            let request = TAKE.on([&self.keys.limit(user, limit)]);
            let request = request.arg(now.as_millis()).arg((now + window).as_millis());
            let request = request.arg(max).arg(millis(window + GRACE));
            let until = self.connection.ask("limit", request).await?.optional();
            Ok(match until {
                Some(until) => Taken::Exceeded(Timestamp::from_millis(until.number()?)),
                None => Taken::Within,
            })
        })
    }
}
