//! Rooms of which something may have been missed.

use std::collections::{HashMap, HashSet};

use heliograph_domain::room::{RoomId, Standing};
use heliograph_telemetry::metrics::Links;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Collects what is to be looked at, each thing once.
pub(crate) struct Doubts {
    open: Mutex<Open>,
    raised: Notify,
    limit: usize,
    metrics: Links,
}

/// What is to be looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    /// Every attended room, because something of whatever room was lost.
    pub(super) all: bool,
    /// Rooms of which it has to be asked where they stand.
    pub(super) rooms: HashSet<RoomId>,
    /// Rooms that stood further than what had come of them: by now it should have.
    pub(super) standings: HashMap<RoomId, Standing>,
}

impl Doubts {
    /// Doubts about at most `limit` rooms; of more, all are looked at.
    pub(super) fn new(limit: usize, metrics: Links) -> Self {
        Self { open: Mutex::default(), raised: Notify::new(), limit, metrics }
    }

    /// Something was lost, and nobody knows of which room.
    pub(crate) fn look_at_all(&self) {
        self.raise(|open| open.all = true);
    }

    /// Something of this room may be wrong.
    pub(super) fn look_at(&self, room: &RoomId) {
        self.raise(|open| {
            open.rooms.insert(room.clone());
        });
    }

    /// Something of this room is missing, or still on its way.
    pub(super) fn look_again(&self, standing: Standing) {
        self.raise(|open| {
            open.standings.insert(standing.room.clone(), standing);
        });
    }

    /// Waits until there are doubts.
    pub(super) async fn raised(&self) {
        self.raised.notified().await;
    }

    /// Takes what is to be looked at.
    pub(super) fn take(&self) -> Open {
        self.metrics.doubts.set(0);
        std::mem::take(&mut self.open.lock())
    }

    fn raise(&self, add: impl FnOnce(&mut Open)) {
        let mut open = self.open.lock();
        add(&mut open);
        let count = open.rooms.len() + open.standings.len();
        if count > self.limit {
            *open = Open { all: true, ..Open::default() };
        }
        self.metrics.doubts.set(i64::try_from(count).unwrap_or(i64::MAX));
        drop(open);
        self.raised.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::room::Position;

    use super::*;

    fn room(id: &str) -> RoomId {
        RoomId::parse(id).unwrap()
    }

    #[tokio::test]
    async fn each_room_is_looked_at_once_and_of_too_many_all() {
        let doubts = Doubts::new(2, Links::default());
        doubts.look_at(&room("a"));
        doubts.look_at(&room("a"));
        doubts.look_again(Standing { room: room("a"), position: Position::default(), roster: 1 });
        doubts.raised().await;
        let open = doubts.take();
        assert_eq!((open.all, open.rooms.len(), open.standings.len()), (false, 1, 1));
        assert_eq!(doubts.take(), Open::default());
        for id in ["a", "b", "c"] {
            doubts.look_at(&room(id));
        }
        assert_eq!(doubts.take(), Open { all: true, ..Open::default() });
    }
}
