//! The errors that a request can get instead of a session (stock server, `Server.errors`).

/// Why a request is refused. The text of each is the `message` that clients see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProtocolError {
    /// Code 0: the `transport` parameter is missing or names no transport of this server.
    #[error("Transport unknown")]
    UnknownTransport,
    /// Code 1: no session of this id is open.
    #[error("Session ID unknown")]
    UnknownSession,
    /// Code 2: a session is opened by GET only.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// Code 3: the request does not fit the state of its session, or its transport.
    #[error("Bad request")]
    BadRequest,
    /// Code 4: the deployment's policy refuses the request.
    #[error("Forbidden")]
    Forbidden,
    /// Code 5: the `EIO` parameter is missing or is not 4.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
}

impl ProtocolError {
    /// The `code` that clients see.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            _ => 400,
        }
    }

    /// The answer's body: JSON with exactly `code` and `message`.
    #[must_use]
    pub fn body(self) -> String {
        format!(r#"{{"code":{},"message":"{self}"}}"#, self.code())
    }
}
