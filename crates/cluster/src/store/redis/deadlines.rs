//! Deadlines in Redis: a sorted set for each partition, by time.

use heliograph_domain::time::Timestamp;

use super::{
    super::{Deadline, Deadlines, Scope, Step},
    ABANDONED,
    connection::Connection,
    keys::Keys,
    request::{Request, Script, millis},
};
use crate::partition::Partition;

static SET: Script = Script::new(include_str!("scripts/deadline_set.lua"));
static CLEAR: Script = Script::new(include_str!("scripts/deadline_clear.lua"));

pub(super) struct RedisDeadlines {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

impl Deadlines for RedisDeadlines {
    fn set<'a>(&'a self, scope: Scope, partition: Partition, deadline: Deadline) -> Step<'a, ()> {
        Box::pin(async move {
            let request = SET.on([&self.keys.deadlines(scope, partition)]);
            let request = request.arg(deadline.key).arg(deadline.at.as_millis()).arg(millis(ABANDONED));
            self.connection.ask("deadlines", request).await?;
            Ok(())
        })
    }

    fn clear<'a>(&'a self, scope: Scope, partition: Partition, deadline: &'a Deadline) -> Step<'a, ()> {
        Box::pin(async move {
            let request = CLEAR.on([&self.keys.deadlines(scope, partition)]);
            let request = request.arg(&deadline.key).arg(deadline.at.as_millis());
            self.connection.ask("deadlines", request).await?;
            Ok(())
        })
    }

    fn earliest<'a>(&'a self, scope: Scope, partition: Partition, limit: usize) -> Step<'a, Vec<Deadline>> {
        Box::pin(async move {
            let Some(last) = limit.checked_sub(1) else { return Ok(Vec::new()) };
            let request = Request::command("ZRANGE", &self.keys.deadlines(scope, partition));
            let request = request.arg(0).arg(last).arg("WITHSCORES");
            let mut earliest = Vec::new();
            for deadline in self.connection.ask("deadlines", request).await?.list()? {
                let mut deadline = deadline.list()?;
                let key = deadline.part()?.text()?;
                earliest.push(Deadline { key, at: Timestamp::from_millis(deadline.part()?.number()?) });
            }
            Ok(earliest)
        })
    }
}
