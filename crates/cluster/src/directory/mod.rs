//! The directory: which nodes of the cluster live.

pub mod etcd;
mod memory;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use heliograph_domain::{
    id::{HomeId, NodeId},
    time::Timestamp,
};
use tokio::sync::watch;

pub use etcd::EtcdDirectory;
pub use memory::MemoryDirectory;

/// What a node does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Terminates client connections.
    Gateway,
    /// Handles rooms, messages and calls.
    RoomRouter,
    /// Knows who is here.
    Presence,
}

impl Role {
    /// The role's name in keys, metrics and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::RoomRouter => "room-router",
            Self::Presence => "presence",
        }
    }
}

/// A node as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id, new in each life.
    pub id: NodeId,
    /// What it does.
    pub role: Role,
    /// Where its gRPC services listen, as `host:port`; empty within one process.
    pub grpc: String,
    /// Of a gateway: where its sessions are at home. It stays the same if the gateway has to register
    /// under a new id.
    pub home: Option<HomeId>,
    /// The version of the program.
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// Whether it is about to stop.
    pub draining: bool,
}

/// The nodes that live, by id.
pub type Nodes = Arc<BTreeMap<NodeId, Node>>;

/// Why the directory did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The directory cannot be reached.
    #[error("the directory is unavailable: {0}")]
    Unavailable(String),
}

/// A register of nodes, each under a lease that its node keeps alive.
pub trait Directory: Send + Sync + 'static {
    /// Registers a node, or replaces what is registered under its id. This process's own view shows it
    /// when this returns.
    fn register(&self, node: Node) -> BoxFuture<'_, Result<(), DirectoryError>>;

    /// Takes a node out, so that others learn of it at once.
    fn deregister<'a>(&'a self, node: &'a NodeId) -> BoxFuture<'a, Result<(), DirectoryError>>;

    /// A live view of the nodes. While the directory cannot be reached it stays as it was.
    fn watch(&self) -> watch::Receiver<Nodes>;

    /// How often this process was taken for dead though it lived: its lease was lost, and with it all
    /// that it had registered. Who registered something has to do it again, as a new node if others
    /// act on the end of the old one.
    fn losses(&self) -> watch::Receiver<u64>;

    /// How long after its last sign of life a node is taken for dead.
    fn lease(&self) -> Duration;

    /// Asks the directory for a sign of life.
    fn probe(&self) -> BoxFuture<'_, Result<(), DirectoryError>>;
}
