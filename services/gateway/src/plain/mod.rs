//! WebSockets without Socket.IO.

mod socket;

pub use self::socket::{PlainClosed, PlainSocket};
