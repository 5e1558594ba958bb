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
    /// Apart, so that a room without messages takes no memory for them.
    kept: Option<Box<Kept>>,
}

/// The entries that are kept.
#[derive(Default)]
struct Kept {
    /// Those up to the log's head, without holes. Never empty.
    entries: VecDeque<Entry>,
    /// The numbers of the messages among them.
    messages: HashMap<MessageId, u64>,
}

struct Entry {
    at: Timestamp,
    event: Bytes,
    kind: Kind,
}

/// What an entry is.
pub(super) enum Kind {
    Message(Box<Message>),
    /// Which one.
    CodeChange(u64),
    Stroke,
    Other,
}

/// What a message has beyond other entries.
pub(super) struct Message {
    id: MessageId,
    /// One of each kind per user. No more than there were entries since, so the log's length bounds it.
    marks: HashSet<(UserId, Emoji)>,
}

impl Entry {
    fn stored(&self, seq: u64) -> StoredEntry {
        let version = match self.kind {
            Kind::CodeChange(version) => Some(version),
            Kind::Message(_) | Kind::Stroke | Kind::Other => None,
        };
        StoredEntry { seq, at: self.at, event: self.event.clone(), version }
    }
}

/// What a client has missed, see [`Log::since`].
pub(super) struct Missed {
    pub(super) entries: Vec<StoredEntry>,
    pub(super) whole: bool,
    pub(super) more: bool,
}

impl Log {
    pub(super) fn new(epoch: u64) -> Self {
        Self { epoch, head: 0, kept: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_none()
    }

    /// The place of the newest entry.
    pub(super) fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.head }
    }

    /// The number of the oldest entry that is kept, or of the next one.
    fn first(&self) -> u64 {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.entries.len());
        self.head + 1 - kept as u64
    }

    /// The number of a message that is kept.
    pub(super) fn number_of(&self, message: &MessageId) -> Option<u64> {
        self.kept.as_ref()?.messages.get(message).copied()
    }

    pub(super) fn append_message(&mut self, id: MessageId, event: Bytes, at: Timestamp) {
        let message = Message { id: id.clone(), marks: HashSet::new() };
        let seq = self.head + 1;
        let kept = self.push(Entry { at, event, kind: Kind::Message(Box::new(message)) });
        kept.messages.insert(id, seq);
    }

    pub(super) fn append_code_change(&mut self, version: u64, event: Bytes, at: Timestamp) {
        self.push(Entry { at, event, kind: Kind::CodeChange(version) });
    }

    pub(super) fn append_stroke(&mut self, event: Bytes, at: Timestamp) {
        self.push(Entry { at, event, kind: Kind::Stroke });
    }

    /// Drops all entries and appends the event.
    pub(super) fn clear(&mut self, event: Bytes, at: Timestamp) {
        self.kept = None;
        self.push(Entry { at, event, kind: Kind::Other });
    }

    /// Puts the event in the place of a message and appends it. Gives whether there is such a message.
    pub(super) fn delete(&mut self, message: &MessageId, event: Bytes, at: Timestamp) -> bool {
        let first = self.first();
        let Some(kept) = self.kept.as_mut() else { return false };
        let Some(seq) = kept.messages.remove(message) else { return false };
        if let Some(entry) = kept.entries.get_mut((seq - first) as usize) {
            (entry.event, entry.kind) = (event.clone(), Kind::Other);
        }
        self.push(Entry { at, event, kind: Kind::Other });
        true
    }

    /// All entries.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (StoredEntry, &Kind)> {
        let entries = self.kept.iter().flat_map(|kept| kept.entries.iter().rev());
        (1..=self.head).rev().zip(entries).map(|(seq, entry)| (entry.stored(seq), &entry.kind))
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
        let first = self.first();
        let kept = self.kept.as_mut()?;
        let place = kept.messages.get(message)? - first;
        let Kind::Message(marked) = &mut kept.entries.get_mut(place as usize)?.kind else { return None };
        let marks = &mut marked.marks;
        let changed = if on { marks.insert(mark) } else { marks.remove(&mark) };
        if changed {
            self.push(Entry { at, event, kind: Kind::Other });
        }
        Some(changed)
    }

    fn push(&mut self, entry: Entry) -> &mut Kept {
        self.head += 1;
        let kept = self.kept.get_or_insert_default();
        kept.entries.push_back(entry);
        kept
    }

    /// Drops entries beyond what is to be kept.
    pub(super) fn expire(&mut self, retention: Retention, now: Timestamp) {
        let Some(kept) = &mut self.kept else {
            return;
        };
        while let Some(oldest) = kept.entries.front() {
            if kept.entries.len() <= retention.entries && now < oldest.at + retention.age {
                return;
            }
            if let Some(Entry { kind: Kind::Message(message), .. }) = kept.entries.pop_front() {
                kept.messages.remove(&message.id);
            }
        }
        self.kept = None;
    }

    /// The newest `limit` entries that a client lacks.
    pub(super) fn since(&self, since: Option<Since>, limit: usize) -> Missed {
        let known = match since {
            None => Some(self.head),
            Some(Since::Seq(seq)) => Some(seq),
            // Whoever asks has looked it up.
            Some(Since::Delivered) => None,
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
        let Some(kept) = self.kept.as_ref().filter(|_| from <= to) else {
            return Vec::new();
        };
        let first = self.first();
        let places = (from - first) as usize..=(to - first) as usize;
        (from..).zip(kept.entries.range(places)).map(|(seq, entry)| entry.stored(seq)).collect()
    }
}
