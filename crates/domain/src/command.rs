//! Requests that travel inwards: imperative, each with one target, each answered.

use std::time::Duration;

use crate::{
    activity::{ActivityKind, EphemeralKind, RoomState},
    content::Content,
    id::{CommandId, MessageId, NodeId, SocketId, UserId},
    matching::MatchingCommand,
    publication::Publication,
    room::{Media, MediaChange, Position, RoomId},
    text::{Emoji, MessageText, RawJson, Reference},
    user::{Actor, User},
};

/// On whose behalf a room command is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A connected socket.
    Socket(Actor),
    /// A user by HTTP, without a socket.
    User(User),
    /// The cluster itself: presence, an operator, a deadline.
    System,
}

/// A command to a room, handled by the owner of the room's partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomRequest {
    /// Makes retries recognisable: the same id gives the first outcome again.
    pub id: CommandId,
    /// The target.
    pub room: RoomId,
    /// Who asks.
    pub origin: Origin,
    /// What is asked.
    pub command: RoomCommand,
}

/// What can be asked of a room. A call is a room: its commands go to `call:<id>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoomCommand {
    /// Makes the user a member and the socket an attendant.
    Join(Join),
    /// Ends the socket's attendance, and the membership too if `permanent`.
    Leave {
        /// Whether the user stops being a member.
        permanent: bool,
    },
    /// Ends the attendance of a socket that is gone. From the system only.
    Detach {
        /// The socket that is gone.
        socket: SocketId,
        /// Its user.
        user: UserId,
        /// Whether it said goodbye or was lost.
        cause: DisconnectCause,
    },
    /// Stores a message and tells it to the room.
    Post(Post),
    /// Sets or takes back a mark on a message.
    React {
        /// The marked message.
        message: MessageId,
        /// The mark.
        emoji: Emoji,
        /// Whether the mark shall be there afterwards.
        on: bool,
    },
    /// The user's devices have what was posted up to here. From a client that confirms it itself, or from
    /// the gateway that wrote it to one of them.
    MarkDelivered {
        /// How far.
        up_to: Mark,
    },
    /// The user has read what was posted up to here.
    MarkRead {
        /// How far.
        up_to: Mark,
    },
    /// Says that the user writes, or has stopped.
    SetTyping {
        /// Whether the user is writing.
        on: bool,
    },
    /// Switches the room's chat. For the host and administrators.
    SwitchChat {
        /// Whether messages may be posted afterwards.
        enabled: bool,
    },
    /// Changes what a peer sends or shows.
    SetMedia {
        /// Whose state, if not the sender's own: the host lowers somebody's hand.
        target: Option<SocketId>,
        /// The change.
        change: MediaChange,
        /// The sender's fields, which travel with the announcement where the vocabulary wants that.
        body: Option<RawJson>,
    },
    /// Tells the others, or one socket, something that is not stored.
    SendEphemeral {
        /// The one addressee, or everybody else.
        to: Option<SocketId>,
        /// What it is.
        kind: EphemeralKind,
        /// The sender's fields.
        body: RawJson,
    },
    /// Passes call signaling on.
    Signal(Signal),
    /// Prepares a call (`POST /api/call-sessions`).
    CreateCall(CallPlan),
    /// Rings the participants of a call, creating it if it was not prepared.
    InitiateCall(CallPlan),
    /// Joins a ringing or active call.
    AcceptCall,
    /// Declines a ringing call.
    RejectCall {
        /// The user's own words.
        reason: Option<MessageText>,
    },
    /// Ends a call, or leaves a larger one.
    EndCall {
        /// Nobody has answered: whoever rang no longer waits.
        unanswered: bool,
    },
    /// A participant has had no socket for the grace. From the system only.
    DepartCall {
        /// The participant.
        user: UserId,
    },
    /// A socket of a participant has connected: it hears what rings and gets what was held for the
    /// user. From the system only.
    GreetSocket {
        /// The participant.
        user: UserId,
        /// The new socket.
        socket: SocketId,
        /// The gateway that holds it.
        gateway: NodeId,
    },
    /// Ends the room. From the system, and from members of a room of matched people.
    Close,
    /// Looks for people to be with.
    Matching(MatchingCommand),
    /// Empties the log; its numbers go on.
    ClearHistory,
    /// Adds to what is worked on in the room.
    AppendActivity {
        /// What is added to.
        kind: ActivityKind,
        /// The sender's fields.
        body: RawJson,
        /// The version that the client gave.
        base_version: Option<u64>,
    },
    /// Says how the room is now.
    SetState(RoomState),
    /// Makes the room, unless there is one, and users members of it. From the system only.
    Prepare(Prepare),
    /// Removes what a message said from the log. From the system only.
    DeleteMessage {
        /// The message.
        message: MessageId,
    },
    /// Ends a membership, with the user's attendances. From the system only.
    RemoveMember {
        /// Whose.
        user: UserId,
        /// Whether they may not come back.
        ban: bool,
    },
    /// Lets a user who was banned come back. From the system only.
    LiftBan {
        /// Who.
        user: UserId,
    },
}

/// See [`RoomCommand::Prepare`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prepare {
    /// Who may enter from now on. `None` leaves it as it is; a new room is open.
    pub access: Option<Access>,
    /// Who become members.
    pub members: Vec<User>,
}

/// Who may enter a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Everybody whose token does not say otherwise.
    Open,
    /// Members only.
    Members,
}

/// See [`RoomCommand::Join`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Join {
    /// The client has everything up to here; the answer brings what is newer.
    pub since: Option<Since>,
    /// Whether the client asked for this room. Otherwise the socket attends silently because its
    /// user is a member, or because its session is recovered.
    pub explicit: bool,
    /// Initial state if others can open a peer connection to this socket.
    pub peer: Option<Media>,
    /// Ends the attendance of the user's other peers in this room.
    pub takeover: bool,
    /// Whether the answer shall say what the room holds.
    pub contents: bool,
}

/// Where a client's knowledge of a room ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// After this entry of whatever log there is.
    Seq(u64),
    /// After this entry of exactly this log.
    Position(Position),
    /// After what has been delivered to the user, on whatever device.
    Delivered,
}

/// How far a member has received or read a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Up to the newest entry.
    Newest,
    /// Up to this message.
    Message(MessageId),
    /// Up to this entry.
    Seq(u64),
}

/// See [`RoomCommand::Post`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// The text; blank only with attachments or other content.
    pub text: MessageText,
    /// What it is beside text.
    pub content: Content,
    /// A JSON array of objects.
    pub attachments: Option<RawJson>,
    /// Makes the send idempotent for the user and room.
    pub reference: Option<Reference>,
}

/// See [`RoomCommand::Signal`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signal {
    /// The addressee.
    pub to: SignalTarget,
    /// What the signal is, as far as vocabularies share it.
    pub kind: SignalKind,
    /// The payload in the form of the sender's vocabulary.
    pub body: RawJson,
}

/// The addressee of a signal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignalTarget {
    /// The user's socket that takes part, else all their devices.
    User(UserId),
    /// One peer.
    Socket(SocketId),
    /// All other peers of the room.
    Others,
}

/// Kinds of signal that more than one vocabulary can express.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignalKind {
    /// A session description of type `offer`.
    Offer,
    /// A session description of type `answer`.
    Answer,
    /// An ICE candidate, or the end of candidates.
    Candidate,
    /// Anything else; stays within its vocabulary.
    Other,
}

/// The medium that a call is announced with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallMedia {
    /// Sound only.
    Audio,
    /// Sound and picture.
    Video,
}

/// Who shall be in a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallPlan {
    /// Announced medium.
    pub media: CallMedia,
    /// The room that the call belongs to, or a mere label.
    pub room: Option<RoomId>,
    /// The called users. Empty: all other members of `room`.
    pub participants: Vec<UserId>,
}

/// A command to presence, handled by the owner of the user's partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresenceRequest {
    /// Makes retries recognisable.
    pub id: CommandId,
    /// What is asked.
    pub command: PresenceCommand,
}

/// What can be asked of presence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PresenceCommand {
    /// A socket was authenticated.
    Connect {
        /// The socket and its user.
        actor: Actor,
        /// Proves the right to recover the session, known to this client alone.
        secret: SessionSecret,
    },
    /// A client came back and wants its session.
    Resume {
        /// The session's socket.
        socket: SocketId,
        /// The proof.
        secret: SessionSecret,
        /// Who the client is by its token now, if it has one. Must be the session's user.
        user: Option<UserId>,
        /// The gateway that the client came back to.
        gateway: NodeId,
        /// If set, only a session is handed over that this gateway was the last to hold: it goes on under
        /// another id, and its client never left.
        holder: Option<NodeId>,
    },
    /// A socket is gone.
    Disconnect {
        /// The socket.
        socket: SocketId,
        /// Its user.
        user: UserId,
        /// The gateway that held it. A socket that has since moved elsewhere is left alone.
        gateway: NodeId,
        /// How it went.
        cause: DisconnectCause,
        /// How long ago it went.
        age: Duration,
        /// What was written to the socket, per room.
        positions: Vec<(RoomId, Position)>,
    },
    /// The user chose a status.
    SetStatus {
        /// The user.
        user: User,
        /// The status.
        status: Status,
    },
    /// A backend tells clients something.
    Publish(Box<Publication>),
    /// The user looks at one of their devices, or has turned away from it. They are away when they look at
    /// none.
    SetActive {
        /// The user.
        user: User,
        /// The device.
        socket: SocketId,
        /// Whether they look at it.
        active: bool,
    },
    /// The user says that they are available: like choosing to be online and looking at this device, but
    /// told in any case.
    Appear {
        /// The user.
        user: User,
        /// The device.
        socket: SocketId,
    },
    /// The user wants nothing more from another one.
    BlockUser {
        /// Who blocks.
        user: UserId,
        /// Whom.
        other: UserId,
    },
    /// The user takes that back.
    UnblockUser {
        /// Who has blocked.
        user: UserId,
        /// Whom.
        other: UserId,
    },
}

/// How a socket went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisconnectCause {
    /// Either side said goodbye: the session is over.
    Explicit,
    /// The transport was lost: the client may return and recover the session.
    Lost,
}

/// What a user says about being available.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Status {
    /// Available.
    #[default]
    Online,
    /// Not at the device.
    Away,
    /// Does not want to be disturbed.
    Busy,
    /// Has no socket, or is invisible while connected.
    Offline,
}

impl Status {
    /// The name of the status on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// The secret half of a session's private id: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionSecret([u8; 16]);

impl SessionSecret {
    /// Draws a secret.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The secret's bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The secret of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionSecret(..)")
    }
}

/// A session that can be recovered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The session's socket and user.
    pub actor: Actor,
    /// The proof.
    pub secret: SessionSecret,
    /// The rooms that the socket attends.
    pub rooms: Vec<SessionRoom>,
}

/// A room of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionRoom {
    /// Short name of the room within the session: 0, 1, 2 … in the order of joining.
    pub ordinal: u32,
    /// The room.
    pub room: RoomId,
    /// What the socket had when it joined, or when its loss was noticed.
    pub position: Position,
    /// Whether the client asked for this room itself.
    pub explicit: bool,
}
