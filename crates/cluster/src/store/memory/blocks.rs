//! Blocks in memory.

use std::collections::HashSet;

use heliograph_domain::{id::UserId, time::Timestamp};

use super::{
    super::{Block, Blocks, Step},
    clock::Clock,
    shards::Shards,
};

pub(super) struct MemoryBlocks {
    lists: Shards<UserId, List>,
    clock: Clock,
}

struct List {
    blocked: HashSet<UserId>,
    until: Timestamp,
}

impl MemoryBlocks {
    pub(super) fn new(clock: Clock) -> Self {
        Self { lists: Shards::default(), clock }
    }

    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    pub(super) fn sweep(&self, shard: usize, now: Timestamp) {
        self.lists.sweep(shard, |list| now < list.until);
    }

    fn see<T: Default>(&self, by: &UserId, see: impl FnOnce(&HashSet<UserId>) -> T) -> T {
        let lists = self.lists.lock(by);
        let list = lists.get(by).filter(|list| self.clock.now() < list.until);
        list.map(|list| see(&list.blocked)).unwrap_or_default()
    }
}

impl Blocks for MemoryBlocks {
    fn set<'a>(&'a self, by: &'a UserId, whom: &'a UserId, block: Block) -> Step<'a, bool> {
        Box::pin(async move {
            let mut lists = self.lists.lock(by);
            let until = self.clock.now() + block.age;
            let list = lists.entry(by.clone()).or_insert_with(|| List { blocked: HashSet::new(), until });
            if block.on && list.blocked.len() >= block.most && !list.blocked.contains(whom) {
                return Ok(false);
            }
            list.until = until;
            if block.on {
                list.blocked.insert(whom.clone());
            } else {
                list.blocked.remove(whom);
            }
            if list.blocked.is_empty() {
                lists.remove(by);
            }
            Ok(true)
        })
    }

    fn blocks<'a>(&'a self, by: &'a UserId, whom: &'a UserId) -> Step<'a, bool> {
        Box::pin(async move { Ok(self.see(by, |blocked| blocked.contains(whom))) })
    }

    fn list<'a>(&'a self, by: &'a UserId) -> Step<'a, Vec<UserId>> {
        Box::pin(async move { Ok(self.see(by, |blocked| blocked.iter().cloned().collect())) })
    }
}
