//! `direct-chat`: two named users in a room of their own, groups and topics, over Socket.IO.
//!
//! Every event has one argument, an object. A pair is named by its other user; where that is left out, the chat
//! is meant that the socket has joined last. Quirks of the stock client are kept: messages come as `RecievedMsg`,
//! spelt so, and the sender hears its own.

mod ack;
mod decode;
mod encode;
mod message;
mod names;

pub use ack::{ack, refused, told, worded};
pub use decode::read;
pub use encode::encode;
pub use names::{CLIENT_EVENTS, SERVER_EVENTS};

use heliograph_domain::room::{RoomId, RoomKind};

/// How the ids of groups begin.
const GROUP: &str = "group_";
/// How the ids of topics begin.
const TOPIC: &str = "topic:";

/// A room's name for clients: that of a pair is both users' ids.
fn shown(room: &RoomId) -> &str {
    match room.kind() {
        RoomKind::Direct => room.as_str().strip_prefix("direct:").unwrap_or(room.as_str()),
        _ => room.as_str(),
    }
}
