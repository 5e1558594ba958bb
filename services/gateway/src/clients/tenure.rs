//! Under which node id the cluster knows this gateway.
//!
//! A gateway whose lease was lost while it lived was taken for dead: presence ends its sockets, and whoever
//! holds their sessions may have them back elsewhere. So it goes on as another node, and nothing is said for a
//! client until it is known under the new id (`settle`).

use heliograph_domain::id::NodeId;
use tokio::sync::{Notify, watch};

/// The gateway's node id, as it is now.
pub(crate) struct Tenure {
    term: watch::Sender<Term>,
    /// Told when the gateway should go on under another id although nobody has taken it for dead.
    unsure: Notify,
}

#[derive(Clone)]
struct Term {
    node: NodeId,
    /// Whether the directory has it.
    registered: bool,
}

impl Tenure {
    /// Under its first id, which is about to be registered.
    pub(crate) fn new(node: NodeId) -> Self {
        Self { term: watch::Sender::new(Term { node, registered: true }), unsure: Notify::new() }
    }

    /// The id.
    pub(crate) fn node(&self) -> NodeId {
        self.term.borrow().node.clone()
    }

    /// Whether this is the id, and the directory has it.
    pub(crate) fn is(&self, node: &NodeId) -> bool {
        let term = self.term.borrow();
        term.registered && term.node == *node
    }

    /// The gateway has another id, which the directory does not have yet.
    pub(crate) fn renew(&self, node: NodeId) {
        self.term.send_replace(Term { node, registered: false });
    }

    /// The directory has the id.
    pub(crate) fn registered(&self) {
        self.term.send_modify(|term| term.registered = true);
    }

    /// The id, once the directory has it.
    pub(crate) async fn known(&self) -> NodeId {
        let mut term = self.term.subscribe();
        match term.wait_for(|term| term.registered).await {
            Ok(term) => term.node.clone(),
            // Not possible: this is the sender.
            Err(_) => self.node(),
        }
    }

    /// What the cluster knows of the gateway's sockets can no longer be put right one by one. Under another id
    /// everything that is known of the old one ends.
    pub(crate) fn doubt(&self) {
        self.unsure.notify_one();
    }

    /// Waits for [`Tenure::doubt`].
    pub(crate) async fn doubted(&self) {
        self.unsure.notified().await;
    }
}
