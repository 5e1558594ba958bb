//! Matching in memory: one map.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

use super::super::{Matching, Pool, RecordChange, Step};

#[derive(Default)]
pub(super) struct MemoryMatching {
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    version: u64,
    records: HashMap<String, Bytes>,
}

impl MemoryMatching {
    pub(super) fn len(&self) -> usize {
        self.all.lock().records.len()
    }
}

impl Matching for MemoryMatching {
    fn load(&self) -> Step<'_, Pool> {
        Box::pin(async move {
            let all = self.all.lock();
            let records = all.records.iter().map(|(name, record)| (name.clone(), record.clone()));
            Ok(Pool { version: all.version, records: records.collect() })
        })
    }

    fn version(&self) -> Step<'_, u64> {
        Box::pin(async move { Ok(self.all.lock().version) })
    }

    fn commit<'a>(&'a self, expected: u64, changes: &'a [RecordChange]) -> Step<'a, bool> {
        Box::pin(async move {
            let mut all = self.all.lock();
            if all.version != expected {
                return Ok(false);
            }
            all.version += 1;
            for RecordChange { name, record } in changes {
                match record {
                    Some(record) => drop(all.records.insert(name.clone(), record.clone())),
                    None => drop(all.records.remove(name)),
                }
            }
            Ok(true)
        })
    }
}
