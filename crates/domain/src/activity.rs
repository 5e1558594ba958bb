//! What people work on together in a room: code and a whiteboard, and what is told around them.

use crate::{delivery::LogEntry, id::SocketId, room::Media, text::RawJson, user::User};

/// What is added to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActivityKind {
    /// The code. Its changes are numbered 1, 2, 3 … by the room.
    CodeChange,
    /// The whiteboard.
    Stroke,
}

/// What is told and not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EphemeralKind {
    /// Anything that applications tell each other.
    Data,
    /// Where somebody points. The newest one of a sender is the only one that counts.
    Cursor,
    /// What was said, in words.
    Transcript,
}

/// How a room is, as far as its members say so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoomState {
    /// The whole code, for those who come later. One that is older than the one that is kept is ignored.
    Code {
        /// The code.
        data: RawJson,
        /// The newest change in it.
        version: u64,
    },
    /// The whole whiteboard, for those who come later.
    Whiteboard {
        /// The board; `None` clears it.
        data: Option<RawJson>,
        /// The newest stroke in it; the log's end if nothing is said.
        seq: Option<u64>,
    },
    /// Whether somebody records.
    Recording {
        /// Whether.
        on: bool,
        /// The sender's fields.
        body: Option<RawJson>,
    },
}

/// What a room holds, for somebody who comes into it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contents {
    /// The latest messages, oldest first.
    pub messages: Vec<LogEntry>,
    /// The code. Its version is that of a change.
    pub code: Document,
    /// The whiteboard. Its version is a place in the log.
    pub whiteboard: Document,
    /// Whether somebody records.
    pub recording: bool,
    /// The other sockets, in the order of coming.
    pub participants: Vec<Participant>,
}

/// Something that is worked on: a snapshot and what was added since.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// The latest snapshot.
    pub snapshot: Option<RawJson>,
    /// What is in the snapshot.
    pub version: u64,
    /// What was added since, oldest first.
    pub changes: Vec<LogEntry>,
    /// Whether these are all that were added since.
    pub whole: bool,
}

/// A socket in a room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Participant {
    /// Whose.
    pub user: User,
    /// The socket.
    pub socket: SocketId,
    /// What it sends, if it can be signalled.
    pub media: Option<Media>,
}
