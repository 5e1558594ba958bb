//! The directory of a cluster that is one process.

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use heliograph_domain::id::NodeId;
use tokio::sync::watch;

use super::{Directory, DirectoryError, Node, Nodes};

/// Nodes of this process. They live until they deregister: who could outlive the process?
#[derive(Debug, Default)]
pub struct MemoryDirectory {
    nodes: watch::Sender<Nodes>,
    losses: watch::Sender<u64>,
}

impl MemoryDirectory {
    /// A directory without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes all nodes for dead, as a directory does whose leases have ended.
    pub fn lose_all(&self) {
        self.nodes.send_replace(Nodes::default());
        self.losses.send_modify(|count| *count += 1);
    }
}

impl Directory for MemoryDirectory {
    fn register(&self, node: Node) -> BoxFuture<'_, Result<(), DirectoryError>> {
        self.nodes.send_if_modified(|nodes| {
            if nodes.get(&node.id) == Some(&node) {
                return false;
            }
            Arc::make_mut(nodes).insert(node.id.clone(), node);
            true
        });
        future::ready(Ok(())).boxed()
    }

    fn deregister<'a>(&'a self, node: &'a NodeId) -> BoxFuture<'a, Result<(), DirectoryError>> {
        self.nodes.send_if_modified(|nodes| nodes.contains_key(node) && Arc::make_mut(nodes).remove(node).is_some());
        future::ready(Ok(())).boxed()
    }

    fn watch(&self) -> watch::Receiver<Nodes> {
        self.nodes.subscribe()
    }

    fn losses(&self) -> watch::Receiver<u64> {
        self.losses.subscribe()
    }

    fn lease(&self) -> Duration {
        Duration::ZERO
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), DirectoryError>> {
        future::ready(Ok(())).boxed()
    }
}
