//! Who acts: users, their sockets, and the vocabulary that a socket speaks.

use std::{fmt, sync::Arc};

use crate::id::{InvalidId, NodeId, SocketId, UserId, check};

/// Longest display name, in UTF-16 code units.
pub const MAX_NAME_UNITS: usize = 64;

/// A display name: 1 to [`MAX_NAME_UNITS`] UTF-16 units after trimming, no control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name(Arc<str>);

impl Name {
    /// Checks a name from outside.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let text = text.trim();
        check(text, MAX_NAME_UNITS)?;
        Ok(Self(text.into()))
    }

    /// A name for a guest who gives none: `Guest-` and four digits of `number`.
    pub fn of_guest(number: u16) -> Self {
        Self(format!("Guest-{:04}", number % 10_000).into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user as others see them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The identity.
    pub id: UserId,
    /// The display name.
    pub name: Name,
    /// URL of a picture, if the token has one.
    pub picture: Option<Arc<str>>,
    /// Whether this is an anonymous guest.
    pub guest: bool,
}

impl User {
    /// Somebody of whom nothing but the id is known. The name stands in until they come themselves.
    pub fn unseen(id: UserId) -> Self {
        let name: String = id.as_str().chars().take(MAX_NAME_UNITS / 2).collect();
        let name = Name::parse(&name).unwrap_or_else(|_| Name::of_guest(0));
        Self { id, name, picture: None, guest: false }
    }
}

/// The dialect that a socket speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Vocabulary {
    /// Team chat and calls over Socket.IO.
    Synapse,
    /// Video rooms over a plain WebSocket.
    Mesh,
    /// Pairs of guests over Socket.IO.
    GuestChat,
    /// One-to-one chat over Socket.IO.
    DirectChat,
    /// Matching, sessions and calls over several Socket.IO namespaces.
    Collaboration,
}

impl Vocabulary {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Synapse, Self::Mesh, Self::GuestChat, Self::DirectChat, Self::Collaboration];

    /// The vocabulary of this [name](Self::name).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vocabulary| vocabulary.name() == name)
    }

    /// The name by which configuration, clients and metrics know the vocabulary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synapse => "synapse",
            Self::Mesh => "mesh",
            Self::GuestChat => "guest-chat",
            Self::DirectChat => "direct-chat",
            Self::Collaboration => "collaboration",
        }
    }
}

/// The socket on whose behalf a command is sent, and its user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The verified identity.
    pub user: User,
    /// Whether the token grants administration.
    pub admin: bool,
    /// The acting socket.
    pub socket: SocketId,
    /// The gateway that holds the socket.
    pub gateway: NodeId,
    /// What the socket speaks.
    pub vocabulary: Vocabulary,
}
