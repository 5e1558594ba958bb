//! Sockets in a room, and those that are about to be.

use std::sync::Arc;

use heliograph_domain::delivery::{Delivery, Except, Place, Target};
use parking_lot::Mutex;

use crate::clients::{Attendance, Recipient};

/// A socket in a room.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) recipient: Recipient,
    pub(super) attendance: Arc<Attendance>,
    /// Version of the roster that its join was answered with.
    pub(super) roster: u64,
}

impl Member {
    /// Whether the delivery is meant for this socket, and tells it of the roster what it did not know when it
    /// joined: a change that others hear late may be older than the join.
    pub(super) fn hears(&self, delivery: &Delivery) -> bool {
        if matches!(delivery.place, Place::Roster(version) if version <= self.roster) {
            return false;
        }
        let Target::Room { except, .. } = &delivery.target else { return false };
        let Some(client) = self.recipient.client() else { return false };
        match except {
            Except::Nobody => true,
            Except::Socket(socket) => client.id != *socket,
            Except::User(user) => client.identity().is_none_or(|identity| identity.user.id != *user),
        }
    }
}

/// Deliveries kept for a join that is not answered yet.
#[derive(Debug)]
pub(super) struct Joining {
    /// `None` when there were more than `limit`.
    kept: Mutex<Option<Vec<Delivery>>>,
    limit: usize,
}

impl Joining {
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: Mutex::new(Some(Vec::new())), limit }
    }

    pub(super) fn keep(&self, delivery: &Delivery) {
        let mut kept = self.kept.lock();
        match &mut *kept {
            Some(deliveries) if deliveries.len() < self.limit => deliveries.push(delivery.clone()),
            _ => *kept = None,
        }
    }

    /// What was kept; `None` if it is not complete.
    pub(super) fn take(&self) -> Option<Vec<Delivery>> {
        self.kept.lock().take()
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::{event::Event, id::SocketId, room::RoomId, time::Timestamp};

    use super::*;

    #[test]
    fn a_join_that_waits_too_long_is_not_complete() {
        let delivery = Delivery {
            target: Target::Room { room: RoomId::parse("r").unwrap(), except: Except::Nobody },
            at: Timestamp::default(),
            place: Place::None,
            event: Event::HostChanged { host: SocketId::parse("s").unwrap() },
        };
        let joining = Joining::new(1);
        joining.keep(&delivery);
        joining.keep(&delivery);
        assert!(joining.take().is_none());
    }
}
