//! The example as one of several nodes, on the seams of the cluster.
//!
//! All events of all namespaces stand in one log of the store; their numbers are the offsets of recovery. Each node
//! reads the log from where it has come to, and sends its sockets what is for them. It does so when the bus says that
//! there is more, and once a second in case that was lost. Sessions, with their rooms, are in the store from the
//! moment a client is connected, so that any node can restore them, whatever became of the one before.

mod entry;
mod hub;
mod node;

pub(crate) use self::hub::ClusterHub;
pub(crate) use self::node::{Backends, Node};
