//! Why a command was not carried out.

use std::borrow::Cow;

use crate::time::Timestamp;

/// The kinds of refusal. Clients see [`Code::as_str`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Code {
    /// The event came before authentication.
    AuthRequired,
    /// The token is malformed, wrongly signed, or belongs to somebody else.
    AuthFailed,
    /// The token has expired.
    TokenExpired,
    /// A field is missing, of the wrong type or out of range.
    InvalidPayload,
    /// There is no such message or call.
    NotFound,
    /// Authenticated, but not entitled.
    NotAllowed,
    /// The event needs membership of the room.
    NotInRoom,
    /// The other user has blocked the sender.
    Blocked,
    /// The id is taken by someone else, or the question was answered before.
    Conflict,
    /// The addressee has no socket.
    UserNotConnected,
    /// The room's chat is switched off.
    ChatDisabled,
    /// The room has been closed.
    RoomClosed,
    /// The room has as many peers as it may have.
    RoomFull,
    /// A rate limit was exceeded.
    RateLimited,
    /// A size limit was exceeded.
    TooLarge,
    /// The vocabulary has no such event.
    UnknownEvent,
    /// A backend is away or the deadline has passed; worth trying again.
    Unavailable,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::AuthRequired,
        Self::AuthFailed,
        Self::TokenExpired,
        Self::InvalidPayload,
        Self::NotFound,
        Self::NotAllowed,
        Self::NotInRoom,
        Self::Blocked,
        Self::Conflict,
        Self::UserNotConnected,
        Self::ChatDisabled,
        Self::RoomClosed,
        Self::RoomFull,
        Self::RateLimited,
        Self::TooLarge,
        Self::UnknownEvent,
        Self::Unavailable,
    ];

    /// The code as clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthRequired => "AUTH_REQUIRED",
            Self::AuthFailed => "AUTH_FAILED",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::InvalidPayload => "INVALID_PAYLOAD",
            Self::NotFound => "NOT_FOUND",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NotInRoom => "NOT_IN_ROOM",
            Self::Blocked => "BLOCKED",
            Self::Conflict => "CONFLICT",
            Self::UserNotConnected => "USER_NOT_CONNECTED",
            Self::ChatDisabled => "CHAT_DISABLED",
            Self::RoomClosed => "ROOM_CLOSED",
            Self::RoomFull => "ROOM_FULL",
            Self::RateLimited => "RATE_LIMITED",
            Self::TooLarge => "TOO_LARGE",
            Self::UnknownEvent => "UNKNOWN_EVENT",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// The text that clients see unless a refusal says something more precise.
    pub const fn default_message(self) -> &'static str {
        match self {
            Self::AuthRequired | Self::AuthFailed => "Authentication failed",
            Self::TokenExpired => "Token has expired",
            Self::InvalidPayload => "Invalid payload",
            Self::NotFound => "Not found",
            Self::NotAllowed => "Not allowed",
            Self::NotInRoom => "You are not in this room",
            Self::Blocked => "Cannot send message to this user",
            Self::Conflict => "Conflict",
            Self::UserNotConnected => "User not connected",
            Self::ChatDisabled => "Chat is disabled",
            Self::RoomClosed => "Room is closed",
            Self::RoomFull => "Room is full",
            Self::RateLimited => "Too many requests. Please slow down.",
            Self::TooLarge => "Payload too large",
            Self::UnknownEvent => "Unknown event",
            Self::Unavailable => "Service temporarily unavailable",
        }
    }
}

/// A command was not carried out; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Refusal {
    /// What kind of refusal.
    pub code: Code,
    /// One sentence for a person.
    pub message: Cow<'static, str>,
    /// When a rate limit's window ends.
    pub reset_at: Option<Timestamp>,
}

impl Refusal {
    /// A refusal with its code's own message.
    pub const fn new(code: Code) -> Self {
        Self { code, message: Cow::Borrowed(code.default_message()), reset_at: None }
    }

    /// A refusal with a message of its own.
    pub fn with_message(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), reset_at: None }
    }

    /// `Invalid payload: <field> <what was expected>`.
    pub fn invalid(field: &str, expected: impl std::fmt::Display) -> Self {
        Self::with_message(Code::InvalidPayload, format!("Invalid payload: {field} {expected}"))
    }

    /// Too many messages; the window ends at `reset_at`.
    pub const fn too_many_messages(reset_at: Timestamp) -> Self {
        Self {
            code: Code::RateLimited,
            message: Cow::Borrowed("Too many messages. Please slow down."),
            reset_at: Some(reset_at),
        }
    }

    /// Whether the same command may succeed if it is tried again.
    pub const fn retryable(&self) -> bool {
        matches!(self.code, Code::Unavailable)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
