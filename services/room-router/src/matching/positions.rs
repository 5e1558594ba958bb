//! Who is told that they have moved up.
//!
//! Once a second everybody in the queues that have moved is looked at, and is told the position if it is
//! another than they know by at least a twentieth: at the front each place counts, and one who leaves a
//! queue of ten thousand is no news to most of it. So a departure is told to some hundred people, however
//! long the queue. Whom a second has no room for is told in the next, who has waited longest for it first.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use heliograph_domain::{
    id::UserId,
    matching::{MatchingEvent, QueueStatus},
    time::Timestamp,
};

use super::{
    pool::Pool,
    ticket::{LineId, Stage, Ticket},
};

/// The part of a position that is no news.
const UNIMPORTANT: u64 = 20;

/// What people know of their positions.
#[derive(Default)]
pub(super) struct Positions {
    /// Those who were told since they came.
    told: HashMap<UserId, Told>,
    /// Queues that have moved since everybody in them was looked at.
    moved: BTreeSet<LineId>,
    /// Whether the deadline is set.
    pub(super) armed: bool,
}

#[derive(Clone, Copy)]
struct Told {
    position: u64,
    at: Timestamp,
}

impl Positions {
    /// From one time to the next.
    pub(super) const PERIOD: Duration = Duration::from_secs(1);

    /// Queues have moved. Gives whether the deadline has to be set.
    pub(super) fn moved(&mut self, lines: BTreeSet<LineId>) -> bool {
        self.moved.extend(lines);
        !self.armed && !self.moved.is_empty()
    }

    /// Whether somebody is left to be told.
    pub(super) fn is_waiting(&self) -> bool {
        !self.moved.is_empty()
    }

    /// Who has to be told now, at most so many.
    pub(super) fn due(&mut self, pool: &Pool, now: Timestamp, most: usize) -> Vec<(UserId, QueueStatus)> {
        // What somebody was told before they came again says nothing.
        self.told.retain(|user, told| pool.ticket(user).is_some_and(|ticket| ticket.waits_since(told.at)));
        let mut due = Vec::new();
        for line in std::mem::take(&mut self.moved) {
            for (user, status) in pool.places(&line) {
                let at_first = || pool.ticket(user).and_then(Ticket::entered);
                let known = self.told.get(user).copied().or_else(at_first);
                let is_news = known.is_none_or(|known| {
                    status.position.abs_diff(known.position) >= (status.position / UNIMPORTANT).max(1)
                });
                if !is_news {
                    continue;
                }
                let at = known.map_or(Timestamp::default(), |known| known.at);
                if now.since(at) < Self::PERIOD {
                    self.moved.insert(line.clone());
                } else {
                    due.push((at, line.clone(), user.clone(), status));
                }
            }
        }
        due.sort_by_key(|(at, ..)| *at);
        let later = due.split_off(most.min(due.len()));
        self.moved.extend(later.into_iter().map(|(_, line, ..)| line));
        let told = due.into_iter().map(|(_, _, user, status)| (user, status)).collect::<Vec<_>>();
        self.told.extend(told.iter().map(|(user, status)| (user.clone(), Told { position: status.position, at: now })));
        told
    }
}

impl Ticket {
    /// Whether the user waits, and did not come or come back since.
    fn waits_since(&self, at: Timestamp) -> bool {
        matches!(self.stage, Stage::Waiting(_)) && self.entered().is_none_or(|entered| entered.at <= at)
    }

    /// The position that the user was told when they came.
    fn entered(&self) -> Option<Told> {
        self.news.iter().rev().find_map(|event| match event {
            MatchingEvent::QueueEntered(status) => Some(Told { position: status.position, at: self.changed.at }),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::{
        id::{CommandId, QueueName},
        matching::{Criteria, MatchMode},
        user::{Name, User},
    };

    use super::*;
    use crate::matching::{enter::Entry, options::MatchingOptions};

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn user(number: usize) -> UserId {
        UserId::parse(&format!("u{number}")).unwrap()
    }

    fn options() -> MatchingOptions {
        MatchingOptions { waiting: 100_000, ..MatchingOptions::default() }
    }

    /// A queue of people who do not fit each other.
    fn queue(size: usize) -> Pool {
        let mut pool = Pool::default();
        for number in 0..size {
            let line = LineId { mode: MatchMode::Proposal, queue: QueueName::default() };
            let name = Name::parse("somebody").unwrap();
            let user = User { id: user(number), name, picture: None, guest: false };
            let criteria = Criteria { offers: Some(Vec::new()), wants: vec!["company".into()], body: None };
            let entry = Entry { user, line, criteria, command: CommandId::generate() };
            pool.enqueue(entry, START, &options()).unwrap();
            pool.stored(pool.version + 1);
        }
        pool.take_moved();
        pool
    }

    fn leave(pool: &mut Pool, number: usize, now: Timestamp) {
        assert!(pool.dequeue(&user(number), None, now, &options()));
    }

    fn seconds(count: u64) -> Timestamp {
        START + Duration::from_secs(count)
    }

    #[test]
    fn everybody_near_the_front_is_told_and_nobody_twice() {
        let (mut pool, mut positions) = (queue(4), Positions::default());
        leave(&mut pool, 1, seconds(5));
        assert!(positions.moved(pool.take_moved()));
        let told = positions.due(&pool, seconds(6), 100);
        let told: Vec<_> = told.iter().map(|(user, status)| (user.as_str(), status.position, status.size)).collect();
        assert_eq!(told, [("u2", 2, 3), ("u3", 3, 3)]);
        assert!(!positions.is_waiting());
        positions.moved(pool.lines.keys().cloned().collect());
        assert_eq!(positions.due(&pool, seconds(7), 100), []);
    }

    #[test]
    fn nobody_is_told_twice_within_a_second_and_the_newest_wins() {
        let (mut pool, mut positions) = (queue(4), Positions::default());
        leave(&mut pool, 0, seconds(5));
        positions.moved(pool.take_moved());
        assert_eq!(positions.due(&pool, seconds(6), 100).len(), 3);
        leave(&mut pool, 1, seconds(6));
        leave(&mut pool, 2, seconds(6));
        positions.moved(pool.take_moved());
        let soon = seconds(6) + Duration::from_millis(900);
        assert_eq!(positions.due(&pool, soon, 100), []);
        assert!(positions.is_waiting());
        let told = positions.due(&pool, seconds(7), 100);
        assert_eq!(told.iter().map(|(_, status)| status.position).collect::<Vec<_>>(), [1]);
        assert!(!positions.is_waiting());
    }

    #[test]
    fn one_who_leaves_a_long_queue_is_told_to_few() {
        let (mut pool, mut positions) = (queue(2_000), Positions::default());
        let mut told = 0;
        for number in 0..50 {
            leave(&mut pool, number, seconds(number as u64));
            positions.moved(pool.take_moved());
            told += positions.due(&pool, seconds(number as u64 + 1), 10_000).len();
        }
        assert!((500..10_000).contains(&told), "{told} were told of 50 departures");
    }

    #[test]
    fn whom_a_second_has_no_room_for_comes_first_in_the_next() {
        let (mut pool, mut positions) = (queue(50), Positions::default());
        (0..30).for_each(|number| leave(&mut pool, number, seconds(5)));
        positions.moved(pool.take_moved());
        let first: BTreeSet<_> = positions.due(&pool, seconds(6), 12).into_iter().map(|(user, _)| user).collect();
        let second: BTreeSet<_> = positions.due(&pool, seconds(7), 12).into_iter().map(|(user, _)| user).collect();
        assert_eq!((first.len(), second.len()), (12, 8));
        assert!(first.is_disjoint(&second));
        assert!(!positions.is_waiting());
    }
}
