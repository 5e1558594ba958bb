//! The list of all rooms: partition by partition, in each by name. It holds every room that there is,
//! and for a while rooms whose lives have ended: those are taken out when they are come across.

use futures_util::{StreamExt, future, stream};
use heliograph_domain::room::RoomId;

use super::{
    super::{super::StoreError, request::Request},
    LISTED, RedisRooms,
};
use crate::partition::Partition;

/// How many partitions are asked at once, since most hold less than a page.
const AT_ONCE: usize = 16;

/// How many names are taken from a partition at once.
const NAMES: usize = 200;

impl RedisRooms {
    pub(super) async fn listed_after(&self, cursor: Option<&RoomId>, limit: usize) -> Result<Vec<RoomId>, StoreError> {
        let first = cursor.map(|cursor| Partition::of(cursor.as_str()));
        let rest = Partition::all().filter(|partition| first.is_none_or(|first| *partition >= first));
        let mut parts = stream::iter(rest)
            .map(|partition| self.in_partition(partition, cursor.filter(|_| first == Some(partition)), limit))
            .buffered(AT_ONCE);
        let mut rooms = Vec::new();
        while rooms.len() < limit
            && let Some(part) = parts.next().await
        {
            rooms.extend(part?);
        }
        rooms.truncate(limit);
        Ok(rooms)
    }

    /// The rooms of one partition after `cursor`, at most `limit`.
    async fn in_partition(
        &self,
        partition: Partition,
        cursor: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, StoreError> {
        let mut rooms = Vec::new();
        let mut after = cursor.cloned();
        while rooms.len() < limit {
            let from = after.as_ref().map_or_else(|| "-".to_owned(), |after| format!("({after}"));
            let request = Request::command("ZRANGEBYLEX", &self.keys.all_rooms(partition)).arg(from).arg("+");
            let names = self.ask(request.arg("LIMIT").arg(0).arg(NAMES.min(limit))).await?.list()?;
            let names = names.map(|name| name.parse(RoomId::parse)).collect::<Result<Vec<_>, _>>()?;
            let Some(last) = names.last() else { break };
            after = Some(last.clone());
            let there = future::try_join_all(names.iter().map(|room| self.is_there(room))).await?;
            rooms.extend(names.into_iter().zip(there).filter(|(_, there)| *there).map(|(room, _)| room));
        }
        rooms.truncate(limit);
        Ok(rooms)
    }

    /// Whether there is such a room; takes it out of the list if not.
    pub(super) async fn is_there(&self, room: &RoomId) -> Result<bool, StoreError> {
        self.ask(self.on(&LISTED, room).arg(room.as_str())).await?.flag()
    }
}
