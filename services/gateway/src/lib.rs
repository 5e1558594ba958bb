//! The gateway: terminates client connections and speaks for them to the cluster.
//!
//! A server for Engine.IO, Socket.IO and plain WebSockets, behind one seam; and the cluster as the application
//! behind it. In the order of an event's path, inwards:
//!
//! - [`listener`]: the public port, its HTTP requests and WebSocket handshakes;
//! - [`handshake`]: the request that a connection began with;
//! - [`connection`]: one Engine.IO connection and its Socket.IO sockets;
//! - [`relay`]: requests of sessions that are at home at another gateway;
//! - [`plain`]: WebSockets without Socket.IO;
//! - [`application`]: the seam to what the server serves;
//! - `socket_io`, `mesh`: the servers of what clients speak, which translate;
//! - [`identity`], [`policy`]: who it is, and how often they may;
//! - `clients`: what clients of all vocabularies have in common, and the way to the services.
//!
//! Outwards:
//!
//! - [`link`]: what the services send to this gateway, each thing once and in order;
//! - [`fanout`]: from a room's event to the sockets that attend the room, in order and without gaps;
//! - [`frame`]: a packet encoded once for all of its receivers;
//! - [`outlet`]: the way to one receiver, written directly or queued within bounds;
//! - [`transport`]: how bytes reach and leave a connection.
//!
//! Life: [`service`] starts and stops it all; `registration` keeps its place in the cluster; [`http`] answers what
//! is no client's connection; [`grpc`] answers other processes.

pub mod address;
pub mod application;
mod clients;
mod close_codes;
pub mod connection;
pub mod emitter;
pub mod fanout;
pub mod frame;
pub mod grpc;
pub mod handshake;
pub mod http;
pub mod identity;
pub mod link;
pub mod listener;
mod mesh;
pub mod outlet;
pub mod plain;
pub mod policy;
mod registration;
pub mod relay;
pub mod service;
mod socket_io;
mod token;
pub mod transport;
