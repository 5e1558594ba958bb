//! What a client was sent, for as long as it may ask for it again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use heliograph_gateway::application::Frame;

/// Most events kept for one client.
const MOST: usize = 1_000;

/// The numbered events of one client, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    events: VecDeque<Sent>,
    /// The newest number that was forgotten: what follows it is complete.
    floor: u64,
}

#[derive(Debug)]
struct Sent {
    number: u64,
    at: Instant,
    frame: Frame,
}

impl History {
    /// Notes an event, and forgets those that are older than `window` or too many.
    pub(crate) fn push(&mut self, number: u64, frame: Frame, now: Instant, window: Duration) {
        self.events.push_back(Sent { number, at: now, frame });
        while let Some(first) = self.events.front() {
            if self.events.len() <= MOST && now.duration_since(first.at) <= window {
                return;
            }
            self.floor = first.number;
            self.events.pop_front();
        }
    }

    /// True if `number` was given to this client, and nothing that came later is forgotten.
    pub(crate) fn knows(&self, number: u64) -> bool {
        (number == self.floor && number > 0) || self.events.iter().any(|sent| sent.number == number)
    }

    /// The events behind `number`, in order.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Frame> {
        self.events.iter().filter(move |sent| sent.number > number).map(|sent| &sent.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(20);

    #[test]
    fn what_follows_a_known_number_comes_in_order() {
        let now = Instant::now();
        let mut history = History::default();
        for number in [3, 5, 8] {
            history.push(number, Frame::message(&number.to_string()), now, WINDOW);
        }
        assert!(history.knows(3) && history.knows(8) && !history.knows(4) && !history.knows(0));
        let after: Vec<_> = history.after(3).cloned().collect();
        assert_eq!(after, [Frame::message("5"), Frame::message("8")]);
    }

    #[test]
    fn a_client_that_saw_the_last_forgotten_event_has_missed_nothing() {
        let start = Instant::now();
        let mut history = History::default();
        history.push(1, Frame::message("1"), start, WINDOW);
        history.push(2, Frame::message("2"), start, WINDOW);
        history.push(3, Frame::message("3"), start + WINDOW + WINDOW, WINDOW);
        assert!(!history.knows(1));
        assert!(history.knows(2));
        assert_eq!(history.after(2).count(), 1);
    }
}
