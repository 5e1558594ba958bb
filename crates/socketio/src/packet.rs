//! Packets, as values.

use bytes::Bytes;

use crate::{Json, Namespace};

/// A Socket.IO packet (Socket.IO protocol, "Packet types"), complete with its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// `0`: the client asks to join a namespace.
    Connect {
        /// Which one.
        namespace: Namespace,
        /// A JSON object, the client's auth payload.
        auth: Option<Json>,
    },
    /// `1`: the sender leaves a namespace.
    Disconnect {
        /// Which one.
        namespace: Namespace,
    },
    /// `2`, or `5` with attachments.
    Event(Event),
    /// `3`, or `6` with attachments.
    Ack(Ack),
    /// `4`: the server's refusal of a namespace.
    ConnectError {
        /// Which one.
        namespace: Namespace,
        /// A JSON object or string.
        data: Json,
    },
}

/// A named event with arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The namespace it is in.
    pub namespace: Namespace,
    /// Its name, none of the reserved ones. A name that came as a number is that number's text.
    pub name: String,
    /// The arguments behind the name.
    pub args: Vec<Json>,
    /// Set if the sender waits for an [`Ack`] with this id.
    pub ack: Option<AckId>,
    /// What the placeholders in the arguments stand for: each number of `0..attachments.len()`
    /// has exactly one.
    pub attachments: Vec<Bytes>,
}

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The namespace it is in.
    pub namespace: Namespace,
    /// The id that the event came with.
    pub id: AckId,
    /// The arguments.
    pub args: Vec<Json>,
    /// What the placeholders in the arguments stand for, as in an [`Event`].
    pub attachments: Vec<Bytes>,
}

/// Ties an acknowledgement to its event. Each side numbers its own events, per namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AckId(pub u64);

impl Packet {
    /// The namespace that the packet is in or about.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        match self {
            Self::Connect { namespace, .. } | Self::Disconnect { namespace } | Self::ConnectError { namespace, .. } => {
                namespace
            }
            Self::Event(event) => &event.namespace,
            Self::Ack(ack) => &ack.namespace,
        }
    }
}

/// Whether a name is one of those that libraries give a meaning of their own, and that no
/// application event may have (Socket.IO documentation, "Emit cheatsheet", reserved events).
#[must_use]
pub fn is_reserved_event(name: &str) -> bool {
    matches!(name, "connect" | "connect_error" | "disconnect" | "disconnecting" | "newListener" | "removeListener")
}
