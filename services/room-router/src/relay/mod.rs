//! What passes between those who are in a room now.

mod chat;
mod ephemeral;
mod media;
mod signal;

use heliograph_domain::refusal::{Code, Refusal};

pub(crate) use signal::express;

/// The refusal for a peer that is not there.
pub(crate) fn no_such_peer() -> Refusal {
    Refusal::with_message(Code::UserNotConnected, "Peer not connected")
}
