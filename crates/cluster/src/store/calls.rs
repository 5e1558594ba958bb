//! Calls: one small record each, changed by compare-and-set. The rules are a pure state machine in
//! the room-router; the store only guarantees that of two answers one wins.

use std::time::Duration;

use bytes::Bytes;
use heliograph_domain::id::CallId;

use super::Step;

/// Steps on one call.
pub trait Calls: Send + Sync + 'static {
    /// The record, `None` if there is no such call.
    fn load<'a>(&'a self, call: &'a CallId) -> Step<'a, Option<Versioned>>;

    /// Replaces the record if it still has version `expected` (0: if there is none). The record is
    /// forgotten after `ttl`. Gives whether it was replaced.
    fn save<'a>(&'a self, call: &'a CallId, expected: u64, record: Bytes, ttl: Duration) -> Step<'a, bool>;
}

/// A record and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Rises by one with each change; the first is 1.
    pub version: u64,
    /// The encoded record.
    pub record: Bytes,
}
