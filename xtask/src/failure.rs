//! Why a chore failed.

use std::fmt;

/// What went wrong, as one line for the person who ran the chore.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something that has not been reported yet.
    Message(String),
    /// The chore has printed its own account; only the exit code is left to give.
    Reported,
}

impl Failure {
    /// A failure with a message of one line.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// Prints the message, unless the chore has done so.
    pub(crate) fn print(&self) {
        if let Self::Message(message) = self {
            eprintln!("xtask: {message}");
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => formatter.write_str(message),
            Self::Reported => formatter.write_str("see above"),
        }
    }
}
