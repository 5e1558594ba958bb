//! What a room holds, read at once.

use heliograph_domain::id::SocketId;

use super::{
    super::super::{ContentsLimits, StoredContents, StoredDocument, StoredEntry},
    Room,
    log::Kind,
};

/// The newest entries of one kind that fit.
struct Part {
    /// Newest first.
    entries: Vec<StoredEntry>,
    most: usize,
    bytes: usize,
    /// Whether there was one that did not fit.
    is_full: bool,
}

impl Part {
    fn new(most: usize, bytes: usize) -> Self {
        Self { entries: Vec::new(), most, bytes, is_full: false }
    }

    fn take(&mut self, entry: StoredEntry) {
        let fits = entry.event.len() <= self.bytes && self.entries.len() < self.most;
        if self.is_full || !fits {
            self.is_full = true;
            return;
        }
        self.bytes -= entry.event.len();
        self.entries.push(entry);
    }

    fn oldest_first(mut self) -> Vec<StoredEntry> {
        self.entries.reverse();
        self.entries
    }
}

impl Room {
    pub(super) fn contents(&self, asking: &SocketId, limits: &ContentsLimits) -> StoredContents {
        let empty = super::Extra::default();
        let extra = self.extra.as_deref().unwrap_or(&empty);
        let version = extra.code.as_ref().map_or(0, |(_, version)| *version);
        let mut messages = Part::new(limits.messages, limits.bytes);
        let mut changes = Part::new(usize::MAX, limits.bytes);
        let mut strokes = Part::new(usize::MAX, limits.bytes);
        let mut oldest_seen = self.log.position().seq + 1;
        let mut scanned = 0;
        for (entry, kind) in self.log.newest_first() {
            scanned += entry.event.len();
            if scanned > limits.scanned {
                break;
            }
            oldest_seen = entry.seq;
            match kind {
                Kind::Message(_) => messages.take(entry),
                Kind::CodeChange(number) if *number > version => changes.take(entry),
                Kind::Stroke if entry.seq > extra.whiteboard_seq => strokes.take(entry),
                Kind::CodeChange(_) | Kind::Stroke | Kind::Other => {}
            }
        }
        let all_changes = changes.entries.len() as u64 == extra.code_changes - version;
        let all_strokes = !strokes.is_full && oldest_seen <= extra.whiteboard_seq + 1;
        StoredContents {
            messages: messages.oldest_first(),
            code: StoredDocument {
                snapshot: extra.code.as_ref().map(|(data, _)| data.clone()),
                version,
                changes: changes.oldest_first(),
                whole: all_changes,
            },
            whiteboard: StoredDocument {
                snapshot: extra.whiteboard.clone(),
                version: extra.whiteboard_seq,
                changes: strokes.oldest_first(),
                whole: all_strokes,
            },
            recording: extra.recording,
            attendants: self.others(asking, limits.attendants),
        }
    }

    /// The attendants but one, or if there are more than `limit`, the peers among them.
    fn others(&self, asking: &SocketId, limit: usize) -> Vec<super::super::super::Attendant> {
        let mut others = if self.attendances.iter().count() > limit { self.peers() } else { self.attendants() };
        others.retain(|other| other.socket != *asking);
        others
    }
}
