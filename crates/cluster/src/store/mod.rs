//! The store: the truth about rooms, calls, sessions and presence.
//!
//! One trait per concern. Each operation is one atomic step with a typed outcome, touches the keys
//! of one room, user, call or session, and carries everything that it needs (times, new ids, limits),
//! so that an implementation decides nothing. Rules live in the services.

mod access;
mod blocks;
mod calls;
mod contents;
mod deadlines;
pub mod faulty;
mod limits;
mod matching;
pub mod memory;
mod presence;
mod recent;
pub mod redis;
mod rooms;
mod sessions;

use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use access::{Expelled, Idle, Preparation};
pub use blocks::{Block, Blocks};
pub use calls::{Calls, Versioned};
pub use contents::{
    ContentsLimits, StateChange, StateOutcome, StoredContents, StoredDocument, Write, WriteOutcome, Written,
};
pub use deadlines::{Deadline, Deadlines, Scope};
pub use limits::{Limits, Taken};
pub use matching::{Matching, Pool, RecordChange};
pub use presence::{Presence, PresenceRecord, UserSocket};
pub use recent::{RECENT, Recent};
pub use rooms::{
    Append, AppendOutcome, Appended, Attend, AttendOutcome, Attendant, Attended, Cursor, Left, MarkOutcome, Marks,
    MediaOutcome, Page, PageRange, REMEMBERED, React, ReactOutcome, Retention, Rooms, StoredEntry, SwitchOutcome, View,
};
pub use sessions::{ResumeOutcome, Sessions};

/// The store could not carry out a step. Whether it was carried out all the same is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached or does not answer.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store holds something that this version cannot read.
    #[error("the store holds an unreadable {0}")]
    Unreadable(&'static str),
}

/// The future of one step.
pub type Step<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Tells whether a store answers.
pub trait Health: Send + Sync + 'static {
    /// Asks for a sign of life.
    fn probe(&self) -> Step<'_, ()>;
}

/// All concerns of the store.
#[derive(Clone)]
pub struct Store {
    /// Rooms: attendance, membership, logs.
    pub rooms: Arc<dyn Rooms>,
    /// Calls.
    pub calls: Arc<dyn Calls>,
    /// People who wait to be matched, are asked or are invited.
    pub matching: Arc<dyn Matching>,
    /// Sessions that can be recovered.
    pub sessions: Arc<dyn Sessions>,
    /// Users, their sockets and rooms.
    pub presence: Arc<dyn Presence>,
    /// Whom users want nothing from.
    pub blocks: Arc<dyn Blocks>,
    /// Rates that hold over all of a user's sockets.
    pub limits: Arc<dyn Limits>,
    /// Things to do later, which outlive their setter.
    pub deadlines: Arc<dyn Deadlines>,
    /// Rooms that were written to lately.
    pub recent: Arc<dyn Recent>,
    /// Whether the store answers.
    pub health: Arc<dyn Health>,
}
