//! Users: their sockets, status, rooms and calls.

use heliograph_domain::{
    command::Status,
    id::{CallId, NodeId, SocketId, UserId},
    room::RoomId,
    time::Timestamp,
    user::{User, Vocabulary},
};

use super::Step;

/// Steps on one user. A user without sockets, rooms and calls of whom nobody thinks that they are
/// online is forgotten, but for the last-seen time, which is kept for the retention age unless they
/// are a guest. Rooms and calls of a user without sockets are forgotten too when nothing has changed
/// for that age.
pub trait Presence: Send + Sync + 'static {
    /// Notes a socket of the user, or that it moved to another gateway; refuses with `false` beyond
    /// `max_sockets`.
    fn connect<'a>(&'a self, user: &'a User, socket: UserSocket, max_sockets: usize, now: Timestamp) -> Step<'a, bool>;

    /// Forgets a socket. Gives how many are left.
    fn disconnect<'a>(&'a self, user: &'a UserId, socket: &'a SocketId, now: Timestamp) -> Step<'a, usize>;

    /// The sockets of a user, in the order of connecting.
    fn sockets<'a>(&'a self, user: &'a UserId) -> Step<'a, Vec<UserSocket>>;

    /// What is known of a user; the default if nothing is.
    fn record<'a>(&'a self, user: &'a UserId) -> Step<'a, PresenceRecord>;

    /// Chooses a status. Gives the one before.
    fn set_status<'a>(&'a self, user: &'a UserId, status: Status, now: Timestamp) -> Step<'a, Status>;

    /// Notes whether the user looks at a socket. Nothing happens if it is not theirs.
    fn set_active<'a>(&'a self, user: &'a UserId, socket: &'a SocketId, active: bool, now: Timestamp) -> Step<'a, ()>;

    /// Notes which status others are told of. Gives the one before: of several who tell one finds it changed.
    fn show<'a>(&'a self, user: &'a UserId, status: Status) -> Step<'a, Status>;

    /// Notes whether others have been told that the user is online. Gives whether that is a change:
    /// of several announcers one announces.
    fn announce<'a>(&'a self, user: &'a UserId, online: bool) -> Step<'a, bool>;

    /// Rooms in which the user is a member, most recently joined first, at most `limit`.
    fn rooms<'a>(&'a self, user: &'a UserId, limit: usize) -> Step<'a, Vec<RoomId>>;

    /// Notes a membership, or that it was used.
    fn add_room<'a>(&'a self, user: &'a UserId, room: &'a RoomId, now: Timestamp) -> Step<'a, ()>;

    /// Forgets a membership.
    fn remove_room<'a>(&'a self, user: &'a UserId, room: &'a RoomId) -> Step<'a, ()>;

    /// Calls that ring for the user or that they take part in.
    fn calls<'a>(&'a self, user: &'a UserId) -> Step<'a, Vec<CallId>>;

    /// Notes a call.
    fn add_call<'a>(&'a self, user: &'a UserId, call: &'a CallId) -> Step<'a, ()>;

    /// Forgets a call.
    fn remove_call<'a>(&'a self, user: &'a UserId, call: &'a CallId) -> Step<'a, ()>;

    /// Gateways at which sockets are noted.
    fn gateways(&self) -> Step<'_, Vec<NodeId>>;

    /// Sockets that are noted at a gateway, with their users, at most `limit`. Every connected socket
    /// is noted at its gateway from before [`Presence::connect`] succeeds until after it has moved or
    /// disconnected; a note may be left over after that.
    fn at_gateway<'a>(&'a self, gateway: &'a NodeId, limit: usize) -> Step<'a, Vec<(SocketId, UserId)>>;

    /// Removes notes that are left over, of sockets that are not connected at the gateway any more.
    fn tidy<'a>(&'a self, gateway: &'a NodeId, left_over: &'a [(SocketId, UserId)]) -> Step<'a, ()>;

    /// How many users have sockets, and how many sockets there are. Not one atomic step: who comes or
    /// goes meanwhile may be counted or not.
    fn counts(&self) -> Step<'_, (u64, u64)>;
}

/// A socket of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSocket {
    /// The socket.
    pub socket: SocketId,
    /// Where it is.
    pub gateway: NodeId,
    /// What it speaks.
    pub vocabulary: Vocabulary,
}

/// What is known of a user's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PresenceRecord {
    /// The chosen status.
    pub status: Status,
    /// When a socket was last there; the epoch if never.
    pub last_seen: Timestamp,
    /// How many sockets there are.
    pub sockets: usize,
    /// How many of them the user does not look at.
    pub idle: usize,
    /// The status that others were told of last.
    pub shown: Status,
    /// Whether others have been told that the user is online.
    pub announced: bool,
}
