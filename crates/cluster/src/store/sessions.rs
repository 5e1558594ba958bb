//! Sessions: what a lost socket left behind, so that its client can have it back on any gateway.

use std::time::Duration;

use heliograph_domain::{
    command::{Session, SessionSecret},
    id::{NodeId, SocketId, UserId},
    room::{Position, RoomId},
    time::Timestamp,
};

use super::Step;

/// Steps on one session. A session is live while a gateway holds its socket, and lost after that
/// until it is resumed or its time is over.
pub trait Sessions: Send + Sync + 'static {
    /// Begins a session, live at its actor's gateway. If the same one, by its secret, has begun already,
    /// nothing changes but what is known of its actor, such as what the socket speaks. It stays its user's.
    fn open<'a>(&'a self, session: Session) -> Step<'a, ()>;

    /// The session, and since when it is lost; `None` if there is none.
    fn load<'a>(&'a self, socket: &'a SocketId) -> Step<'a, Option<(Session, Option<Timestamp>)>>;

    /// The gateway that holds the socket; `None` if there is no session, or its transport is lost.
    fn held_by<'a>(&'a self, socket: &'a SocketId) -> Step<'a, Option<NodeId>>;

    /// Notes that the socket attends a room from a position on, and whether its client asked for the
    /// room itself. Gives the room's ordinal, the same for the same room until it is removed, and never
    /// that of another. A room that the session has keeps its position, because what was sent after it
    /// may have been lost with a connection, and stays one that was asked for. Nothing happens if there
    /// is no session.
    fn add_room<'a>(
        &'a self,
        socket: &'a SocketId,
        room: &'a RoomId,
        position: Position,
        explicit: bool,
    ) -> Step<'a, Option<u32>>;

    /// Notes that the socket no longer attends a room.
    fn remove_room<'a>(&'a self, socket: &'a SocketId, room: &'a RoomId) -> Step<'a, ()>;

    /// The socket's transport is lost, if `gateway` still holds it: keeps the session for `window`
    /// with these positions, as far as the session has the rooms. Gives whether it did. A session
    /// that is lost already stays lost since then.
    fn lose<'a>(
        &'a self,
        socket: &'a SocketId,
        gateway: &'a NodeId,
        positions: &'a [(RoomId, Position)],
        now: Timestamp,
        window: Duration,
    ) -> Step<'a, bool>;

    /// Hands the session to a gateway, if the secret fits, `user` is absent or the session's, and its
    /// time is not over. Live sessions are taken over.
    fn resume<'a>(
        &'a self,
        socket: &'a SocketId,
        secret: SessionSecret,
        user: Option<&'a UserId>,
        gateway: &'a NodeId,
        now: Timestamp,
    ) -> Step<'a, ResumeOutcome>;

    /// Ends a session, if `gateway` still holds it or none is given. Gives it back.
    fn close<'a>(&'a self, socket: &'a SocketId, gateway: Option<&'a NodeId>) -> Step<'a, Option<Session>>;
}

/// See [`Sessions::resume`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResumeOutcome {
    /// Handed over; the session's actor names the new gateway.
    Resumed {
        /// The session.
        session: Box<Session>,
        /// The gateway that held it.
        previous: NodeId,
    },
    /// Unknown, over, or not this client's.
    Refused,
}
