//! What a command that was carried out has brought about.

use crate::{
    activity::Contents,
    command::Session,
    delivery::LogEntry,
    id::{CallId, MessageId, NodeId, SocketId, UserId},
    matching::MatchingOutcome,
    room::{Media, Peer, Position, RoomId},
    time::Timestamp,
    user::User,
};

/// The answer to a room command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoomOutcome {
    /// The socket attends.
    Joined(Box<Joined>),
    /// The message is stored and ordered.
    Posted {
        /// Its id.
        message: MessageId,
        /// Its place in the log.
        seq: u64,
        /// When.
        at: Timestamp,
    },
    /// The user's mark is where it was asked to be, or further.
    Marked {
        /// Messages of others that it has passed by this.
        count: u64,
    },
    /// The mark is as it was asked for.
    Reacted {
        /// When it was set or taken back; now, if nothing changed.
        at: Timestamp,
    },
    /// What was added is stored and ordered.
    Appended {
        /// Its place in the log.
        seq: u64,
        /// The number of a code change.
        version: Option<u64>,
        /// When.
        at: Timestamp,
    },
    /// A call was prepared.
    CallCreated {
        /// Its id.
        call: CallId,
        /// Who will be called.
        participants: Vec<UserId>,
        /// When it was made.
        created_at: Timestamp,
        /// When it ends unused.
        expires_at: Timestamp,
    },
    /// A call rings.
    CallInitiated {
        /// Users whose devices ring.
        ringing: Vec<UserId>,
        /// Users without a device, or busy.
        unavailable: Vec<UserId>,
        /// Users who are not members of the call's room.
        skipped: Vec<UserId>,
    },
    /// The user is in the call.
    CallAccepted {
        /// Everyone in the call, this user too.
        participants: Vec<CallParticipant>,
    },
    /// What came of looking for people to be with.
    Matching(MatchingOutcome),
    /// Done; there is nothing more to say.
    Done,
}

/// See [`RoomOutcome::Joined`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joined {
    /// The log's end at the moment of the join. Everything newer is delivered.
    pub position: Position,
    /// The roster's version at that moment.
    pub roster: u64,
    /// The room's short name in the socket's session.
    pub ordinal: u32,
    /// Members, at most 200.
    pub members: Vec<User>,
    /// The other sockets that a peer connection can be opened to.
    pub peers: Vec<Peer>,
    /// The peer that hosts the room.
    pub host: Option<SocketId>,
    /// Whether messages may be posted.
    pub chat_enabled: bool,
    /// What is newer than the join's `since`, oldest first.
    pub missed: Missed,
    /// What the room holds, if the join asked for it.
    pub contents: Option<Box<Contents>>,
}

/// Log entries that a client has not seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Missed {
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
    /// Whether the client's position belongs to this log and all entries after it are still there.
    pub whole: bool,
    /// Whether there are more than were sent.
    pub more: bool,
}

/// Someone in a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallParticipant {
    /// Who.
    pub user: User,
    /// What they send.
    pub media: Media,
}

/// The answer to a presence command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PresenceOutcome {
    /// The socket is known.
    Connected {
        /// Rooms in which the user is a member, most recently joined first, at most 200.
        rooms: Vec<RoomId>,
    },
    /// The session was handed over.
    Resumed {
        /// The session as the lost socket left it.
        session: Box<Session>,
        /// The gateway that held it.
        previous: NodeId,
    },
    /// There is no such session any more, or the proof or the user does not fit.
    NotResumed,
    /// Done; there is nothing more to say.
    Done,
}
