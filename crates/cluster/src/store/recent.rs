//! Rooms that were written to lately. Who takes over a partition tells the gateways where these stand:
//! its predecessor may have stored something and not sent it.

use std::time::Duration;

use heliograph_domain::{room::RoomId, time::Timestamp};

use super::Step;
use crate::partition::Partition;

/// How long a mark is kept.
pub const RECENT: Duration = Duration::from_secs(180);

/// Marks on rooms, by partition. A mark is set before the room is written to, and stands for the
/// writes of a while, so that it costs little.
pub trait Recent: Send + Sync + 'static {
    /// Marks a room, for [`RECENT`].
    fn mark<'a>(&'a self, partition: Partition, room: &'a RoomId, now: Timestamp) -> Step<'a, ()>;

    /// The rooms of a partition that were marked at `since` or later, the newest mark first, at most
    /// `limit`.
    fn rooms<'a>(&'a self, partition: Partition, since: Timestamp, limit: usize) -> Step<'a, Vec<RoomId>>;
}
