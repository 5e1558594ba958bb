//! What may wait for what.

/// How urgent a frame is, and what becomes of it when its receiver is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Call signaling: goes before everything else that waits.
    Signaling,
    /// Messages, membership, acknowledgements.
    Message,
    /// Presence of others.
    Presence,
    /// Cursors, typing, and the like. Under pressure only the newest value of each key is kept,
    /// and beyond the soft bound a frame without a key is dropped.
    Ephemeral(Option<CoalesceKey>),
}

/// Frames with one key replace one another: derived by the caller from sender and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CoalesceKey(pub u64);

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The kernel has taken all of it.
    Written,
    /// It waits, or a part of it does.
    Queued,
    /// It was given up, because its class allows that and the receiver is slow.
    Dropped,
    /// The connection is over.
    Closed,
}

/// The order in which waiting frames leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// The protocols' own packets: heartbeats, CONNECT answers.
    Control,
    Signaling,
    Message,
    Presence,
    Ephemeral,
    /// What goes behind everything else: a close frame.
    Last,
}

impl Rank {
    pub(crate) const COUNT: usize = 6;
}

impl Class {
    pub(crate) fn rank(self) -> Rank {
        match self {
            Self::Signaling => Rank::Signaling,
            Self::Message => Rank::Message,
            Self::Presence => Rank::Presence,
            Self::Ephemeral(_) => Rank::Ephemeral,
        }
    }

    pub(crate) fn key(self) -> Option<CoalesceKey> {
        match self {
            Self::Ephemeral(key) => key,
            _ => None,
        }
    }
}
