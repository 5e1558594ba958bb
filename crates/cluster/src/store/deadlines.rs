//! Things to do later. They are stored with their partition, so that a new owner does what its
//! predecessor had set. Firing is an idempotent step: it may happen twice.

use heliograph_domain::time::Timestamp;

use super::Step;
use crate::partition::Partition;

/// Whose partitions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// Partitions of rooms.
    Rooms,
    /// Partitions of users.
    Presence,
}

/// Something to do at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// What, in the words of the service that set it. One deadline per key.
    pub key: String,
    /// When.
    pub at: Timestamp,
}

/// Deadlines of partitions.
pub trait Deadlines: Send + Sync + 'static {
    /// Sets a deadline; a later call with the same key moves it.
    fn set<'a>(&'a self, scope: Scope, partition: Partition, deadline: Deadline) -> Step<'a, ()>;

    /// Removes a deadline if it is still set for that time.
    fn clear<'a>(&'a self, scope: Scope, partition: Partition, deadline: &'a Deadline) -> Step<'a, ()>;

    /// The earliest deadlines of a partition, at most `limit`, whether due or not.
    fn earliest<'a>(&'a self, scope: Scope, partition: Partition, limit: usize) -> Step<'a, Vec<Deadline>>;
}
