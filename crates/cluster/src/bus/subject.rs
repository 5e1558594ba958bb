//! Subject names. They are built here and nowhere else.

use std::fmt;

use heliograph_domain::id::NodeId;

use crate::partition::Partition;

/// Where a message goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// Commands to the rooms of a partition: `hg.rooms.<p>`.
    Rooms(Partition),
    /// Commands to presence for the users of a partition: `hg.presence.<p>`.
    Presence(Partition),
    /// Deliveries and control messages to one gateway: `hg.gateway.<node>`.
    Gateway(NodeId),
}

/// What subjects begin with unless the deployment says otherwise.
pub const DEFAULT_PREFIX: &str = "hg";

impl Subject {
    /// The subject's name in a deployment whose subjects begin with `prefix`.
    pub fn name(&self, prefix: &str) -> String {
        match self {
            Self::Rooms(partition) => format!("{prefix}.rooms.{partition}"),
            Self::Presence(partition) => format!("{prefix}.presence.{partition}"),
            Self::Gateway(node) => format!("{prefix}.gateway.{node}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name(DEFAULT_PREFIX))
    }
}

/// Subscribers that share a subject's messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum QueueGroup {
    /// Room-routers.
    Rooms,
    /// Presence services.
    Presence,
}

impl QueueGroup {
    /// The group's name on the bus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::Presence => "presence",
        }
    }
}
