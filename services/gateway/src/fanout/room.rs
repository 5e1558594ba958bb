//! One room as far as this gateway's sockets attend it.

use std::{
    mem::{self, Discriminant},
    sync::Arc,
};

use heliograph_domain::{
    delivery::{Delivery, LogEntry, Place},
    event::Event,
    room::{Position, Standing},
    time::Timestamp,
};

use super::member::{Joining, Member};
use crate::clients::Attendance;

/// What is to be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is next.
    New,
    /// It is next that is told, but changes of the roster before this version are missing.
    Skipping(u64),
    /// It was handed out before.
    Old,
    /// Its number was handed out before, but it is younger than that: numbers may have gone back.
    Doubtful,
    /// Entries are missing; reading the log has to begin.
    Gap,
    /// The log is being read, and will bring this one too.
    Healing,
    /// It is of another log than was counted so far.
    OtherLog,
}

/// Entries of a log that are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// The newest entry that is there.
    pub(super) after: u64,
    /// The newest entry that the log is known to have.
    pub(super) up_to: u64,
}

/// What reading the log has brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Healed {
    /// The entries that are new, with their epoch.
    pub(super) fresh: Vec<(LogEntry, u64)>,
    /// Whose log cannot be continued.
    pub(super) broken: Option<Broken>,
}

/// How a room stands to what has been handed out here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Comparison {
    /// Whether reading the log has to begin.
    pub(super) behind: bool,
    /// Whose log cannot be continued.
    pub(super) broken: Option<Broken>,
    /// Whether changes of the roster up to the version compared with are missing.
    pub(super) roster_behind: bool,
}

/// Members for whom a log cannot be continued: there are entries between what they have and what there is
/// which nobody can give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// All of them: the log has lost entries that they have.
    All,
    /// Those who joined another log than that of this epoch.
    NotOf(u64),
    /// Those who do not have the entry before this one.
    Before(u64),
}

impl Broken {
    pub(super) fn concerns(self, attendance: &Attendance) -> bool {
        match self {
            Self::All => true,
            Self::NotOf(epoch) => attendance.epoch != epoch,
            Self::Before(seq) => attendance.seq() + 1 < seq,
        }
    }
}

/// See the module's description.
#[derive(Default)]
pub(super) struct LocalRoom {
    /// Copied when it changes while a worker writes to the members that it had.
    pub(super) members: Arc<Vec<Member>>,
    pub(super) joining: Vec<Arc<Joining>>,
    /// The newest entry that was handed out. `None` while nobody attends.
    last: Option<Position>,
    /// When that happened; `None` if it was handed out by the answer to a join.
    last_at: Option<Timestamp>,
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
            Place::Publication(_) | Place::None => Arrival::New,
            Place::Roster(version) => {
                let kind = Some(mem::discriminant(&delivery.event));
                if version < self.roster.0 || (version, kind) == self.roster {
                    return Arrival::Old;
                }
                let before = mem::replace(&mut self.roster, (version, kind));
                if version > before.0 + 1 { Arrival::Skipping(version) } else { Arrival::New }
            }
            Place::Log { epoch, seq } => self.arrive_in_log(epoch, seq, delivery.at),
        }
    }

    fn arrive_in_log(&mut self, epoch: u64, seq: u64, at: Timestamp) -> Arrival {
        let Some(last) = &mut self.last else { return Arrival::Old };
        if last.epoch != epoch {
            // The store lost the old log, and numbers start again.
            self.begin_log(Position { epoch, seq }, Some(at));
            return Arrival::OtherLog;
        }
        if seq <= last.seq {
            let younger = self.last_at.is_some_and(|last_at| at > last_at);
            return if younger { Arrival::Doubtful } else { Arrival::Old };
        }
        if let Some(wanted) = &mut self.wanted {
            *wanted = seq.max(*wanted);
            return Arrival::Healing;
        }
        if seq == last.seq + 1 {
            last.seq = seq;
            self.last_at = Some(at);
            return Arrival::New;
        }
        self.wanted = Some(seq);
        Arrival::Gap
    }

    /// Where this room stands here; `None` while nobody attends it.
    pub(super) fn stand(&self) -> Option<(Position, u64)> {
        self.last.map(|last| (last, self.roster.0))
    }

    /// Compares what was handed out here with where the room stands. `before` is where it stood here when the
    /// room was asked, if it was asked.
    pub(super) fn compare(&mut self, standing: &Standing, before: Option<(Position, u64)>) -> Comparison {
        let (Some(last), end) = (self.last, standing.position) else { return Comparison::default() };
        if last.epoch != end.epoch {
            return Comparison { broken: Some(Broken::NotOf(end.epoch)), ..Comparison::default() };
        }
        let has_gone_back = |(position, roster): (Position, u64)| {
            position.epoch == end.epoch && (end.seq < position.seq || standing.roster < roster)
        };
        if before.is_some_and(has_gone_back) {
            return Comparison { broken: Some(Broken::All), ..Comparison::default() };
        }
        let mut behind = false;
        if last.seq < end.seq {
            behind = self.wanted.is_none();
            self.wanted = self.wanted.max(Some(end.seq));
        }
        Comparison { behind, broken: None, roster_behind: self.roster.0 < standing.roster }
    }

    /// Nothing before this version of the roster will be told any more.
    pub(super) fn pass_over_roster(&mut self, version: u64) {
        if self.roster.0 < version {
            self.roster = (version, None);
        }
    }

    /// Takes entries that were read from the log, which ends at `end`. It was read because it was known to have
    /// entries up to `up_to`.
    pub(super) fn heal(&mut self, up_to: u64, entries: Vec<LogEntry>, end: Position) -> Healed {
        let Some(last) = &mut self.last else { return Healed::default() };
        if end.epoch != last.epoch {
            self.begin_log(end, None);
            return Healed { fresh: Vec::new(), broken: Some(Broken::NotOf(end.epoch)) };
        }
        if end.seq < up_to {
            // The log has lost what it is known to have had.
            self.begin_log(end, None);
            return Healed { fresh: Vec::new(), broken: Some(Broken::All) };
        }
        let mut healed = Healed { fresh: Vec::with_capacity(entries.len()), broken: None };
        let first = match &entries[..] {
            [] => Some(end.seq + 1),
            entries => entries.iter().map(|entry| entry.seq).find(|seq| *seq > last.seq),
        };
        if let Some(first) = first.filter(|first| *first > last.seq + 1) {
            // The log no longer holds what is between.
            healed.broken = Some(Broken::Before(first));
            last.seq = first - 1;
        }
        for entry in entries {
            if entry.seq > last.seq {
                last.seq = entry.seq;
                self.last_at = Some(entry.at);
                healed.fresh.push((entry, end.epoch));
            }
        }
        if self.wanted.is_some_and(|wanted| last.seq >= wanted) {
            self.wanted = None;
        }
        healed
    }

    /// What is still to be read from the log.
    pub(super) fn missing(&self) -> Option<Missing> {
        let (last, wanted) = (self.last?, self.wanted?);
        Some(Missing { after: last.seq, up_to: wanted })
    }

    /// A join was answered at this position. Gives whether it is the first here, so that counting begins
    /// with it.
    pub(super) fn begin_at(&mut self, position: Position, roster: u64) -> bool {
        let first = self.members.is_empty();
        if first {
            self.begin_log(position, None);
            self.roster = (roster, None);
        }
        first
    }

    fn begin_log(&mut self, position: Position, at: Option<Timestamp>) {
        self.last = Some(position);
        self.last_at = at;
        self.wanted = None;
    }

    pub(super) fn add(&mut self, member: Member) {
        let members = Arc::make_mut(&mut self.members);
        members.retain(|other| !other.recipient.is(&member.recipient));
        if members.len() == members.capacity() {
            // Most rooms are small: a quarter more, where a Vec would begin with four and double.
            members.reserve_exact(1 + members.len() / 4);
        }
        members.push(member);
    }

    /// Takes members out, and gives them.
    pub(super) fn remove(&mut self, which: impl Fn(&Member) -> bool) -> Vec<Member> {
        if !self.members.iter().any(&which) {
            return Vec::new();
        }
        let removed = Arc::make_mut(&mut self.members).extract_if(.., |member| which(member)).collect();
        if self.members.is_empty() {
            self.last = None;
            self.last_at = None;
            self.wanted = None;
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::{
        delivery::{Except, Target},
        id::SocketId,
        room::RoomId,
    };

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

    fn end(seq: u64) -> Position {
        Position { epoch: 7, seq }
    }

    fn standing(seq: u64, roster: u64) -> Standing {
        Standing { room: RoomId::parse("r").unwrap(), position: end(seq), roster }
    }

    fn numbers(healed: &Healed) -> Vec<u64> {
        healed.fresh.iter().map(|(entry, _)| entry.seq).collect()
    }

    const FINE: Comparison = Comparison { behind: false, broken: None, roster_behind: false };

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
        assert_eq!(room.arrive(&log(7)), Arrival::Gap);
        assert_eq!(room.missing(), Some(Missing { after: 4, up_to: 7 }));
        // Comes while the log is read: the answer may be older.
        assert_eq!(room.arrive(&log(8)), Arrival::Healing);
        let healed = room.heal(7, (5..=7).map(entry).collect(), end(7));
        assert_eq!((numbers(&healed), healed.broken), (vec![5, 6, 7], None));
        assert_eq!(room.missing(), Some(Missing { after: 7, up_to: 8 }));
        room.heal(8, vec![entry(8)], end(8));
        assert_eq!(room.missing(), None);
        assert_eq!(room.arrive(&log(9)), Arrival::New);
    }

    #[test]
    fn what_the_log_no_longer_holds_parts_those_who_lack_it() {
        let mut room = at(4);
        assert_eq!(room.arrive(&log(9)), Arrival::Gap);
        let healed = room.heal(9, vec![entry(8), entry(9)], end(9));
        assert_eq!((numbers(&healed), healed.broken), (vec![8, 9], Some(Broken::Before(8))));
        let attendance = |seq| Attendance::new(RoomId::parse("r").unwrap(), 0, end(1), seq);
        assert!(Broken::Before(8).concerns(&attendance(6)));
        assert!(!Broken::Before(8).concerns(&attendance(7)));

        room.arrive(&log(12));
        let healed = room.heal(12, vec![], end(12));
        assert_eq!((numbers(&healed), healed.broken), (vec![], Some(Broken::Before(13))));
        assert_eq!((room.missing(), room.arrive(&log(13))), (None, Arrival::New));
    }

    #[test]
    fn a_page_that_was_asked_for_earlier_says_nothing_about_what_is_missing_now() {
        let mut room = at(4);
        assert_eq!(room.heal(3, vec![entry(3), entry(4)], end(9)), Healed::default());
        assert_eq!(room.arrive(&log(5)), Arrival::New);
    }

    #[test]
    fn a_log_that_has_lost_what_was_told_of_it_parts_everybody() {
        let mut room = at(4);
        room.arrive(&log(9));
        assert_eq!(room.heal(9, vec![entry(5)], end(5)).broken, Some(Broken::All));
    }

    #[test]
    fn another_log_parts_those_who_joined_the_old_one() {
        let mut room = at(4);
        assert_eq!(room.arrive(&delivery(Place::Log { epoch: 8, seq: 1 })), Arrival::OtherLog);
        assert_eq!(room.arrive(&delivery(Place::Log { epoch: 8, seq: 1 })), Arrival::Old);
        assert_eq!(room.arrive(&delivery(Place::Log { epoch: 8, seq: 2 })), Arrival::New);
        let attendance = |epoch| Attendance::new(RoomId::parse("r").unwrap(), 0, Position { epoch, seq: 1 }, 1);
        assert!(Broken::NotOf(8).concerns(&attendance(7)));
        assert!(!Broken::NotOf(8).concerns(&attendance(8)));

        room = at(4);
        room.arrive(&log(6));
        assert_eq!(room.heal(6, vec![], Position { epoch: 8, seq: 3 }).broken, Some(Broken::NotOf(8)));
    }

    #[test]
    fn a_number_that_comes_again_with_another_time_is_doubtful() {
        let at_time = |seq, at| Delivery { at: Timestamp::from_millis(at), ..log(seq) };
        let mut room = at(4);
        // What the answer to a join had already may come late, and nobody knows its time.
        assert_eq!(room.arrive(&at_time(4, 900)), Arrival::Old);
        assert_eq!(room.arrive(&at_time(5, 1000)), Arrival::New);
        assert_eq!(room.arrive(&at_time(5, 1000)), Arrival::Old);
        assert_eq!(room.arrive(&at_time(4, 900)), Arrival::Old);
        assert_eq!(room.arrive(&at_time(5, 2000)), Arrival::Doubtful);
    }

    #[test]
    fn a_roster_change_is_told_once_and_a_missing_one_shows() {
        let mut room = at(4);
        assert_eq!(room.arrive(&delivery(Place::Roster(4))), Arrival::New);
        assert_eq!(room.arrive(&delivery(Place::Roster(4))), Arrival::Old);
        assert_eq!(room.arrive(&delivery(Place::Roster(3))), Arrival::Old);
        assert_eq!(room.arrive(&delivery(Place::Roster(6))), Arrival::Skipping(6));
        assert_eq!(room.arrive(&delivery(Place::Roster(7))), Arrival::New);
    }

    #[test]
    fn a_room_that_stands_further_is_read_from_the_log() {
        let mut room = at(4);
        assert_eq!(room.compare(&standing(4, 3), None), FINE);
        assert_eq!(room.compare(&standing(5, 3), None), Comparison { behind: true, ..FINE });
        assert_eq!(room.compare(&standing(6, 3), None), FINE);
        assert_eq!(room.missing(), Some(Missing { after: 4, up_to: 6 }));
        assert_eq!(room.arrive(&log(5)), Arrival::Healing);
        room.heal(6, vec![entry(5), entry(6)], end(6));
        assert_eq!(room.arrive(&log(7)), Arrival::New);
    }

    #[test]
    fn a_roster_that_stands_further_shows_until_it_is_passed_over() {
        let mut room = at(4);
        assert_eq!(room.compare(&standing(4, 5), None), Comparison { roster_behind: true, ..FINE });
        room.pass_over_roster(5);
        assert_eq!(room.compare(&standing(4, 5), None), FINE);
        assert_eq!(room.arrive(&delivery(Place::Roster(5))), Arrival::New, "of another kind");
        assert_eq!(room.arrive(&delivery(Place::Roster(6))), Arrival::New);
    }

    #[test]
    fn a_room_that_has_gone_back_since_it_was_asked_has_lost_something() {
        let mut room = at(4);
        let before = room.stand();
        room.arrive(&log(5));
        // An answer that is older than what has come since is no loss.
        assert_eq!(room.compare(&standing(4, 3), before), FINE);
        assert_eq!(room.compare(&standing(4, 3), None), FINE);
        for back in [standing(3, 3), standing(4, 2)] {
            assert_eq!(room.compare(&back, before).broken, Some(Broken::All));
        }
        let other = Standing { position: Position { epoch: 8, seq: 4 }, ..standing(4, 3) };
        assert_eq!(room.compare(&other, before).broken, Some(Broken::NotOf(8)));
    }
}
