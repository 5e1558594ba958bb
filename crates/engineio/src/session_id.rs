//! The id of an Engine.IO session.

use std::fmt;

/// A session's id, the `sid` of its requests: a secret of this one client.
///
/// 1 to 128 characters of the URL-safe alphabet (letters, digits, `-`, `_`, `.`, `~`), so that it
/// needs no escaping in a query or in JSON. `Debug` shows only its beginning, for logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Box<str>);

/// The text is no session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session id: 1 to 128 characters out of letters, digits, '-', '_', '.' and '~'")]
pub struct InvalidSessionId;

impl SessionId {
    const MAX_LENGTH: usize = 128;

    /// The id that is this text.
    ///
    /// # Errors
    /// [`InvalidSessionId`] if its length or a character is out of bounds.
    pub fn new(text: &str) -> Result<Self, InvalidSessionId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let length_fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        if length_fits && text.bytes().all(allowed) { Ok(Self(text.into())) } else { Err(InvalidSessionId) }
    }

    /// The id as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", self.0.get(..4).unwrap_or_default())
    }
}
