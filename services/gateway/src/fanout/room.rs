//! One room as far as this gateway's sockets attend it.

use std::{mem::Discriminant, sync::Arc};

use heliograph_domain::{
    delivery::{Delivery, Except, LogEntry, Place, Target},
    event::Event,
    room::Position,
};
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

    fn keep(&self, delivery: &Delivery) {
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

/// What is to be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is next.
    New,
    /// It was handed out before.
    Old,
    /// Entries are missing after `after`; reading the log has to begin.
    Gap { after: u64 },
    /// The log is being read, and will bring this one too.
    Healing,
}

/// See the module's description.
#[derive(Default)]
pub(super) struct LocalRoom {
    /// Copied when it changes while a worker writes to the members that it had.
    pub(super) members: Arc<Vec<Member>>,
    pub(super) joining: Vec<Arc<Joining>>,
    /// The newest entry that was handed out. `None` while nobody attends.
    last: Option<Position>,
    /// The newest number seen while the log is read.
    wanted: Option<u64>,
    /// Version and kind of the roster's newest change: one step may make two kinds of event.
    roster: (u64, Option<Discriminant<Event>>),
}

impl LocalRoom {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.joining.is_empty()
    }

    pub(super) fn keep_for_joiners(&self, delivery: &Delivery) {
        for joining in &self.joining {
            joining.keep(delivery);
        }
    }

    /// Judges a delivery by its place, and counts it if it is new.
    pub(super) fn arrive(&mut self, delivery: &Delivery) -> Arrival {
        match delivery.place {
            Place::None => Arrival::New,
            Place::Roster(version) => {
                let kind = Some(std::mem::discriminant(&delivery.event));
                if version < self.roster.0 || (version, kind) == self.roster {
                    return Arrival::Old;
                }
                self.roster = (version, kind);
                Arrival::New
            }
            Place::Log { epoch, seq } => self.arrive_in_log(epoch, seq),
        }
    }

    fn arrive_in_log(&mut self, epoch: u64, seq: u64) -> Arrival {
        let Some(last) = &mut self.last else { return Arrival::Old };
        if last.epoch != epoch {
            // Another log: the store lost the old one. Numbers start again; whoever recovers a session
            // over this break is told that it is not whole.
            *last = Position { epoch, seq };
            self.wanted = None;
            return Arrival::New;
        }
        if seq <= last.seq {
            return Arrival::Old;
        }
        if let Some(wanted) = &mut self.wanted {
            *wanted = seq.max(*wanted);
            return Arrival::Healing;
        }
        if seq == last.seq + 1 {
            last.seq = seq;
            return Arrival::New;
        }
        self.wanted = Some(seq);
        Arrival::Gap { after: last.seq }
    }

    /// The log ends there. Gives after which entry reading it has to begin, if it has to.
    pub(super) fn stands_at(&mut self, end: Position) -> Option<u64> {
        let last = self.last.filter(|last| last.epoch == end.epoch && last.seq < end.seq)?;
        let reading = self.wanted.is_some();
        self.wanted = self.wanted.max(Some(end.seq));
        (!reading).then_some(last.seq)
    }

    /// Takes entries that were read from the log. Gives those that are new, with their epoch.
    pub(super) fn heal(&mut self, entries: Vec<LogEntry>, end: Position) -> Vec<(LogEntry, u64)> {
        let Some(last) = &mut self.last else { return Vec::new() };
        let mut fresh = Vec::with_capacity(entries.len());
        if end.epoch == last.epoch {
            for entry in entries {
                // What the log no longer holds cannot be had; what it holds follows in order.
                if entry.seq > last.seq {
                    last.seq = entry.seq;
                    fresh.push((entry, end.epoch));
                }
            }
        } else {
            *last = end;
        }
        if self.wanted.is_some_and(|wanted| last.seq >= wanted || end.seq <= last.seq) {
            self.wanted = None;
        }
        fresh
    }

    /// After which entry the log must be read once more, if it must.
    pub(super) fn still_missing(&self) -> Option<u64> {
        self.wanted.and(self.last).map(|last| last.seq)
    }

    pub(super) fn last_seq(&self) -> Option<u64> {
        self.last.map(|last| last.seq)
    }

    /// A join was answered at this position. Gives whether it is the first here, so that counting begins
    /// with it.
    pub(super) fn begin_at(&mut self, position: Position, roster: u64) -> bool {
        if self.members.is_empty() {
            self.last = Some(position);
            self.roster = (roster, None);
            self.wanted = None;
            return true;
        }
        false
    }

    pub(super) fn add(&mut self, member: Member) {
        let members = Arc::make_mut(&mut self.members);
        members.retain(|other| !other.recipient.is(&member.recipient));
        // Most rooms are small: the usual growth would give each of them room for four.
        if members.len() < 4 {
            members.reserve_exact(1);
        }
        members.push(member);
    }

    pub(super) fn remove(&mut self, which: impl Fn(&Member) -> bool) {
        if self.members.iter().any(&which) {
            Arc::make_mut(&mut self.members).retain(|member| !which(member));
        }
        if self.members.is_empty() {
            self.last = None;
            self.wanted = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::{delivery::Except, id::SocketId, room::RoomId, time::Timestamp};

    use super::*;

    fn delivery(place: Place) -> Delivery {
        Delivery {
            target: Target::Room { room: RoomId::parse("r").unwrap(), except: Except::Nobody },
            at: Timestamp::default(),
            place,
            event: Event::HostChanged { host: SocketId::parse("s").unwrap() },
        }
    }

    fn log(seq: u64) -> Delivery {
        delivery(Place::Log { epoch: 7, seq })
    }

    fn entry(seq: u64) -> LogEntry {
        LogEntry { seq, at: Timestamp::default(), event: log(seq).event }
    }

    fn at(seq: u64) -> LocalRoom {
        let mut room = LocalRoom::default();
        assert!(room.begin_at(Position { epoch: 7, seq }, 3));
        room
    }

    #[test]
    fn entries_are_handed_out_once_and_in_order() {
        let mut room = at(4);
        assert_eq!(room.arrive(&log(4)), Arrival::Old);
        assert_eq!(room.arrive(&log(5)), Arrival::New);
        assert_eq!(room.arrive(&log(5)), Arrival::Old);
        assert_eq!(room.arrive(&log(6)), Arrival::New);
    }

    #[test]
    fn a_skipped_number_is_read_from_the_log_with_all_that_came_meanwhile() {
        let mut room = at(4);
        assert_eq!(room.arrive(&log(7)), Arrival::Gap { after: 4 });
        assert_eq!(room.arrive(&log(8)), Arrival::Healing);
        let end = |seq| Position { epoch: 7, seq };
        let fresh = room.heal((5..=7).map(entry).collect(), end(8));
        assert_eq!(fresh.iter().map(|(entry, _)| entry.seq).collect::<Vec<_>>(), [5, 6, 7]);
        assert_eq!(room.still_missing(), Some(7));
        room.heal(vec![entry(8)], end(8));
        assert_eq!(room.still_missing(), None);
        assert_eq!(room.arrive(&log(9)), Arrival::New);
    }

    #[test]
    fn a_room_that_stands_further_is_read_from_the_log() {
        let mut room = at(4);
        assert_eq!(room.stands_at(Position { epoch: 7, seq: 4 }), None);
        assert_eq!(room.stands_at(Position { epoch: 7, seq: 5 }), Some(4));
        assert_eq!(room.stands_at(Position { epoch: 7, seq: 6 }), None);
        assert_eq!(room.arrive(&log(5)), Arrival::Healing);
        room.heal(vec![entry(5), entry(6)], Position { epoch: 7, seq: 6 });
        assert_eq!(room.arrive(&log(7)), Arrival::New);
    }

    #[test]
    fn a_new_log_starts_again() {
        let mut room = at(4);
        assert_eq!(room.arrive(&delivery(Place::Log { epoch: 8, seq: 1 })), Arrival::New);
        assert_eq!(room.arrive(&delivery(Place::Log { epoch: 8, seq: 1 })), Arrival::Old);
    }

    #[test]
    fn a_roster_change_is_told_once() {
        let mut room = at(4);
        assert_eq!(room.arrive(&delivery(Place::Roster(4))), Arrival::New);
        assert_eq!(room.arrive(&delivery(Place::Roster(4))), Arrival::Old);
        assert_eq!(room.arrive(&delivery(Place::Roster(3))), Arrival::Old);
    }

    #[test]
    fn a_join_that_waits_too_long_is_not_complete() {
        let joining = Joining::new(1);
        joining.keep(&log(1));
        joining.keep(&log(2));
        assert!(joining.take().is_none());
    }
}
