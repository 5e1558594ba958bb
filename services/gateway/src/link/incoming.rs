//! The link from one sender, as far as its items have come: pure, time is an argument.
//!
//! Items are handed on in the order of their numbers, each once. What comes before its turn is kept until what
//! is missing has come, was given up by the sender, or would need too much room.

use std::{collections::BTreeMap, mem, time::Duration};

use bytes::Bytes;
use heliograph_domain::delivery::Parcel;
use tokio::time::Instant;

/// See the module's description.
pub(super) struct Incoming {
    /// Which of the sender's links to this gateway it is; 0 before the first parcel.
    link: u64,
    /// Number of the item whose turn it is.
    next: u64,
    /// The number after the newest item that is known to have been sent.
    sent: u64,
    early: BTreeMap<u64, Bytes>,
    early_bytes: usize,
    /// Since when something is missing.
    missing_since: Option<Instant>,
    /// When the sender was heard last.
    heard: Instant,
}

/// What a parcel has brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// The items whose turn it is, in order.
    pub(super) ready: Vec<Bytes>,
    /// Items that had come before.
    pub(super) repeated: usize,
    /// Whether items were passed over that will not come any more.
    pub(super) lost: bool,
}

impl Incoming {
    pub(super) fn new(now: Instant) -> Self {
        Self { link: 0, next: 1, sent: 1, early: BTreeMap::new(), early_bytes: 0, missing_since: None, heard: now }
    }

    /// Takes what the bus has brought. At most `limit` bytes are kept for their turn.
    pub(super) fn take(&mut self, parcel: Parcel, limit: usize, now: Instant) -> Taken {
        self.heard = now;
        if parcel.link == self.link && parcel.first == self.next && self.early.is_empty() {
            self.next = parcel.next();
            self.sent = self.sent.max(self.next);
            self.note_missing(now);
            return Taken { ready: parcel.items, ..Taken::default() };
        }
        let mut taken = Taken::default();
        if parcel.link < self.link {
            taken.repeated = parcel.items.len();
            return taken;
        }
        if parcel.link > self.link {
            if self.link > 0 {
                // The sender had given the link up. What was on it last, nobody can tell any more.
                self.give_up(&mut taken);
                taken.lost = true;
            }
            (self.link, self.next, self.sent) = (parcel.link, 1, 1);
        }
        self.sent = self.sent.max(parcel.next());
        for (number, item) in (parcel.first..).zip(parcel.items) {
            if number < self.next || self.early.contains_key(&number) {
                taken.repeated += 1;
            } else {
                self.early_bytes += item.len();
                self.early.insert(number, item);
            }
        }
        self.release(&mut taken);
        if self.early_bytes > limit {
            self.give_up(&mut taken);
        }
        self.note_missing(now);
        taken
    }

    /// Takes what the sender has sent again from a number on, because this gateway asked.
    pub(super) fn take_again(&mut self, parcel: Parcel, limit: usize, now: Instant) -> Taken {
        let mut taken = Taken::default();
        if parcel.link == self.link && parcel.first > self.next {
            // What is older is gone.
            self.pass_over(parcel.first, &mut taken);
        }
        let before = self.next;
        let rest = self.take(parcel, limit, now);
        let Taken { ready, repeated, lost } = rest;
        taken.ready.extend(ready);
        taken.repeated += repeated;
        taken.lost |= lost;
        if self.next == before && self.missing().is_some() {
            // An answer that brings nothing new will not bring it the next time.
            self.give_up(&mut taken);
            self.note_missing(now);
        }
        taken
    }

    /// Goes on without what is missing.
    pub(super) fn go_on(&mut self, now: Instant) -> Taken {
        let mut taken = Taken::default();
        self.give_up(&mut taken);
        self.note_missing(now);
        taken
    }

    /// The number of the first item that is missing, if any is.
    pub(super) fn missing(&self) -> Option<u64> {
        (self.next < self.sent).then_some(self.next)
    }

    /// For how long something has been missing.
    pub(super) fn missing_for(&self, now: Instant) -> Duration {
        self.missing_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// When the sender was heard last.
    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    /// Bytes of items that wait for their turn.
    pub(super) fn early_bytes(&self) -> usize {
        self.early_bytes
    }

    /// Hands on what has its turn now.
    fn release(&mut self, taken: &mut Taken) {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() != self.next {
                break;
            }
            let item = entry.remove();
            self.early_bytes -= item.len();
            self.next += 1;
            taken.ready.push(item);
        }
    }

    /// Passes over everything that is missing before number `to`.
    fn pass_over(&mut self, to: u64, taken: &mut Taken) {
        let later = self.early.split_off(&to);
        let due = mem::replace(&mut self.early, later);
        taken.lost |= (due.len() as u64) < to.saturating_sub(self.next);
        self.early_bytes -= due.values().map(Bytes::len).sum::<usize>();
        taken.ready.extend(due.into_values());
        self.next = self.next.max(to);
        self.release(taken);
    }

    fn give_up(&mut self, taken: &mut Taken) {
        self.pass_over(self.sent, taken);
    }

    fn note_missing(&mut self, now: Instant) {
        self.missing_since = self.missing().map(|_| self.missing_since.unwrap_or(now));
    }
}

#[cfg(test)]
mod tests {
    use heliograph_domain::id::NodeId;

    use super::*;

    const LIMIT: usize = 1000;

    /// An item is the text of its number.
    fn parcel(link: u64, first: u64, count: u64) -> Parcel {
        let items = (first..first + count).map(|number| number.to_string().into()).collect();
        Parcel { sender: NodeId::parse("router-1").unwrap(), link, first, items }
    }

    struct Link {
        incoming: Incoming,
        now: Instant,
    }

    impl Link {
        fn new() -> Self {
            let now = Instant::now();
            Self { incoming: Incoming::new(now), now }
        }

        fn come(&mut self, first: u64, count: u64) -> (Vec<u64>, usize, bool) {
            told(self.incoming.take(parcel(1, first, count), LIMIT, self.now))
        }

        fn come_again(&mut self, first: u64, count: u64) -> (Vec<u64>, usize, bool) {
            told(self.incoming.take_again(parcel(1, first, count), LIMIT, self.now))
        }
    }

    fn told(taken: Taken) -> (Vec<u64>, usize, bool) {
        let numbers = taken.ready.iter().map(|item| std::str::from_utf8(item).unwrap().parse().unwrap());
        (numbers.collect(), taken.repeated, taken.lost)
    }

    #[test]
    fn items_are_handed_on_as_they_come() {
        let mut link = Link::new();
        assert_eq!(link.come(1, 2), (vec![1, 2], 0, false));
        assert_eq!(link.come(3, 1), (vec![3], 0, false));
        assert_eq!(link.come(4, 0), (vec![], 0, false));
        assert_eq!(link.incoming.missing(), None);
    }

    #[test]
    fn what_has_come_before_is_dropped() {
        let mut link = Link::new();
        link.come(1, 3);
        assert_eq!(link.come(1, 3), (vec![], 3, false));
        assert_eq!(link.come(2, 3), (vec![4], 2, false));
        link.come(6, 1);
        assert_eq!(link.come(6, 1), (vec![], 1, false));
    }

    #[test]
    fn what_comes_early_waits_for_its_turn() {
        let mut link = Link::new();
        assert_eq!(link.come(3, 2), (vec![], 0, false));
        assert_eq!(link.incoming.missing(), Some(1));
        assert_eq!(link.come(2, 1), (vec![], 0, false));
        assert_eq!(link.come(1, 1), (vec![1, 2, 3, 4], 0, false));
        assert_eq!((link.incoming.missing(), link.incoming.early_bytes()), (None, 0));
    }

    #[test]
    fn silence_after_a_lost_item_is_noticed() {
        let mut link = Link::new();
        link.come(1, 1);
        assert_eq!(link.come(3, 0), (vec![], 0, false));
        assert_eq!(link.incoming.missing(), Some(2));
        assert_eq!(link.come_again(2, 1), (vec![2], 0, false));
        assert_eq!(link.incoming.missing(), None);
    }

    #[test]
    fn what_the_sender_has_no_longer_is_passed_over_in_order() {
        let mut link = Link::new();
        link.come(1, 1);
        link.come(3, 1);
        link.come(6, 1);
        assert_eq!(link.come_again(5, 2), (vec![3, 5, 6], 1, true));
        assert_eq!(link.incoming.missing(), None);
    }

    #[test]
    fn an_answer_that_holds_a_part_leaves_the_rest_to_be_asked_for() {
        let mut link = Link::new();
        link.come(6, 1);
        assert_eq!(link.come_again(1, 3), (vec![1, 2, 3], 0, false));
        assert_eq!(link.incoming.missing(), Some(4));
        assert_eq!(link.come_again(4, 3), (vec![4, 5, 6], 1, false));
    }

    #[test]
    fn an_answer_that_brings_nothing_is_not_asked_for_twice() {
        let mut link = Link::new();
        link.come(4, 1);
        assert_eq!(link.come_again(1, 0), (vec![4], 0, true));
        assert_eq!(link.incoming.missing(), None);
    }

    #[test]
    fn without_an_answer_it_goes_on_with_what_there_is() {
        let mut link = Link::new();
        link.come(3, 1);
        link.come(5, 1);
        link.come(9, 0);
        assert_eq!(told(link.incoming.go_on(link.now)), (vec![3, 5], 0, true));
        assert_eq!(link.come(9, 1), (vec![9], 0, false));
        assert_eq!(told(link.incoming.go_on(link.now)), (vec![], 0, false));
    }

    #[test]
    fn only_so_much_waits_for_its_turn() {
        let mut link = Link::new();
        let taken = link.incoming.take(parcel(1, 100, 400), LIMIT, link.now);
        let (numbers, _, lost) = told(taken);
        assert_eq!((numbers.len(), lost, link.incoming.early_bytes()), (400, true, 0));
        assert_eq!(link.come(500, 1), (vec![500], 0, false));
    }

    #[test]
    fn a_link_that_replaces_another_begins_anew() {
        let mut link = Link::new();
        link.come(1, 5);
        link.come(8, 1);
        assert_eq!(told(link.incoming.take(parcel(2, 1, 1), LIMIT, link.now)), (vec![8, 1], 0, true));
        assert_eq!(link.come(9, 1), (vec![], 1, false));
        assert_eq!(told(link.incoming.take(parcel(2, 2, 1), LIMIT, link.now)), (vec![2], 0, false));
    }

    #[test]
    fn it_is_known_for_how_long_something_is_missing() {
        let mut link = Link::new();
        let begun = link.now;
        link.come(2, 1);
        link.now += Duration::from_secs(1);
        link.come(4, 1);
        link.now += Duration::from_secs(1);
        assert_eq!(link.incoming.missing_for(link.now), Duration::from_secs(2));
        assert_eq!(link.incoming.heard(), begun + Duration::from_secs(1));
        link.come(1, 1);
        link.come(3, 1);
        assert_eq!(link.incoming.missing_for(link.now), Duration::ZERO);
    }
}
