//! Marks on rooms in Redis: a sorted set for each partition, by the time of the mark.

use heliograph_domain::{room::RoomId, time::Timestamp};

use super::{
    super::{RECENT, Recent, Step},
    connection::Connection,
    keys::Keys,
    request::{Request, Script, millis},
};
use crate::partition::Partition;

static MARK: Script = Script::new(include_str!("scripts/recent_mark.lua"));

pub(super) struct RedisRecent {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
}

impl Recent for RedisRecent {
    fn mark<'a>(&'a self, partition: Partition, room: &'a RoomId, now: Timestamp) -> Step<'a, ()> {
        Box::pin(async move {
            let request = MARK.on([&self.keys.recent(partition)]).arg(room.as_str()).arg(now.as_millis());
            let forgotten = now.as_millis().saturating_sub(millis(RECENT));
            self.connection.ask("marks on rooms", request.arg(forgotten).arg(millis(RECENT))).await?;
            Ok(())
        })
    }

    fn rooms<'a>(&'a self, partition: Partition, since: Timestamp, limit: usize) -> Step<'a, Vec<RoomId>> {
        Box::pin(async move {
            let request = Request::command("ZRANGE", &self.keys.recent(partition));
            let request = request.arg("+inf").arg(since.as_millis()).arg("BYSCORE").arg("REV");
            let request = request.arg("LIMIT").arg(0).arg(limit);
            let rooms = self.connection.ask("marks on rooms", request).await?.list()?;
            rooms.map(|room| room.parse(RoomId::parse)).collect()
        })
    }
}
