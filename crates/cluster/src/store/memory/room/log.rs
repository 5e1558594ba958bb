//! The log of a room: numbered entries, the newest of them kept.

use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;
use heliograph_domain::{
    command::Since,
    id::{MessageId, UserId},
    room::Position,
    text::Emoji,
    time::Timestamp,
};

use super::super::super::{Page, PageRange, Retention, StoredEntry};

pub(in super::super) struct Log {
    epoch: u64,
    /// The number of the newest entry ever appended.
    head: u64,
    /// The entries that are kept: those up to `head`, without holes.
    entries: VecDeque<Entry>,
    /// The numbers of the messages among them.
    messages: HashMap<MessageId, u64>,
}

struct Entry {
    at: Timestamp,
    event: Bytes,
    message: Option<Box<Message>>,
}

/// What a message has beyond other entries.
struct Message {
    id: MessageId,
    /// One of each kind per user. No more than there were entries since, so the log's length bounds it.
    marks: HashSet<(UserId, Emoji)>,
}

/// What a client has missed, see [`Log::since`].
pub(super) struct Missed {
    pub(super) entries: Vec<StoredEntry>,
    pub(super) whole: bool,
    pub(super) more: bool,
}

impl Log {
    pub(super) fn new(epoch: u64) -> Self {
        Self { epoch, head: 0, entries: VecDeque::new(), messages: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place of the newest entry.
    pub(super) fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.head }
    }

    /// The number of the oldest entry that is kept, or of the next one.
    fn first(&self) -> u64 {
        self.head + 1 - self.entries.len() as u64
    }

    pub(super) fn append_message(&mut self, id: MessageId, event: Bytes, at: Timestamp) {
        self.push(Entry { at, event, message: Some(Box::new(Message { id: id.clone(), marks: HashSet::new() })) });
        self.messages.insert(id, self.head);
    }

    /// Sets or takes back a mark and appends the event. `None` if there is no such message; else
    /// whether that changed something.
    pub(super) fn mark(
        &mut self,
        message: &MessageId,
        mark: (UserId, Emoji),
        on: bool,
        event: Bytes,
        at: Timestamp,
    ) -> Option<bool> {
        let place = self.messages.get(message)? - self.first();
        let marks = &mut self.entries[place as usize].message.as_mut()?.marks;
        let changed = if on { marks.insert(mark) } else { marks.remove(&mark) };
        if changed {
            self.push(Entry { at, event, message: None });
        }
        Some(changed)
    }

    fn push(&mut self, entry: Entry) {
        self.head += 1;
        self.entries.push_back(entry);
    }

    /// Drops entries beyond what is to be kept.
    pub(super) fn expire(&mut self, retention: Retention, now: Timestamp) {
        while let Some(oldest) = self.entries.front() {
            if self.entries.len() <= retention.entries && now < oldest.at + retention.age {
                return;
            }
            if let Some(message) = self.entries.pop_front().and_then(|entry| entry.message) {
                self.messages.remove(&message.id);
            }
        }
        self.entries = VecDeque::new();
        self.messages = HashMap::new();
    }

    /// The newest `limit` entries that a client lacks.
    pub(super) fn since(&self, since: Option<Since>, limit: usize) -> Missed {
        let known = match since {
            None => Some(self.head),
            Some(Since::Seq(seq)) => Some(seq),
            Some(Since::Position(position)) => (position.epoch == self.epoch).then_some(position.seq),
        };
        let Some(known) = known.filter(|known| *known <= self.head) else {
            return Missed { entries: Vec::new(), whole: false, more: false };
        };
        let from = self.first().max(known + 1);
        let newest = from.max((self.head + 1).saturating_sub(limit as u64));
        Missed { entries: self.copy(newest, self.head), whole: known + 1 >= self.first(), more: from < newest }
    }

    pub(in super::super) fn read(&self, range: PageRange, limit: usize) -> Page {
        let limit = limit as u64;
        let (from, to, more) = match range {
            PageRange::After(seq) => {
                let from = self.first().max(seq.saturating_add(1));
                let to = self.head.min(from.saturating_add(limit) - 1);
                (from, to, to < self.head)
            }
            PageRange::Before(seq) => {
                let to = self.head.min(seq.saturating_sub(1));
                let from = self.first().max((to + 1).saturating_sub(limit));
                (from, to, self.first() < from)
            }
        };
        Page { entries: self.copy(from, to), more, position: self.position() }
    }

    /// The entries from one number to another, both inclusive.
    fn copy(&self, from: u64, to: u64) -> Vec<StoredEntry> {
        if to < from {
            return Vec::new();
        }
        let first = self.first();
        let places = (from - first) as usize..=(to - first) as usize;
        (from..)
            .zip(self.entries.range(places))
            .map(|(seq, entry)| StoredEntry { seq, at: entry.at, event: entry.event.clone() })
            .collect()
    }
}
