//! How a call stands, for those who ask.

use crate::{command::CallMedia, event::CallEndReason, id::UserId, room::Media, time::Timestamp, user::Name};

/// A call as one of its parties sees it from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallView {
    /// What has become of it.
    pub state: CallState,
    /// The announced medium.
    pub media: CallMedia,
    /// The caller and everyone who was called.
    pub parties: Vec<CallParty>,
    /// When the first called user accepted.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// Why it is over.
    pub end_reason: Option<CallEndReason>,
}

/// What has become of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallState {
    /// Prepared, not initiated.
    Created,
    /// Rings.
    Ringing,
    /// Somebody accepted.
    Active,
    /// Over.
    Ended,
}

impl CallState {
    /// The state on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Ringing => "ringing",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// The caller or a called user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallParty {
    /// The user.
    pub user: UserId,
    /// Their name, once they have done something in the call.
    pub name: Option<Name>,
    /// Their part in it.
    pub state: CallPartyState,
    /// What they send.
    pub media: Media,
}

/// A user's part in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallPartyState {
    /// Shall be called.
    Invited,
    /// Is being called.
    Ringing,
    /// Is in the call.
    Joined,
    /// Declined, or did not answer.
    Declined,
    /// Was in the call.
    Left,
}

impl CallPartyState {
    /// The part on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Ringing => "ringing",
            Self::Joined => "joined",
            Self::Declined => "declined",
            Self::Left => "left",
        }
    }
}
