//! Matching: small records of everybody who waits, is asked or is invited, changed together by
//! compare-and-set. The rules are a pure state machine in the room-router; the store only guarantees that a
//! step is carried out as a whole, and on what its maker has seen.

use bytes::Bytes;

use super::Step;

/// Steps on the records of matching.
pub trait Matching: Send + Sync + 'static {
    /// Every record, as they all were at one moment.
    fn load(&self) -> Step<'_, Pool>;

    /// The number of the newest step; 0 if there was none.
    fn version(&self) -> Step<'_, u64>;

    /// Writes and removes records in one step, if no other step has come after number `expected`: it is the
    /// next one then. Gives whether it was carried out.
    fn commit<'a>(&'a self, expected: u64, changes: &'a [RecordChange]) -> Step<'a, bool>;
}

/// All records of matching.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pool {
    /// The number of the newest step.
    pub version: u64,
    /// Names and records, in no order.
    pub records: Vec<(String, Bytes)>,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// The record's name.
    pub name: String,
    /// What it is from now on; `None` if it is removed.
    pub record: Option<Bytes>,
}
