//! Where a backend is, and why it cannot be used.

mod address;

use std::{error::Error, io};

use tokio_rustls::rustls;

pub(crate) use address::Address;

/// What stands between this process and a backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// A setting that cannot work: an address that is none, a file that is not there.
    Settings,
    /// Nobody answers, or not in time. That may change by itself.
    Unreachable,
    /// The server does not take the credentials, or wants some.
    Credentials,
    /// The two ends do not agree on encryption or do not trust each other's certificate.
    Encryption,
    /// The server lacks something that is needed: a newer version, a command, a permission.
    Unsuitable,
}

/// A backend that cannot be used, in one line: which, where, why, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{backend} at {address}: {reason}")]
pub struct ConnectError {
    /// What kind of server.
    pub backend: &'static str,
    /// Where it was looked for; no credentials.
    pub address: String,
    /// What went wrong.
    pub obstacle: Obstacle,
    /// The same in words.
    pub reason: String,
}

impl ConnectError {
    /// Whether it makes sense to try again with the same settings.
    pub fn is_passing(&self) -> bool {
        self.obstacle == Obstacle::Unreachable
    }
}

/// An error and what it came from, in one line. What a cause says already is not said twice.
pub(crate) fn story(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

/// Whether an error has come out of the encryption, however deep it is wrapped.
pub(crate) fn encryption_failed(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // What has passed through HTTP/2 is text. And a server that does not encrypt hangs up.
            let hung_up = error.kind() == io::ErrorKind::UnexpectedEof && error.to_string() == "tls handshake eof";
            if hung_up || error.kind() == io::ErrorKind::InvalidData {
                return true;
            }
        }
        cause = error.source();
    }
    false
}
