//! Which rooms the store knows to have been written to lately.

use std::time::Duration;

use heliograph_domain::{room::RoomId, time::Timestamp};

use super::generations::Generations;

/// How long a mark stands for further writes. A mark is younger than that at any write, so that
/// a successor that looks back further than that finds it.
const MARKED: Duration = Duration::from_secs(30);

/// How long no mark is tried after one that could not be set.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Marks {
    rooms: Generations<RoomId, ()>,
    paused: Timestamp,
}

impl Marks {
    pub(super) fn new(limit: usize) -> Self {
        Self { rooms: Generations::new(limit, MARKED), paused: Timestamp::default() }
    }

    pub(super) fn wants(&mut self, room: &RoomId, now: Timestamp) -> bool {
        now >= self.paused && self.rooms.get(room, now).is_none()
    }

    pub(super) fn set(&mut self, room: &RoomId, now: Timestamp) {
        self.rooms.entry(room, now);
    }

    pub(super) fn pause(&mut self, now: Timestamp) {
        self.paused = now + PAUSE;
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&RoomId) -> bool) {
        self.rooms.retain(keep);
    }
}
