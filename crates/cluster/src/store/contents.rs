//! What a room holds beside messages and marks, and how much of it is read at once.

use bytes::Bytes;
use heliograph_domain::{
    id::{CommandId, MessageId, NodeId, UserId},
    room::Position,
    time::Timestamp,
};

use super::{Attendant, StoredEntry};

/// See [`Rooms::write`](super::Rooms::write).
#[derive(Clone, Debug)]
pub struct Write {
    /// The command that asks for it.
    pub command: CommandId,
    /// Who asks. Must be a member, unless the system does.
    pub author: Option<UserId>,
    /// What is written.
    pub what: Written,
    /// The encoded event.
    pub event: Bytes,
    /// Now.
    pub at: Timestamp,
}

/// What is written to a log that is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A change of the code, which gets the next version.
    CodeChange,
    /// A stroke on the whiteboard.
    Stroke,
    /// Everything before is gone.
    Clearing,
    /// The event stands for this message from now on, and is appended.
    Deletion(MessageId),
}

/// See [`Rooms::write`](super::Rooms::write).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is in the log, by this command.
    Written {
        /// The entry's place.
        position: Position,
        /// The number of a code change.
        version: Option<u64>,
        /// When.
        at: Timestamp,
        /// Gateways that hold attendants.
        gateways: Vec<NodeId>,
    },
    /// The author is not a member, or there is no such room.
    NotMember,
    /// The log has no such message any more.
    NoSuchMessage,
}

/// See [`Rooms::set_state`](super::Rooms::set_state).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateChange {
    /// The whole code at a version, or at the newest if that is before it. Ignored if a later one is kept.
    Code {
        /// The code.
        data: Bytes,
        /// The newest change in it.
        version: u64,
    },
    /// The whole whiteboard at a place in the log, or at its end.
    Whiteboard {
        /// The board; `None` if it is empty.
        data: Option<Bytes>,
        /// The newest stroke in it.
        seq: Option<u64>,
    },
    /// Whether somebody records.
    Recording(bool),
}

/// See [`Rooms::set_state`](super::Rooms::set_state).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateOutcome {
    /// The state is as asked for.
    Set {
        /// The roster's version after this step.
        roster: u64,
        /// Gateways that hold attendants.
        gateways: Vec<NodeId>,
    },
    /// The user is not a member.
    NotMember,
}

/// How much of what a room holds is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentsLimits {
    /// Messages.
    pub messages: usize,
    /// Bytes of the events of messages; the same for code changes, and for strokes.
    pub bytes: usize,
    /// Bytes of all events that are looked at.
    pub scanned: usize,
    /// Attendants. In a room with more only peers are listed.
    pub attendants: usize,
}

/// What a room holds.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StoredContents {
    /// The latest messages, oldest first.
    pub messages: Vec<StoredEntry>,
    /// The code.
    pub code: StoredDocument,
    /// The whiteboard.
    pub whiteboard: StoredDocument,
    /// Whether somebody records.
    pub recording: bool,
    /// Attendants but the one that asks, in the order of coming.
    pub attendants: Vec<Attendant>,
}

/// A snapshot and what came after it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StoredDocument {
    /// The snapshot.
    pub snapshot: Option<Bytes>,
    /// What is in it: a version of the code, a place in the log for the whiteboard.
    pub version: u64,
    /// What came after it, oldest first; of more than is read, the newest.
    pub changes: Vec<StoredEntry>,
    /// Whether that is all that came after it.
    pub whole: bool,
}
