//! Clients that send what they are told to, byte by byte.

mod http;
mod recoverable;
mod session;
mod websocket;

pub(crate) use self::http::{Answer, Http};
pub(crate) use self::recoverable::{Recoverable, data, offset};
pub(crate) use self::session::{Polling, SocketIo, open_polling};
pub(crate) use self::websocket::WebSocket;
