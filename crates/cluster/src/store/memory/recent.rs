//! Marks in memory: for each partition the rooms in the order of their marks.

use std::collections::HashMap;

use heliograph_domain::{room::RoomId, time::Timestamp};
use parking_lot::Mutex;

use super::super::{RECENT, Recent, Step};
use crate::partition::Partition;

#[derive(Default)]
pub(super) struct MemoryRecent {
    marks: Mutex<HashMap<Partition, HashMap<RoomId, Timestamp>>>,
}

impl MemoryRecent {
    /// Removes the marks that have expired.
    pub(super) fn sweep(&self, now: Timestamp) {
        self.marks.lock().retain(|_, rooms| {
            rooms.retain(|_, at| now < *at + RECENT);
            !rooms.is_empty()
        });
    }
}

impl Recent for MemoryRecent {
    fn mark<'a>(&'a self, partition: Partition, room: &'a RoomId, now: Timestamp) -> Step<'a, ()> {
        Box::pin(async move {
            self.marks.lock().entry(partition).or_default().insert(room.clone(), now);
            Ok(())
        })
    }

    fn rooms<'a>(&'a self, partition: Partition, since: Timestamp, limit: usize) -> Step<'a, Vec<RoomId>> {
        Box::pin(async move {
            let marks = self.marks.lock();
            let Some(marks) = marks.get(&partition) else { return Ok(Vec::new()) };
            let mut rooms: Vec<_> = marks.iter().filter(|(_, at)| **at >= since).collect();
            rooms.sort_by_key(|(_, at)| std::cmp::Reverse(**at));
            Ok(rooms.into_iter().take(limit).map(|(room, _)| room.clone()).collect())
        })
    }
}
