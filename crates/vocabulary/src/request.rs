//! What a client can ask for.

use heliograph_domain::{
    command::{RoomCommand, Status},
    id::{CallId, UserId},
    room::RoomId,
    user::Name,
};

/// A decoded event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// `authenticate`
    Authenticate(Authenticate),
    /// Events for a room.
    Room {
        /// The room.
        room: RoomId,
        /// What is asked of it.
        command: RoomCommand,
    },
    /// Events for a call. The target is [`RoomId::of_call`].
    Call {
        /// The call; drawn by the server if the client left that to it.
        call: CallId,
        /// What is asked of it.
        command: RoomCommand,
    },
    /// `presence:update`
    SetStatus(Status),
    /// `setStatus`: whether the user looks at this device.
    SetActive(bool),
    /// `userOnline`
    Appear,
    /// `blockUser`, `unblockUser`
    Block {
        /// Whom.
        user: UserId,
        /// Whether they shall be blocked afterwards.
        on: bool,
    },
    /// Something that is done where there is nothing to do.
    Nothing,
}

/// See [`Request::Authenticate`].
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// The token. Without one only the open mode knows what to do.
    pub token: Option<String>,
    /// Who the client says it is: for the open mode alone.
    pub user: Option<UserId>,
    /// The client's name, for tokens without one.
    pub name: Option<Name>,
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticate")
            .field("token", &self.token.as_ref().map(|_| ".."))
            .field("user", &self.user)
            .field("name", &self.name)
            .finish()
    }
}

impl Request {
    /// The room that the command goes to, for events that have a command.
    pub fn target(&self) -> Option<RoomId> {
        match self {
            Self::Room { room, .. } => Some(room.clone()),
            Self::Call { call, .. } => Some(RoomId::of_call(call)),
            Self::Authenticate(_)
            | Self::SetStatus(_)
            | Self::SetActive(_)
            | Self::Appear
            | Self::Block { .. }
            | Self::Nothing => None,
        }
    }
}
