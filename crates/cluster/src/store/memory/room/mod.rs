//! One room: who is in it, its log, and what it remembers of commands.
//!
//! - [`attend`] and [`leave`]: sockets come and go, and with them members and the host.
//! - [`roster`]: who is there, and what each peer sends.
//! - [`append`]: messages and marks, on the [`log`].
//! - [`outcomes`]: what has been answered to which command.

mod append;
mod attend;
mod leave;
mod log;
mod outcomes;
mod roster;

use heliograph_domain::{
    id::{NodeId, SocketId, UserId},
    room::Media,
    time::Timestamp,
    user::{User, Vocabulary},
};

use self::{log::Log, outcomes::Outcomes, roster::Gateways};
use super::{
    super::Retention,
    ordered::{Keyed, Ordered},
};

/// A room. Once it is forgotten it remains as the bearer of its outcomes until they have expired.
pub(super) struct Room {
    pub(super) log: Log,
    roster: u64,
    chat_enabled: bool,
    people: Ordered<Person>,
    attendances: Ordered<Attendance>,
    gateways: Gateways,
    outcomes: Outcomes,
    unattended_since: Timestamp,
}

/// Someone who is a member, has a socket here, or both.
struct Person {
    user: User,
    member: bool,
    /// Sockets here.
    sockets: u32,
    /// Those of them whose clients asked for the room themselves.
    explicit: u32,
    /// The newest entry that they have read, if they are a member.
    read: u64,
}

/// A socket that is here.
struct Attendance {
    socket: SocketId,
    user: UserId,
    gateway: NodeId,
    vocabulary: Vocabulary,
    explicit: bool,
    peer: Option<PeerState>,
}

#[derive(Clone, Copy)]
struct PeerState {
    media: Media,
    joined_at: Timestamp,
}

impl Keyed for Person {
    type Key = UserId;

    fn key(&self) -> &UserId {
        &self.user.id
    }
}

impl Keyed for Attendance {
    type Key = SocketId;

    fn key(&self) -> &SocketId {
        &self.socket
    }
}

impl Room {
    /// An empty room. The roster's first version is taken from the time, so that a room that is
    /// made again does not repeat versions that are still on their way to gateways.
    pub(super) fn new(epoch: u64, at: Timestamp) -> Self {
        Self {
            log: Log::new(epoch),
            roster: at.as_millis(),
            chat_enabled: true,
            people: Ordered::default(),
            attendances: Ordered::default(),
            gateways: Gateways::default(),
            outcomes: Outcomes::default(),
            unattended_since: at,
        }
    }

    /// Whether there is nobody and nothing in it: to everyone else the room does not exist.
    pub(super) fn is_forgotten(&self) -> bool {
        self.people.is_empty() && self.attendances.is_empty() && self.log.is_empty()
    }

    /// Removes what has expired. Gives whether anything is left to keep.
    pub(super) fn sweep(&mut self, retention: Retention, now: Timestamp) -> bool {
        self.outcomes.expire(now);
        self.log.expire(retention, now);
        if self.attendances.is_empty() && self.unattended_since + retention.age <= now {
            return false;
        }
        !(self.is_forgotten() && self.outcomes.is_empty())
    }
}
