//! `guest-chat`: guests are matched in pairs, chat, and call each other, over Socket.IO.
//!
//! No event names a room: a guest is in one pair at most, and everything goes to the partner. Names of the chat and
//! of signals are the same in both directions; `leave-room` and `close-room` have a dash among names with colons.

mod answer;
mod decode;
mod encode;
mod names;

pub use answer::{ack, greeting, refused, told, worded};
pub use decode::read;
pub use encode::{author, encode};
pub use names::{CLIENT_EVENTS, SERVER_EVENTS};
