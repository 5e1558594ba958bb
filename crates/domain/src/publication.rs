//! What a backend tells clients: an event of its own, to whomever it chooses.

use std::{fmt, sync::Arc};

use crate::{
    id::{CommandId, InvalidId, MAX_ID_UNITS, SocketId, UserId, check},
    room::RoomId,
    text::RawJson,
};

/// An event of a backend's own, and who shall hear it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// Who shall hear it, each socket once, however many targets fit it.
    pub audience: Audience,
    /// The event's name.
    pub event: EventName,
    /// Its arguments.
    pub args: Vec<RawJson>,
}

impl Publication {
    /// What decides which presence service tells it: publications to the same targets take the same way, and
    /// arrive in the order in which they were answered.
    pub fn key(&self) -> &str {
        let Selection { rooms, users, sockets } = &self.audience.of;
        let room = rooms.first().map(RoomId::as_str);
        let user = || users.first().map(UserId::as_str);
        let socket = || sockets.first().map(SocketId::as_str);
        room.or_else(user).or_else(socket).unwrap_or_default()
    }
}

/// The sockets that hear a publication.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Audience {
    /// Every socket of the deployment, whatever else is chosen.
    pub everyone: bool,
    /// Who is chosen.
    pub of: Selection,
    /// Who of them does not hear it.
    pub except: Selection,
}

/// Sockets by where they attend and whose they are: those that fit any of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Those that attend one of these rooms.
    pub rooms: Vec<RoomId>,
    /// Those of one of these users.
    pub users: Vec<UserId>,
    /// These.
    pub sockets: Vec<SocketId>,
}

impl Selection {
    /// Whether nobody can fit it.
    pub const fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.users.is_empty() && self.sockets.is_empty()
    }
}

/// The id of one publication: whoever sends it again tells nobody twice.
pub type PublicationId = CommandId;

/// The name of an event: 1 to [`MAX_ID_UNITS`] UTF-16 units without control characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventName(Arc<str>);

impl EventName {
    /// Checks a name from outside.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        check(text, MAX_ID_UNITS)?;
        Ok(Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
