//! `mesh`: video rooms over a plain WebSocket, one JSON object with a string `type` per text frame.
//!
//! `offer`, `answer`, `candidate`, `data` and the messages about shares and hands are opaque
//! relays: the fields of the sender pass as they came, in their order; the server sets `from`,
//! `userId`, `username` (and `peerId`) itself.

mod answer;
mod decode;
mod encode;
mod names;
mod peer;
mod request;

pub use answer::{Welcome, ack, error, peers, pong};
pub use decode::Message;
pub use encode::encode;
pub use names::{CLIENT_TYPES, SERVER_TYPES};
pub use request::{Incoming, Join, Rejection, Request};
