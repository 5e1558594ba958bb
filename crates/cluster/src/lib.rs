//! The seams of the cluster and what crosses them.
//!
//! - [`bus`]: commands inwards, deliveries outwards. NATS, or this process.
//! - [`store`]: the truth about rooms, calls, sessions and presence; each operation is one atomic
//!   step. Redis, or this process.
//! - [`directory`]: which nodes live. etcd, or this process.
//! - [`connect`]: where a backend is, and why it cannot be used.
//! - [`commands`]: asks the services, over the bus.
//! - [`outward`]: tells the gateways, over the bus.
//! - [`grpc`]: questions to the services.
//! - [`partition`]: which partition a room or user belongs to, and who owns it. Pure.
//! - [`serve`]: how a service serves the partitions that it owns.
//!
//! Each seam is one trait with one contract test-suite that every implementation passes. Nothing
//! outside the function that chooses implementations from the configuration knows which one it got.

pub mod bus;
pub mod clock;
pub mod commands;
pub mod connect;
pub mod directory;
pub mod grpc;
pub mod outward;
pub mod partition;
pub mod serve;
pub mod store;
