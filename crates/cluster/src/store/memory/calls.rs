//! Calls in memory: records with a version.

use std::time::Duration;

use bytes::Bytes;
use heliograph_domain::{id::CallId, time::Timestamp};

use super::{
    super::{Calls, Step, Versioned},
    clock::Clock,
    shards::Shards,
};

pub(super) struct MemoryCalls {
    calls: Shards<CallId, Call>,
    clock: Clock,
}

struct Call {
    current: Versioned,
    until: Timestamp,
}

impl MemoryCalls {
    pub(super) fn new(clock: Clock) -> Self {
        Self { calls: Shards::default(), clock }
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn sweep(&self, shard: usize, now: Timestamp) {
        self.calls.sweep(shard, |call| now < call.until);
    }
}

impl Calls for MemoryCalls {
    fn load<'a>(&'a self, call: &'a CallId) -> Step<'a, Option<Versioned>> {
        Box::pin(async move {
            let now = self.clock.now();
            let calls = self.calls.lock(call);
            let live = calls.get(call).filter(|call| now < call.until);
            Ok(live.map(|call| call.current.clone()))
        })
    }

    fn save<'a>(&'a self, call: &'a CallId, expected: u64, record: Bytes, ttl: Duration) -> Step<'a, bool> {
        Box::pin(async move {
            let now = self.clock.now();
            let mut calls = self.calls.lock(call);
            let live = calls.get(call).filter(|call| now < call.until);
            if live.map_or(0, |call| call.current.version) != expected {
                return Ok(false);
            }
            let current = Versioned { version: expected + 1, record };
            let until = now + ttl;
            calls.insert(call.clone(), Call { current, until });
            Ok(true)
        })
    }
}
