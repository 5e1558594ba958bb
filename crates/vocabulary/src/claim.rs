//! Who clients say they are. It counts for nothing, because the server knows it; it is worth counting when it is false.

use heliograph_domain::id::{SocketId, UserId};

use crate::json::{Fields, names};

/// Fields in which a client names its user.
const USER_FIELDS: [&str; 2] = ["userId", "fromUserId"];
/// Fields in which a client names its user or its socket.
const SENDER_FIELDS: [&str; 2] = ["from", "senderId"];

/// An id that a client gives as its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClaimedId<'a> {
    raw: &'a str,
    socket_too: bool,
}

impl ClaimedId<'_> {
    /// Whether it is the client's own indeed.
    pub fn is_of(&self, user: &UserId, socket: &SocketId) -> bool {
        names(self.raw, user.as_str()) || (self.socket_too && names(self.raw, socket.as_str()))
    }
}

/// The ids that are given in these fields. What is neither a string nor a number names nobody.
pub(crate) fn claims<'a>(fields: &Fields<'a>) -> impl Iterator<Item = ClaimedId<'a>> {
    fields.iter().filter_map(|(key, raw)| {
        let socket_too = match key.len() {
            4 | 8 if SENDER_FIELDS.contains(&key) => true,
            6 | 10 if USER_FIELDS.contains(&key) => false,
            _ => return None,
        };
        matches!(raw.as_bytes(), [b'"' | b'-' | b'0'..=b'9', ..]).then_some(ClaimedId { raw, socket_too })
    })
}
