//! Facts that travel outwards: past tense, already decided.

use crate::{
    activity::{ActivityKind, EphemeralKind},
    command::{CallMedia, SignalKind, Status},
    content::Content,
    id::{CallId, MessageId, SocketId, UserId},
    matching::MatchingEvent,
    publication::EventName,
    room::{Media, MediaChange, Peer, RoomId},
    text::{Emoji, MessageText, RawJson, Reference},
    time::Timestamp,
    user::{User, Vocabulary},
};

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A socket attends the room.
    MemberJoined {
        /// Whose socket.
        user: User,
        /// The socket.
        socket: SocketId,
        /// Whether the client asked for it and no other socket of the user had done so.
        announced: bool,
        /// The peer, if it can be signalled.
        peer: Option<Peer>,
    },
    /// A socket no longer attends the room.
    MemberLeft {
        /// Whose socket.
        user: User,
        /// The socket.
        socket: SocketId,
        /// Whether it was the user's last socket that had asked for the room.
        announced: bool,
        /// Whether it could be signalled.
        peer: bool,
        /// Why.
        reason: LeaveReason,
    },
    /// The room is over.
    RoomClosed {
        /// Why.
        reason: CloseReason,
        /// The member who closed it, if one did.
        by: Option<User>,
    },
    /// A message was posted. Sequenced.
    MessagePosted(Message),
    /// A message has reached a device of somebody else; for its author.
    MessageDelivered {
        /// The message.
        message: MessageId,
        /// Its author.
        author: UserId,
        /// Whose device has it.
        to: UserId,
    },
    /// Somebody has read what was posted up to a message; for the authors.
    MessageRead {
        /// The newest message that was read.
        message: MessageId,
        /// Who has read it.
        reader: UserId,
    },
    /// A mark on a message was set or taken back. Sequenced.
    ReactionChanged {
        /// The marked message.
        message: MessageId,
        /// Who marked it.
        user: User,
        /// The mark.
        emoji: Emoji,
        /// Whether it is there now.
        on: bool,
    },
    /// A member has emptied the log: what was before is gone. Sequenced.
    HistoryCleared {
        /// Who.
        by: User,
    },
    /// A message is gone. Sequenced; also stands in the log where the message was.
    MessageDeleted {
        /// The message.
        message: MessageId,
    },
    /// Something was added to what is worked on. Sequenced.
    ActivityAppended {
        /// What was added to.
        kind: ActivityKind,
        /// Who.
        by: User,
        /// Their socket.
        socket: SocketId,
        /// The number of a code change among those of the room.
        version: Option<u64>,
        /// The version that the client gave.
        base_version: Option<u64>,
        /// The sender's fields.
        body: RawJson,
    },
    /// Somebody records, or has stopped.
    RecordingSwitched {
        /// Whether.
        on: bool,
        /// Who.
        by: User,
        /// Their socket.
        socket: SocketId,
        /// The sender's fields.
        body: Option<RawJson>,
    },
    /// A user writes, or has stopped.
    TypingChanged {
        /// Who.
        user: User,
        /// Whether they are writing.
        on: bool,
    },
    /// The room's chat was switched.
    ChatSwitched {
        /// Whether messages may be posted.
        enabled: bool,
        /// Who switched it.
        by: User,
        /// Their socket.
        socket: SocketId,
    },
    /// Another peer hosts the room.
    HostChanged {
        /// The new host.
        host: SocketId,
    },
    /// A socket told something that is not stored.
    EphemeralSent {
        /// Who.
        from: User,
        /// Their socket.
        socket: SocketId,
        /// What it is.
        kind: EphemeralKind,
        /// The sender's fields.
        body: RawJson,
    },
    /// A peer or participant sends or shows something else than before.
    MediaChanged {
        /// Who changed it.
        by: User,
        /// The socket that changed it.
        socket: SocketId,
        /// Whose state it is.
        peer: SocketId,
        /// What changed.
        change: MediaChange,
        /// The state now.
        media: Media,
        /// The sender's fields.
        body: Option<RawJson>,
    },
    /// Call signaling was passed on.
    SignalRelayed {
        /// Who sent it.
        from: User,
        /// Their socket.
        socket: SocketId,
        /// What it is.
        kind: SignalKind,
        /// The vocabulary in whose form the body is.
        vocabulary: Vocabulary,
        /// The payload.
        body: RawJson,
    },
    /// A call rings.
    CallRinging {
        /// The call.
        call: CallId,
        /// The room that the call belongs to, if any.
        room: Option<RoomId>,
        /// The caller.
        from: User,
        /// The announced medium.
        media: CallMedia,
    },
    /// A called user cannot be reached now.
    CallParticipantUnavailable {
        /// The call.
        call: CallId,
        /// Who.
        user: UserId,
        /// Why.
        reason: Unavailable,
    },
    /// A called user accepted; for the caller.
    CallAccepted {
        /// The call.
        call: CallId,
        /// Who.
        by: User,
    },
    /// A called user declined; for the caller.
    CallRejected {
        /// The call.
        call: CallId,
        /// Who.
        by: User,
        /// Their own words.
        reason: Option<MessageText>,
    },
    /// Another device of this user answered.
    CallAnsweredElsewhere {
        /// The call.
        call: CallId,
        /// Whether the answer was yes.
        accepted: bool,
    },
    /// Someone came into the call; for those already in it.
    CallParticipantJoined {
        /// The call.
        call: CallId,
        /// Who, and what they send.
        peer: Peer,
    },
    /// Someone left the call.
    CallParticipantLeft {
        /// The call.
        call: CallId,
        /// Who.
        user: User,
        /// The socket that took part, if one did.
        socket: Option<SocketId>,
    },
    /// The call is over.
    CallEnded {
        /// The call.
        call: CallId,
        /// Who ended it, if somebody did.
        by: Option<UserId>,
        /// Why.
        reason: CallEndReason,
        /// From whom it is heard: who ended it, else in a call of two the other one.
        from: Option<User>,
    },
    /// A user has a socket, or is visible again.
    UserOnline {
        /// Who.
        user: User,
    },
    /// A user's last socket is gone, or they became invisible.
    UserOffline {
        /// Who.
        user: User,
        /// When they were last here.
        last_seen: Timestamp,
    },
    /// A user chose another status.
    PresenceChanged {
        /// Who.
        user: User,
        /// The status.
        status: Status,
        /// When they were last here.
        last_seen: Timestamp,
    },
    /// Something about queues, matches or invitations.
    Matching(MatchingEvent),
    /// A backend published an event of its own.
    Published {
        /// Its name.
        event: EventName,
        /// Its arguments.
        args: Vec<RawJson>,
    },
}

/// A stored message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The author.
    pub author: User,
    /// The socket that posted it; `None` for HTTP and backends.
    pub socket: Option<SocketId>,
    /// Whether that socket is a peer of the room.
    pub peer: bool,
    /// The text, without tags.
    pub text: MessageText,
    /// What it is beside text.
    pub content: Content,
    /// A JSON array of objects.
    pub attachments: Option<RawJson>,
    /// The author's own name for it, for the posting socket alone.
    pub reference: Option<Reference>,
}

/// Why a socket left a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaveReason {
    /// It asked to.
    Left,
    /// It is gone.
    Disconnected,
    /// It was replaced or thrown out.
    Removed,
}

impl LeaveReason {
    /// The reason on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Disconnected => "disconnected",
            Self::Removed => "removed",
        }
    }
}

/// Why a room was closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// An operator closed it.
    System,
    /// The call that it belonged to is over.
    CallEnded,
    /// A member closed it.
    ClosedByUser,
    /// Nobody has used it for long.
    Expired,
}

impl CloseReason {
    /// The reason on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::CallEnded => "call-ended",
            Self::ClosedByUser => "closed_by_user",
            Self::Expired => "expired",
        }
    }
}

/// Why a called user cannot be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unavailable {
    /// No socket.
    Offline,
    /// In another call.
    Busy,
}

/// Why a call is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallEndReason {
    /// Somebody ended it.
    UserEnded,
    /// Everybody declined.
    Rejected,
    /// Nobody answered in time.
    NoAnswer,
    /// One participant or none is left.
    ParticipantsLeft,
    /// The room was closed.
    RoomClosed,
}

impl CallEndReason {
    /// The reason on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserEnded => "user-ended",
            Self::Rejected => "rejected",
            Self::NoAnswer => "no-answer",
            Self::ParticipantsLeft => "participants-left",
            Self::RoomClosed => "room-closed",
        }
    }
}
