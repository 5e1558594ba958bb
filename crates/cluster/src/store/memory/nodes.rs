//! One copy of each gateway's id.

use heliograph_domain::id::NodeId;
use parking_lot::RwLock;

/// More gateways than a process ever sees at a time. Beyond it the oldest id is forgotten, which
/// costs memory and nothing else.
const MOST: usize = 64;

/// Every socket, attendance and session names its gateway, and each arrives with a copy of the name.
/// There are few gateways: here are the copies that are kept.
#[derive(Default)]
pub(super) struct Nodes(RwLock<Vec<NodeId>>);

impl Nodes {
    /// The kept copy of an id.
    pub(super) fn kept(&self, node: &NodeId) -> NodeId {
        if let Some(kept) = self.0.read().iter().find(|kept| *kept == node) {
            return kept.clone();
        }
        let mut nodes = self.0.write();
        if nodes.len() == MOST {
            nodes.remove(0);
        }
        nodes.push(node.clone());
        node.clone()
    }
}
