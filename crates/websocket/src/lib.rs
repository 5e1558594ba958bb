//! RFC 6455 without I/O: the opening handshake, a reader of frames and a writer of frames.
//!
//! Bytes go in, messages come out; nothing here knows a socket or a clock. In reading order:
//!
//! - [`handshake`]: is this request an upgrade, and what is the answer to its key (section 4.2);
//! - [`frame`]: opcodes and the header of a frame (section 5.2);
//! - [`Decoder`]: incoming bytes to [`Message`]s, with every rule judged as early as the bytes allow
//!   (sections 5.1 to 5.6, 7.4, 8.1);
//! - [`encode`]: frames ready to be written, made once for any number of receivers.
//!
//! A decoder owns memory only while a frame or a message is incomplete, so an idle connection
//! costs the decoder's own size and no buffer.

pub mod close;
pub mod decoder;
pub mod encode;
pub mod frame;
pub mod handshake;
mod mask;
mod utf8;

pub use close::{Close, CloseCode};
pub use decoder::{Decoded, Decoder, Error, Message, Role};
pub use frame::Opcode;
