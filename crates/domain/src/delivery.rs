//! How events are addressed on their way to gateways.

use bytes::Bytes;

use crate::{
    event::Event,
    id::{NodeId, SocketId, UserId},
    publication::{Audience, PublicationId},
    room::{RoomId, Standing},
    time::Timestamp,
};

/// One event for all its recipients behind one gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Who shall hear it.
    pub target: Target,
    /// When it happened.
    pub at: Timestamp,
    /// Its place, which says whether it is new, late or a repetition.
    pub place: Place,
    /// What happened.
    pub event: Event,
}

/// The recipients of an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Sockets that attend a room.
    Room {
        /// The room.
        room: RoomId,
        /// Who of them does not hear it.
        except: Except,
    },
    /// Sockets that attend any of these rooms or are of any of these users, each once, but none of this user.
    Rooms {
        /// The rooms.
        rooms: Vec<RoomId>,
        /// The users.
        users: Vec<UserId>,
        /// The user who does not hear it.
        except: UserId,
    },
    /// All sockets of these users.
    Users {
        /// The room or call that it is about, if any.
        room: Option<RoomId>,
        /// The users.
        users: Vec<UserId>,
        /// The socket that does not hear it.
        except: Option<SocketId>,
    },
    /// One socket.
    Socket {
        /// The room or call that it is about, if any.
        room: Option<RoomId>,
        /// The socket.
        socket: SocketId,
    },
    /// Every socket of the deployment but this user's.
    Everyone {
        /// The user who does not hear it.
        except: UserId,
    },
    /// Whom a backend has chosen.
    Audience(Box<Audience>),
}

/// Which attendants of a room do not hear an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Except {
    /// All hear it.
    Nobody,
    /// All but this socket.
    Socket(SocketId),
    /// All but the sockets of this user.
    User(UserId),
}

impl Except {
    /// Who does not hear an entry of the log, live or later: who brought it about and knows.
    pub fn of(event: &Event) -> Self {
        match event {
            Event::ActivityAppended { socket, .. } => Self::Socket(socket.clone()),
            Event::HistoryCleared { by } => Self::User(by.id.clone()),
            _ => Self::Nobody,
        }
    }

    /// Whether a socket of this user hears it.
    pub fn hears(&self, socket: &SocketId, user: &UserId) -> bool {
        match self {
            Self::Nobody => true,
            Self::Socket(except) => except != socket,
            Self::User(except) => except != user,
        }
    }
}

/// Where an event stands among the others of its room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It is entry `seq` of the log of this epoch.
    Log {
        /// The log's epoch.
        epoch: u64,
        /// The entry's number.
        seq: u64,
    },
    /// It brought the room's roster to this version.
    Roster(u64),
    /// It is this publication, which is told once however often it is sent.
    Publication(PublicationId),
    /// It has none: best effort.
    None,
}

/// An entry of a room's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// Its number.
    pub seq: u64,
    /// When it was appended.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What a service sends to one gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outbound {
    /// An event for recipients behind the gateway.
    Deliver(Box<Delivery>),
    /// Take this socket out of the room without a word: its attendance is over.
    Detach {
        /// The socket.
        socket: SocketId,
        /// The room.
        room: RoomId,
        /// Whether the socket was replaced by another of the same user, which asked for that.
        replaced: bool,
    },
    /// The session of this socket was recovered by another gateway: drop it without a word.
    Evict {
        /// The socket.
        socket: SocketId,
    },
    /// Disconnect every socket of a user, for good.
    Disconnect {
        /// The user.
        user: UserId,
    },
    /// Where a room stands: the gateway may have missed something of it.
    Standing(Standing),
}

/// Some consecutive items of the link from one service to one gateway.
///
/// One without items says which number comes next, so that silence after a lost item is noticed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// The service's node.
    pub sender: NodeId,
    /// Which of the sender's links to this gateway it is. One that replaces another has a greater
    /// number, and its items begin with 1 again.
    pub link: u64,
    /// Number of the first item, or of the one that comes next.
    pub first: u64,
    /// The items, each the bytes of an [`Outbound`].
    pub items: Vec<Bytes>,
}

impl Parcel {
    /// The number that comes after this parcel.
    pub fn next(&self) -> u64 {
        self.first.saturating_add(self.items.len() as u64)
    }
}
