//! The load client: many Socket.IO users on WebSockets, on few threads and with little memory.
//!
//! - [`user`]: one connection: handshake, CONNECT, join, and then reading whatever comes;
//! - [`heard`]: counting what came;
//! - [`crowd`]: many users at once;
//! - [`pace`]: sending at a steady rate.

mod crowd;
mod heard;
mod pace;
mod user;

pub(crate) use crowd::{Crowd, Plan};
pub(crate) use heard::Kind;
pub(crate) use pace::steadily;
