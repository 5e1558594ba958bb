//! WebSockets without Socket.IO: messages, pings, and nothing else.

mod driver;
mod endpoint;
mod socket;

pub(crate) use self::driver::PlainDriver;
pub(crate) use self::endpoint::PlainEndpoint;
pub use self::endpoint::PlainOptions;
pub use self::socket::{PlainClosed, PlainSocket};
