//! The other gateways of the cluster.

use std::time::Duration;

use heliograph_cluster::directory::Nodes;
use heliograph_cluster::grpc::{Channels, Link};
use heliograph_domain::id::HomeId;
use tokio::sync::watch;

/// The gateways that the directory knows, by the homes that session ids begin with.
#[derive(Clone)]
pub struct Peers {
    nodes: watch::Receiver<Nodes>,
    channels: Channels,
}

impl Peers {
    /// Those among these nodes, reached by these channels.
    pub fn new(nodes: watch::Receiver<Nodes>, channels: Channels) -> Self {
        Self { nodes, channels }
    }

    /// The way to the gateway where sessions with this home are; `None` if there is none that lives. A gateway that
    /// drains still serves its sessions.
    pub(super) fn link(&self, home: &HomeId, deadline: Duration) -> Option<Link> {
        let node = {
            let nodes = self.nodes.borrow();
            nodes.values().find(|node| node.home.as_ref() == Some(home))?.id.clone()
        };
        self.channels.node(&node, deadline)
    }
}
