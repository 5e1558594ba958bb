//! What a room holds, as it is told to somebody who comes.

use heliograph_cluster::store::{StoredContents, StoredDocument, StoredEntry};
use heliograph_domain::{
    activity::{Contents, Document, Participant},
    delivery::LogEntry,
    event::Event,
    text::RawJson,
    wire::{self, WireError},
};
use tracing::error;

/// An entry as it is told. What the store numbers stands beside the event.
pub(crate) fn log_entry(stored: StoredEntry) -> Result<LogEntry, WireError> {
    let mut event = wire::decode_event(stored.event)?;
    if let Event::ActivityAppended { version, .. } = &mut event {
        *version = stored.version;
    }
    Ok(LogEntry { seq: stored.seq, at: stored.at, event })
}

pub(crate) fn contents(stored: StoredContents) -> Contents {
    let participants = stored.attendants.into_iter();
    Contents {
        messages: entries(stored.messages).0,
        code: document(stored.code),
        whiteboard: document(stored.whiteboard),
        recording: stored.recording,
        participants: participants
            .map(|one| Participant { user: one.user, socket: one.socket, media: one.peer })
            .collect(),
    }
}

fn document(stored: StoredDocument) -> Document {
    let (changes, readable) = entries(stored.changes);
    let snapshot = stored.snapshot.map(RawJson::from_checked);
    Document { snapshot, version: stored.version, changes, whole: stored.whole && readable }
}

/// The entries that can be read, and whether all can.
fn entries(stored: Vec<StoredEntry>) -> (Vec<LogEntry>, bool) {
    let mut readable = true;
    let entries = stored.into_iter().filter_map(|entry| {
        let seq = entry.seq;
        log_entry(entry)
            .inspect_err(|error| {
                error!(seq, %error, "a log entry cannot be read");
                readable = false;
            })
            .ok()
    });
    let entries = entries.collect();
    (entries, readable)
}
