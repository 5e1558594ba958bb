//! The deadlines of a partition.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use heliograph_domain::time::Timestamp;

use crate::{
    clock::Clock,
    partition::Partition,
    store::{Deadline, Deadlines, Scope, StoreError},
};

/// Sets deadlines, and knows when the next one of the worker's own partition is due. Clones share it.
#[derive(Clone)]
pub struct Timers {
    deadlines: Arc<dyn Deadlines>,
    scope: Scope,
    partition: Partition,
    clock: Clock,
    /// Milliseconds since the epoch.
    next: Arc<AtomicU64>,
}

impl Timers {
    pub(super) fn new(deadlines: Arc<dyn Deadlines>, scope: Scope, partition: Partition, clock: Clock) -> Self {
        Self { deadlines, scope, partition, clock, next: Arc::new(AtomicU64::new(0)) }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets a deadline in the partition of `owner` (a room or user id), or moves it.
    ///
    /// A deadline in a partition that another node owns is seen there within
    /// [`super::ServeOptions::refresh`].
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn set(&self, owner: &str, key: String, at: Timestamp) -> Result<(), StoreError> {
        let partition = Partition::of(owner);
        self.deadlines.set(self.scope, partition, Deadline { key, at }).await?;
        if partition == self.partition {
            self.expect(at);
        }
        Ok(())
    }

    /// Removes a deadline that is still set for this time.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn clear(&self, owner: &str, deadline: &Deadline) -> Result<(), StoreError> {
        self.deadlines.clear(self.scope, Partition::of(owner), deadline).await
    }

    /// Removes a deadline of this partition that was carried out.
    pub(super) async fn done(&self, deadline: &Deadline) -> Result<(), StoreError> {
        self.deadlines.clear(self.scope, self.partition, deadline).await
    }

    /// When the next deadline has to be looked at.
    pub(super) fn next(&self) -> Timestamp {
        Timestamp::from_millis(self.next.load(Ordering::Relaxed))
    }

    /// Looks again no later than then.
    pub(super) fn expect(&self, at: Timestamp) {
        self.next.fetch_min(at.as_millis(), Ordering::Relaxed);
    }

    /// Reads the deadlines that are due, at most `limit`, and notes when the next one is. Looks again
    /// within `refresh`: at a multiple of it, so that the partitions of a node look in one moment and their
    /// questions travel together.
    pub(super) async fn due(&self, limit: usize, refresh: Duration) -> Result<Vec<Deadline>, StoreError> {
        // Before reading: what is set meanwhile moves the time forward again.
        self.next.store(next_multiple(self.now(), refresh).as_millis(), Ordering::Relaxed);
        let mut earliest = self.deadlines.earliest(self.scope, self.partition, limit).await?;
        let now = self.now();
        if let Some(later) = earliest.iter().position(|deadline| deadline.at > now) {
            self.expect(earliest[later].at);
            earliest.truncate(later);
        }
        Ok(earliest)
    }
}

/// The first multiple of `period` after `now`.
fn next_multiple(now: Timestamp, period: Duration) -> Timestamp {
    let period = u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1);
    Timestamp::from_millis((now.as_millis() / period).saturating_add(1).saturating_mul(period))
}
