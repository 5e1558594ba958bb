//! Why a request failed, and what that means.

use std::{sync::Arc, time::Duration};

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::StoreError;
use crate::connect::{Obstacle, story};

/// Why a request failed.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// It was not sent: there is no connection, for this reason.
    Down(Arc<str>),
    /// It was not sent: so many requests were under way that its time was over.
    Busy,
    /// It was not answered in this time. Whether it is carried out is unknown.
    Silent(Duration),
    /// The server answered with an error, or the connection broke.
    Error(RedisError),
}

impl Failure {
    /// Where the request should have been sent, if the server said so: the address as the server
    /// gives it, and whether that holds for this request alone.
    pub(super) fn elsewhere(&self) -> Option<(&str, bool)> {
        let Self::Error(error) = self else { return None };
        let (address, _) = error.redirect_node()?;
        Some((address, error.kind() == ErrorKind::Server(ServerErrorKind::Ask)))
    }

    /// Whether the server may not be the right one any more: it is gone, or others have taken over.
    pub(super) fn is_of_place(&self) -> bool {
        match self {
            Self::Down(_) | Self::Silent(_) => true,
            Self::Busy => false,
            Self::Error(error) => is_end(error) || is_server(error, ServerErrorKind::ClusterDown),
        }
    }
}

/// Whether a connection is of no use after this error.
pub(super) fn is_end(error: &RedisError) -> bool {
    error.is_io_error() || error.kind() == ErrorKind::Parse || is_server(error, ServerErrorKind::ReadOnly)
}

/// Whether the server does not know the script.
pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    is_server(error, ServerErrorKind::NoScript)
}

fn is_server(error: &RedisError, kind: ServerErrorKind) -> bool {
    error.kind() == ErrorKind::Server(kind)
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Down(reason) => Self::Unavailable(reason.to_string()),
            Failure::Busy => Self::Unavailable("too many steps are under way".to_owned()),
            Failure::Silent(timeout) => Self::Unavailable(format!("Redis did not answer within {timeout:?}")),
            // A key that holds something else than it should.
            Failure::Error(error) if error.code() == Some("WRONGTYPE") => Self::Unreadable("key"),
            Failure::Error(error) => Self::Unavailable(story(&error)),
        }
    }
}

/// Why a server cannot be used.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) obstacle: Obstacle,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn unreachable(reason: impl Into<String>) -> Self {
        Self { obstacle: Obstacle::Unreachable, reason: reason.into() }
    }

    pub(super) fn unsuitable(reason: impl Into<String>) -> Self {
        Self { obstacle: Obstacle::Unsuitable, reason: reason.into() }
    }
}

impl From<RedisError> for Refusal {
    fn from(error: RedisError) -> Self {
        let reason = story(&error);
        let obstacle = match error.kind() {
            ErrorKind::AuthenticationFailed => Obstacle::Credentials,
            ErrorKind::Server(ServerErrorKind::NoPerm) => Obstacle::Credentials,
            ErrorKind::Extension if matches!(error.code(), Some("WRONGPASS" | "NOAUTH")) => Obstacle::Credentials,
            ErrorKind::InvalidClientConfig => Obstacle::Settings,
            ErrorKind::RESP3NotSupported => Obstacle::Unsuitable,
            ErrorKind::Io if is_about_tls(&error) => Obstacle::Encryption,
            _ => Obstacle::Unreachable,
        };
        Self { obstacle, reason }
    }
}

/// Whether rustls refused, or what came was no TLS: both are invalid data to it.
fn is_about_tls(error: &RedisError) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::InvalidData)
}
