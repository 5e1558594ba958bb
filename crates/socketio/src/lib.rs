//! Socket.IO v5, the layer that gives a connection namespaces, events, acknowledgements and binary
//! attachments.
//!
//! Nothing here reads a socket or looks at a clock. What clients say in JSON is checked to be JSON
//! and otherwise left alone: arguments go through as the text they came as. In the order of an
//! event's way:
//!
//! 1. [`Decoder`] takes messages, text and binary, and gives [`Packet`]s.
//! 2. [`Namespaces`] knows which namespaces the connection has joined and says what is to be done
//!    with a packet.
//! 3. [`encode`] makes the text of packets that leave.

mod decoder;
pub mod encode;
mod error;
mod json;
mod namespace;
mod namespaces;
mod packet;
mod placeholder;

pub use decoder::{Decoder, Limits};
pub use error::DecodeError;
pub use json::Json;
pub use namespace::{InvalidNamespace, Namespace};
pub use namespaces::{Namespaces, Route, Violation};
pub use packet::{Ack, AckId, Event, Packet, is_reserved_event};
