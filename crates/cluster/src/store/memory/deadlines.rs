//! Deadlines in memory: a schedule for each partition.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use heliograph_domain::time::Timestamp;
use parking_lot::Mutex;

use super::super::{Deadline, Deadlines, Scope, Step};
use crate::partition::Partition;

#[derive(Default)]
pub(super) struct MemoryDeadlines {
    /// Partitions without deadlines do not appear. One lock: deadlines are few beside messages.
    schedules: Mutex<HashMap<(Scope, Partition), Schedule>>,
}

#[derive(Default)]
struct Schedule {
    by_time: BTreeSet<(Timestamp, Arc<str>)>,
    by_key: HashMap<Arc<str>, Timestamp>,
}

impl MemoryDeadlines {
    pub(super) fn len(&self) -> usize {
        let schedules = self.schedules.lock();
        schedules.values().map(|part| part.by_key.len()).sum()
    }
}

impl Deadlines for MemoryDeadlines {
    fn set<'a>(&'a self, scope: Scope, partition: Partition, deadline: Deadline) -> Step<'a, ()> {
        Box::pin(async move {
            let mut schedules = self.schedules.lock();
            schedules.entry((scope, partition)).or_default().set(deadline);
            Ok(())
        })
    }

    fn clear<'a>(&'a self, scope: Scope, partition: Partition, deadline: &'a Deadline) -> Step<'a, ()> {
        Box::pin(async move {
            let mut schedules = self.schedules.lock();
            if let Some(schedule) = schedules.get_mut(&(scope, partition)) {
                schedule.clear(deadline);
                if schedule.by_key.is_empty() {
                    schedules.remove(&(scope, partition));
                }
            }
            Ok(())
        })
    }

    fn earliest<'a>(&'a self, scope: Scope, partition: Partition, limit: usize) -> Step<'a, Vec<Deadline>> {
        Box::pin(async move {
            let schedules = self.schedules.lock();
            let Some(schedule) = schedules.get(&(scope, partition)) else {
                return Ok(Vec::new());
            };
            let earliest = schedule.by_time.iter().take(limit);
            Ok(earliest.map(|(at, key)| Deadline { key: key.to_string(), at: *at }).collect())
        })
    }
}

impl Schedule {
    fn set(&mut self, deadline: Deadline) {
        let key: Arc<str> = deadline.key.into();
        if let Some(before) = self.by_key.insert(Arc::clone(&key), deadline.at) {
            self.by_time.remove(&(before, Arc::clone(&key)));
        }
        self.by_time.insert((deadline.at, key));
    }

    fn clear(&mut self, deadline: &Deadline) {
        if self.by_key.get(deadline.key.as_str()) != Some(&deadline.at) {
            return;
        }
        if let Some((key, at)) = self.by_key.remove_entry(deadline.key.as_str()) {
            self.by_time.remove(&(at, key));
        }
    }
}
