//! Serving partitions: what a room-router and a presence service have in common.
//!
//! - `ownership`: which partitions this node owns, by the directory; a task for each.
//! - `worker`: the task of one partition. Commands with the same key (one room, one user) are
//!   handled one after the other, others may overlap while the store makes them wait. What does not
//!   have to wait is handled where it is received, without another task.
//! - `timers`: the partition's deadlines in the store, and when the next one is due.
//!
//! Ownership gives order and locality. That two nodes own a partition for a moment, or none does, is
//! harmless: the queue group gives each command to one of them, the store decides, and who finds
//! nobody asks again. A node whose lease was lost while it lived registers again and goes on.

mod ownership;
mod timers;
mod worker;

use std::{hash::Hash, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};

use crate::{
    bus::{QueueGroup, Subject},
    directory::Role,
    partition::Partition,
    store::{Deadline, Scope},
};

pub use ownership::{Backends, serve};
pub use timers::Timers;

/// What a service does with the commands and deadlines of its partitions.
pub trait Service: Send + Sync + 'static {
    /// A command.
    type Command: Send + 'static;
    /// Commands and deadlines with the same key are handled in the order of their arrival.
    type Key: Clone + Eq + Hash + Send + 'static;

    /// Which service it is.
    const KIND: Kind;

    /// Reads a command.
    ///
    /// # Errors
    ///
    /// The reply to what cannot be read.
    fn decode(&self, payload: Bytes) -> Result<Self::Command, Bytes>;

    /// What the command is about.
    fn key(&self, command: &Self::Command) -> Self::Key;

    /// Carries a command out.
    fn handle(self: Arc<Self>, command: Self::Command, timers: Timers) -> BoxFuture<'static, Handled>;

    /// What a deadline is about; `None` if it cannot be read and shall be forgotten.
    fn key_of(&self, deadline: &Deadline) -> Option<Self::Key>;

    /// Does what a deadline is for. Gives whether it is done; otherwise it is tried again.
    fn fire(self: Arc<Self>, deadline: Deadline, timers: Timers) -> BoxFuture<'static, bool>;

    /// Does what the owner before may have left undone. Called when the node has begun to receive the
    /// partition's commands, beside them, and given up when the partition goes. Gives whether it is done;
    /// otherwise it is tried again.
    fn take_over(self: Arc<Self>, _partition: Partition) -> BoxFuture<'static, bool> {
        future::ready(true).boxed()
    }

    /// Learns how many partitions this node owns.
    fn owns(&self, partitions: usize);
}

/// Which of the two services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Room-routers.
    Rooms,
    /// Presence services.
    Presence,
}

impl Kind {
    const fn subject(self, partition: Partition) -> Subject {
        match self {
            Self::Rooms => Subject::Rooms(partition),
            Self::Presence => Subject::Presence(partition),
        }
    }

    const fn group(self) -> QueueGroup {
        match self {
            Self::Rooms => QueueGroup::Rooms,
            Self::Presence => QueueGroup::Presence,
        }
    }

    const fn scope(self) -> Scope {
        match self {
            Self::Rooms => Scope::Rooms,
            Self::Presence => Scope::Presence,
        }
    }

    /// The role of the nodes that share the partitions.
    pub const fn role(self) -> Role {
        match self {
            Self::Rooms => Role::RoomRouter,
            Self::Presence => Role::Presence,
        }
    }
}

/// A command that was carried out.
pub struct Handled {
    /// The reply.
    pub reply: Bytes,
    /// What follows when the reply is on its way, beside the next commands.
    pub afterwards: Option<BoxFuture<'static, ()>>,
}

impl From<Bytes> for Handled {
    fn from(reply: Bytes) -> Self {
        Self { reply, afterwards: None }
    }
}

/// Bounds of serving.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// How many commands of one partition are under way or wait for another one of the same key.
    /// Beyond that the bus keeps them.
    pub pending: usize,
    /// How often a partition's deadlines are read though none that is known of is due: another owner
    /// may have set some before it knew that it had lost the partition. So late they fire at most.
    pub refresh: Duration,
}

/// How long to wait before something that the bus or the store refused is tried again: within it, what was broken
/// is resumed when they are back.
const RETRY: Duration = Duration::from_secs(1);

impl Default for ServeOptions {
    fn default() -> Self {
        Self { pending: 256, refresh: Duration::from_secs(2) }
    }
}
