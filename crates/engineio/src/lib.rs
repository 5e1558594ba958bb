//! Engine.IO v4, the layer that carries messages over HTTP long-polling or a WebSocket and moves a
//! connection from the first to the second.
//!
//! Nothing here reads a socket, keeps a timer or looks at a clock. Time is an argument. The owner
//! of a connection feeds a [`Session`] with what happened, does what it is told in return, and
//! comes back no later than the session's deadline:
//!
//! 1. [`Request::parse`] reads the query of an HTTP request: who is asking for what.
//! 2. [`Packet`] and [`payload`] translate between bytes and packets.
//! 3. [`Session::handle`] takes an [`Input`] and the time, and gives the [`Output`]s to carry out,
//!    in their order.
//! 4. [`Session::deadline`] says when to come back with [`Input::Timer`] if nothing else happens.
//!
//! Messages that leave on an open WebSocket do not pass through the session: it only says, with
//! [`Session::writes_directly`], when their frames may be written straight to the socket.

mod open;
mod packet;
pub mod payload;
mod protocol_error;
mod request;
mod session;
mod session_id;
mod transport;

pub use open::OpenPacket;
pub use packet::{DecodeError, Message, Packet};
pub use protocol_error::ProtocolError;
pub use request::{Method, Request};
pub use session::{CloseReason, Control, Input, Output, Outputs, PollAnswer, Session, SessionOptions, Source};
pub use session_id::{InvalidSessionId, SessionId};
pub use transport::Transport;
