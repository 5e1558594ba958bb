//! A queue: who waits in which order, and how fast it moves.

use std::{collections::BTreeMap, time::Duration};

use heliograph_domain::{id::UserId, time::Timestamp};

/// Of how many matches the pace is an average, about.
const AVERAGED: u32 = 8;

/// The order of those who wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    waiting: BTreeMap<i64, UserId>,
    pace: Option<Pace>,
}

/// How fast matches are made.
#[derive(Clone, Copy, Debug)]
struct Pace {
    last: Timestamp,
    /// From one match to the next; `None` after the first.
    interval: Option<Duration>,
}

impl Line {
    pub(super) fn insert(&mut self, place: i64, user: UserId) {
        self.waiting.insert(place, user);
    }

    pub(super) fn remove(&mut self, place: i64) {
        self.waiting.remove(&place);
    }

    /// Those who wait, in their order.
    pub(crate) fn waiting(&self) -> impl DoubleEndedIterator<Item = &UserId> {
        self.waiting.values()
    }

    pub(crate) fn size(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// The position of the one who has this place: 1 for who is first.
    pub(super) fn position(&self, place: i64) -> u64 {
        // Most who ask have just come.
        if self.back() == place + 1 {
            return self.size();
        }
        self.waiting.range(..=place).count() as u64
    }

    /// The place behind everybody.
    pub(super) fn back(&self) -> i64 {
        self.waiting.last_key_value().map_or(0, |(place, _)| place + 1)
    }

    /// The place before everybody.
    pub(super) fn front(&self) -> i64 {
        self.waiting.first_key_value().map_or(0, |(place, _)| place - 1)
    }

    /// Two of the line are matched.
    pub(super) fn matched(&mut self, now: Timestamp) {
        let interval = self.pace.map(|pace| {
            let newest = now.since(pace.last);
            pace.interval.map_or(newest, |mean| (mean * (AVERAGED - 1) + newest) / AVERAGED)
        });
        self.pace = Some(Pace { last: now, interval });
    }

    /// How long it takes until the one at a position is matched, if it goes on as it did: each match takes two.
    pub(super) fn estimate(&self, position: u64) -> Option<Duration> {
        let interval = self.pace?.interval?;
        let matches = u32::try_from(position.div_ceil(2)).unwrap_or(u32::MAX);
        Some(interval.saturating_mul(matches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    #[test]
    fn positions_count_those_who_are_before_one_in_the_line() {
        let mut line = Line::default();
        for name in ["ann", "bob", "cy"] {
            line.insert(line.back(), user(name));
        }
        line.insert(line.front(), user("dan"));
        assert_eq!(line.waiting().map(UserId::as_str).collect::<Vec<_>>(), ["dan", "ann", "bob", "cy"]);
        assert_eq!([-1, 0, 1, 2].map(|place| line.position(place)), [1, 2, 3, 4]);
        line.remove(0);
        assert_eq!([-1, 1, 2].map(|place| line.position(place)), [1, 2, 3]);
    }

    #[test]
    fn the_wait_is_estimated_from_the_second_match_on() {
        let (mut line, at) = (Line::default(), |seconds: u64| Timestamp::from_millis(seconds * 1000));
        line.matched(at(10));
        assert_eq!(line.estimate(1), None);
        line.matched(at(14));
        assert_eq!(line.estimate(1), Some(Duration::from_secs(4)));
        assert_eq!(line.estimate(2), Some(Duration::from_secs(4)));
        assert_eq!(line.estimate(5), Some(Duration::from_secs(12)));
        line.matched(at(30));
        assert_eq!(line.estimate(1), Some(Duration::from_millis(5500)));
    }
}
