//! `synapse`: team chat, presence and calls over Socket.IO.
//!
//! Every event has one argument, an object; a missing or `null` one counts as `{}`. Names mix `:`
//! and `-` as the stock client does.

mod ack;
mod decode;
mod encode;
mod message;
mod names;

pub use ack::{ack, authenticate_ack, authenticated, status_ack};
pub use decode::read;
pub use encode::encode;
pub use names::{CLIENT_EVENTS, SERVER_EVENTS};
