//! Identifiers. Each is a validated, cheaply cloned string of its own type.
//!
//! Ids that clients choose are 1 to [`MAX_ID_UNITS`] UTF-16 units long (what JavaScript's `length`
//! counts) and contain no control characters. Ids made by the server are ULIDs with a prefix that
//! names their kind.

use std::{fmt, sync::Arc};

use ulid::Ulid;

/// Longest id that a client may choose, in UTF-16 code units.
pub const MAX_ID_UNITS: usize = 128;

/// Why a string is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The string is empty.
    #[error("must not be empty")]
    Empty,
    /// The string is longer than the kind of id allows.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// The string contains a control character.
    #[error("must not contain control characters")]
    ControlCharacter,
}

pub(crate) fn check(text: &str, max_units: usize) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    // A UTF-8 string never has more UTF-16 units than bytes, so most ids are decided by their length.
    if text.len() > max_units && text.encode_utf16().count() > max_units {
        return Err(InvalidId::TooLong(max_units));
    }
    // Most ids are plain ASCII, which a look at the bytes decides.
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !plain && text.chars().any(char::is_control) {
        return Err(InvalidId::ControlCharacter);
    }
    Ok(())
}

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a string from outside.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                check(text, MAX_ID_UNITS)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

string_id! {
    /// An identity from a verified token. One user may have many sockets.
    UserId
}
string_id! {
    /// One client connection in one namespace. Public: other clients see it, and in the mesh
    /// vocabulary it is the peer id.
    SocketId
}
string_id! {
    /// One call. The call's room is [`crate::room::RoomId::of_call`].
    CallId
}
string_id! {
    /// One match of two people, proposed or made.
    MatchId
}
string_id! {
    /// One invitation into a session.
    InviteId
}
string_id! {
    /// A queue in which people wait to be matched.
    QueueName
}
string_id! {
    /// One stored message, unique in the deployment.
    MessageId
}
string_id! {
    /// One process of the cluster, in one life: a restarted node has a new id.
    NodeId
}
string_id! {
    /// One gateway process for as long as it runs, whatever its node id is in the meantime: the home
    /// of the Engine.IO sessions whose ids begin with it.
    HomeId
}

impl UserId {
    /// Draws the id of a new guest: `guest_<ulid>`.
    pub fn new_guest() -> Self {
        Self(prefixed("guest_"))
    }
}

impl SocketId {
    /// Draws an unguessable socket id: 120 random bits in 20 URL-safe characters.
    pub fn random() -> Self {
        Self(random::<20>())
    }
}

impl HomeId {
    /// Characters of a home, all of them ASCII.
    pub const LENGTH: usize = 8;

    /// Draws a home: 48 random bits in 8 URL-safe characters. They need only be distinct.
    pub fn random() -> Self {
        Self(random::<{ Self::LENGTH }>())
    }
}

impl CallId {
    /// Draws a call id: `call_<ulid>`.
    pub fn generate() -> Self {
        Self(prefixed("call_"))
    }
}

impl MatchId {
    /// Draws a match id: `match_<ulid>`.
    pub fn generate() -> Self {
        Self(prefixed("match_"))
    }
}

impl InviteId {
    /// Draws an invitation's id: `invite_<ulid>`.
    pub fn generate() -> Self {
        Self(prefixed("invite_"))
    }
}

impl QueueName {
    /// The queue of guests who look for somebody to talk to.
    pub fn guests() -> Self {
        Self("guests".into())
    }
}

impl Default for QueueName {
    /// The queue of those who do not name one.
    fn default() -> Self {
        Self("default".into())
    }
}

impl MessageId {
    /// Draws a message id: `msg_<ulid>`.
    pub fn generate() -> Self {
        Self(prefixed("msg_"))
    }
}

impl NodeId {
    /// Draws the id of a node's new life: `<name>-<ulid>` in lower case, fit for a bus subject.
    pub fn generate(role: &str) -> Self {
        Self(format!("{role}-{}", Ulid::generate()).to_lowercase().into())
    }
}

/// URL-safe characters of six random bits each.
fn random<const LENGTH: usize>() -> Arc<str> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: [u8; LENGTH] = std::array::from_fn(|_| rand::random());
    let text: String = bits.iter().map(|b| ALPHABET[usize::from(b & 63)] as char).collect();
    text.into()
}

/// A prefix and a new ULID.
pub(crate) fn prefixed(prefix: &str) -> Arc<str> {
    format!("{prefix}{}", Ulid::generate()).into()
}

/// Identifies one command, so that a retry is recognised. A ULID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CommandId(u128);

impl CommandId {
    /// Draws a new id.
    pub fn generate() -> Self {
        Self(Ulid::generate().0)
    }

    /// The id's sixteen bytes, most significant first.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id that has these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Ulid(self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_utf16_units() {
        let emoji = "\u{1F600}".repeat(64);
        assert!(UserId::parse(&emoji).is_ok());
        assert_eq!(UserId::parse(&format!("{emoji}x")), Err(InvalidId::TooLong(128)));
        assert!(UserId::parse(&"\u{e9}".repeat(128)).is_ok());
    }

    #[test]
    fn empty_and_control_characters_are_refused() {
        assert_eq!(UserId::parse(""), Err(InvalidId::Empty));
        assert_eq!(UserId::parse("a\nb"), Err(InvalidId::ControlCharacter));
        assert_eq!(UserId::parse("a\u{85}b"), Err(InvalidId::ControlCharacter));
    }

    #[test]
    fn socket_ids_are_long_and_distinct() {
        let (a, b) = (SocketId::random(), SocketId::random());
        assert_ne!(a, b);
        assert_eq!(a.as_str().len(), 20);
    }

    #[test]
    fn a_command_id_survives_its_bytes() {
        let id = CommandId::generate();
        assert_eq!(CommandId::from_bytes(id.to_bytes()), id);
    }
}
