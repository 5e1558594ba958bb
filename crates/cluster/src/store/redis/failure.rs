//! Why a request failed, and what that means.

use std::{error::Error, sync::Arc, time::Duration};

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
    /// What metrics call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Down(_) => "down",
            Self::Busy => "busy",
            Self::Silent(_) => "silent",
            Self::Error(_) => "error",
        }
    }

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

/// Whether a script failed, and not the command that it called.
fn is_within_script(error: &RedisError) -> bool {
    is_server(error, ServerErrorKind::ResponseError)
        && error.detail().is_some_and(|text| text.starts_with("user_script:"))
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
            // Scripts fail by themselves only over a value that they did not write.
            Failure::Error(error) if is_within_script(&error) => Self::Unreadable("value"),
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
        let refused = |obstacle, reason: &str| Self { obstacle, reason: reason.to_owned() };
        match (error.kind(), error.code()) {
            (_, Some("WRONGPASS")) => refused(Obstacle::Credentials, "it refuses the user or the password (WRONGPASS)"),
            (_, Some("NOAUTH")) => refused(Obstacle::Credentials, "it wants a password, and perhaps a user (NOAUTH)"),
            (ErrorKind::Server(ServerErrorKind::NoPerm) | ErrorKind::AuthenticationFailed, _) => {
                refused(Obstacle::Credentials, &story(&error))
            }
            (ErrorKind::RESP3NotSupported, _) => {
                refused(Obstacle::Unsuitable, "it does not know HELLO: it is no Redis, or one older than 6")
            }
            (ErrorKind::Parse, _) => refused(Obstacle::Unsuitable, "what answers there does not speak as Redis does"),
            _ if is_about_tls(&error) => refused(Obstacle::Encryption, &story(&error)),
            _ => refused(Obstacle::Unreachable, &story(&error)),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self::unreachable(reason),
            StoreError::Unreadable(_) => Self::unsuitable(error.to_string()),
        }
    }
}

/// Whether rustls refused, or what came was no TLS: both are invalid data to it.
fn is_about_tls(error: &RedisError) -> bool {
    // The client library has the cause in an `Arc`, which is an error of its own.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let cause = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::InvalidData)
}
