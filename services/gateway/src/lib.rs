//! The gateway: terminates client connections and speaks for them to the cluster.
//!
//! In the order of an event's path, inwards:
//!
//! - [`listener`]: the public port, its HTTP requests and WebSocket handshakes;
//! - [`handshake`]: the request that a connection began with;
//! - [`connection`]: one Engine.IO connection and its Socket.IO sockets;
//! - [`plain`]: WebSockets without Socket.IO;
//! - [`application`]: the seam to what the server serves.
//!
//! Outwards:
//!
//! - [`frame`]: a packet encoded once for all of its receivers;
//! - [`outlet`]: the way to one receiver, written directly or queued within bounds;
//! - [`transport`]: how bytes reach and leave a connection.

pub mod application;
mod clients;
pub mod connection;
mod fanout;
pub mod frame;
pub mod handshake;
pub mod http;
pub mod identity;
mod link;
pub mod listener;
mod mesh;
pub mod outlet;
pub mod plain;
pub mod policy;
pub mod service;
mod synapse;
mod token;
pub mod transport;
