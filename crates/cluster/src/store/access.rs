//! Who may enter a room, and how that ends.

use heliograph_domain::{command::Access, id::NodeId, time::Timestamp, user::User};

use super::{Attendant, Left};

/// See [`Rooms::prepare`](super::Rooms::prepare).
#[derive(Clone, Debug)]
pub struct Preparation {
    /// Who may enter from now on, if that changes.
    pub access: Option<Access>,
    /// Who become members.
    pub members: Vec<User>,
    /// The epoch of the log if this step creates it.
    pub new_epoch: u64,
    /// Now.
    pub at: Timestamp,
}

/// See [`Rooms::expel`](super::Rooms::expel).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expelled {
    /// The user's attendances, which have ended, in the order of coming. Each is a change of its own.
    pub removed: Vec<(Attendant, Left)>,
    /// Whether the user was a member.
    pub membership_ended: bool,
    /// Whether nobody is a member now.
    pub deserted: bool,
    /// Gateways that still hold attendants.
    pub gateways: Vec<NodeId>,
}

/// See [`Rooms::close_idle`](super::Rooms::close_idle).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It was idle for long enough and is closed. These were its members.
    Closed(Vec<User>),
    /// Nobody attends it and nothing has been written since this time.
    Since(Timestamp),
    /// Somebody attends it.
    Attended,
    /// There is no such room.
    Gone,
}
