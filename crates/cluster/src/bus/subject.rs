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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rooms(partition) => write!(f, "hg.rooms.{partition}"),
            Self::Presence(partition) => write!(f, "hg.presence.{partition}"),
            Self::Gateway(node) => write!(f, "hg.gateway.{node}"),
        }
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
