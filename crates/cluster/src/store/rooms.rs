//! Rooms: who attends, who is a member, and the log.

use std::time::Duration;

use bytes::Bytes;
use heliograph_domain::{
    command::{Mark, Since},
    id::{CommandId, MessageId, NodeId, SocketId, UserId},
    room::{Media, MediaChange, Peer, Position, RoomId},
    text::{Emoji, Reference},
    time::Timestamp,
    user::{Actor, User, Vocabulary},
};

use super::{
    ContentsLimits, Expelled, Idle, Preparation, StateChange, StateOutcome, Step, StoredContents, Write, WriteOutcome,
};

/// How long the outcomes of commands and the references of clients are remembered.
pub const REMEMBERED: Duration = Duration::from_secs(120);

/// Steps on one room.
///
/// Steps that take a [`CommandId`] remember their outcome for [`REMEMBERED`], refusals too: the same
/// id gives the first outcome again and changes nothing. What describes the room rather than the
/// step (the gateways, and the snapshot that a join gets) is as of now, so that the events that are
/// sent again reach everybody who attends now. A forgotten room still
/// remembers; one that there has never been, or that was closed, does not.
pub trait Rooms: Send + Sync + 'static {
    /// Makes a socket an attendant and its user a member; creates the room if there is none. For who
    /// becomes a member, the log up to there counts as delivered and read. A
    /// socket that attends already only moves to the actor's gateway, unless it asks for more than
    /// before: explicitly, or as a peer. Nothing changes if the room is full, or does not admit the user.
    fn attend<'a>(&'a self, room: &'a RoomId, step: Attend) -> Step<'a, AttendOutcome>;

    /// Ends a socket's attendance and, with `end_membership`, its user's membership. Guests have no
    /// identity beyond their session: their membership ends with their last attendance. A room
    /// without attendants, members and log is forgotten. A socket that does not attend, or is not
    /// the user's, is success without an attendance.
    fn leave<'a>(
        &'a self,
        room: &'a RoomId,
        command: CommandId,
        socket: &'a SocketId,
        user: &'a UserId,
        end_membership: bool,
    ) -> Step<'a, Left>;

    /// Appends an event to the log. A room that does not exist has no members, and the system
    /// cannot append to it either.
    fn append<'a>(&'a self, room: &'a RoomId, step: Append) -> Step<'a, AppendOutcome>;

    /// Sets or takes back a mark on a message and appends the event if that changes something.
    fn react<'a>(&'a self, room: &'a RoomId, step: React) -> Step<'a, ReactOutcome>;

    /// Writes something to the log that is no message.
    fn write<'a>(&'a self, room: &'a RoomId, step: Write) -> Step<'a, WriteOutcome>;

    /// Changes what the room holds beside its log, for a member. What is like that already keeps the
    /// roster's version; only recording is a change of the roster at all.
    fn set_state<'a>(&'a self, room: &'a RoomId, user: &'a UserId, change: StateChange) -> Step<'a, StateOutcome>;

    /// Makes users members; creates the room if there is none. A room that admits members only exists
    /// until it is closed or has not been used for long, and its guests stay members without a socket.
    fn prepare<'a>(&'a self, room: &'a RoomId, step: Preparation) -> Step<'a, ()>;

    /// Ends a user's attendances and membership, and with `ban` keeps them out.
    fn expel<'a>(&'a self, room: &'a RoomId, command: CommandId, user: &'a UserId, ban: bool) -> Step<'a, Expelled>;

    /// Lets a user come back who was kept out.
    fn lift_ban<'a>(&'a self, room: &'a RoomId, user: &'a UserId) -> Step<'a, ()>;

    /// The attendants that can be signalled, in the order in which they became peers.
    fn peers<'a>(&'a self, room: &'a RoomId) -> Step<'a, Vec<Attendant>>;

    /// Removes the room if nobody attends it and nothing has been written to it since `since`.
    fn close_idle<'a>(&'a self, room: &'a RoomId, since: Timestamp) -> Step<'a, Idle>;

    /// Changes the state of the peer `target`. Another socket's state can be changed by the host
    /// only, or with `as_admin`. A change that changes nothing leaves the roster's version as it is,
    /// so that a retry repeats the first place.
    fn change_media<'a>(
        &'a self,
        room: &'a RoomId,
        by: &'a SocketId,
        target: &'a SocketId,
        change: MediaChange,
        as_admin: bool,
    ) -> Step<'a, MediaOutcome>;

    /// Switches the chat. By the host, or with `as_admin`. What is switched already keeps the
    /// roster's version, as above.
    fn switch_chat<'a>(
        &'a self,
        room: &'a RoomId,
        by: &'a SocketId,
        enabled: bool,
        as_admin: bool,
    ) -> Step<'a, SwitchOutcome>;

    /// Looks at a room as one socket's business: is it there, is its user a member, where is the
    /// addressee, which gateways hold attendants.
    fn view<'a>(
        &'a self,
        room: &'a RoomId,
        user: Option<&'a UserId>,
        socket: Option<&'a SocketId>,
        addressee: Option<&'a SocketId>,
    ) -> Step<'a, View>;

    /// Moves a mark of a member forward to an entry, or to the log's end if that is before it; never
    /// back. Who is not a member has no mark.
    fn mark<'a>(&'a self, room: &'a RoomId, user: &'a UserId, cursor: Cursor, up_to: &'a Mark)
    -> Step<'a, MarkOutcome>;

    /// The members, in the order of joining, at most `limit`; `None` if there is no such room.
    fn members<'a>(&'a self, room: &'a RoomId, limit: usize) -> Step<'a, Option<Vec<User>>>;

    /// A part of the log.
    fn read<'a>(&'a self, room: &'a RoomId, range: PageRange, limit: usize) -> Step<'a, Page>;

    /// Removes the room with everything in it. Gives back its attendants and its members.
    fn close<'a>(&'a self, room: &'a RoomId) -> Step<'a, (Vec<Attendant>, Vec<User>)>;

    /// Ids of rooms after `cursor` in some stable order, at most `limit`.
    fn list<'a>(&'a self, cursor: Option<&'a RoomId>, limit: usize) -> Step<'a, Vec<RoomId>>;
}

/// See [`Rooms::attend`].
#[derive(Clone, Debug)]
pub struct Attend {
    /// The command that asks for it.
    pub command: CommandId,
    /// The socket and its user.
    pub actor: Actor,
    /// Whether the client asked for this room itself.
    pub explicit: bool,
    /// Initial state if the socket can be signalled.
    pub peer: Option<Media>,
    /// Ends the attendance of the user's other peers in the room.
    pub takeover: bool,
    /// Attendances of this user that end with this step because their transport is lost.
    pub ghosts: Vec<SocketId>,
    /// Entries after this are given back.
    pub since: Option<Since>,
    /// How many entries at most; of more, the newest.
    pub missed_limit: usize,
    /// How many members at most are given back.
    pub member_limit: usize,
    /// How many peers the room may have.
    pub max_peers: usize,
    /// Whether only members are admitted, whatever the room says.
    pub members_only: bool,
    /// Who becomes a member too if this step makes the room.
    pub partner: Option<User>,
    /// Whether to give what the room holds, and how much of it.
    pub contents: Option<ContentsLimits>,
    /// The epoch of the log if this step creates it.
    pub new_epoch: u64,
    /// Now.
    pub at: Timestamp,
}

/// See [`Rooms::attend`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttendOutcome {
    /// The socket attends.
    Attending(Box<Attended>),
    /// The room has as many peers as it may have.
    Full,
    /// The user is banned, or not a member of a room that admits members only.
    NotAdmitted,
}

/// See [`AttendOutcome::Attending`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attended {
    /// The log's end.
    pub position: Position,
    /// The roster's version after this step. Versions rise by one with each change that others have
    /// to be told of (who is announced, who is a peer, media, chat) and with no other, so that a
    /// gateway sees by a hole that it has missed one. The first is higher than any of an earlier room
    /// of this name. Each removed attendance is a change of its own, before the socket's.
    pub roster: u64,
    /// Whether this command made the socket an attendant, or a peer, so that others have to be told.
    pub joined: bool,
    /// Whether the user had no socket that asked for the room itself before this step, and has one
    /// now. Others have to be told of that too: it is a change of the roster.
    pub announced: bool,
    /// Attendances that ended because of this step. Their [`Left::announced`] says whether the user
    /// has no more socket that asked for the room after the whole step.
    pub removed: Vec<(Attendant, Left)>,
    /// Members in the order of joining.
    pub members: Vec<User>,
    /// Peers but this socket, in the order of joining.
    pub peers: Vec<Peer>,
    /// The peer that hosts the room: the one that has been there longest.
    pub host: Option<SocketId>,
    /// Whether messages may be posted.
    pub chat_enabled: bool,
    /// Entries after `since`, oldest first. None if `since` belongs to another log.
    pub missed: Vec<StoredEntry>,
    /// Whether `since` fits this log and everything after it is still there. True without `since`.
    pub whole: bool,
    /// Whether there are more entries after `since`, older than those that were given back.
    pub more: bool,
    /// Whether this command made the partner a member.
    pub partnered: bool,
    /// What the room holds, if that was asked for.
    pub contents: Option<Box<StoredContents>>,
    /// Gateways that hold attendants, this socket's too.
    pub gateways: Vec<NodeId>,
}

/// A socket in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendant {
    /// The socket.
    pub socket: SocketId,
    /// Its user.
    pub user: User,
    /// Where it is.
    pub gateway: NodeId,
    /// What it speaks.
    pub vocabulary: Vocabulary,
    /// Its state if it can be signalled.
    pub peer: Option<Media>,
}

/// See [`Rooms::leave`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Left {
    /// The attendance that ended, if there was one.
    pub attendant: Option<Attendant>,
    /// Whether it was the user's last socket that had asked for the room itself.
    pub announced: bool,
    /// The roster's version after this step; 0 if there is no such room.
    pub roster: u64,
    /// The new host if the leaving socket was it.
    pub new_host: Option<SocketId>,
    /// Gateways that still hold attendants.
    pub gateways: Vec<NodeId>,
    /// Whether the user is no longer a member because of this step.
    pub membership_ended: bool,
    /// Whether nobody is a member any more because of this step.
    pub deserted: bool,
}

/// See [`Rooms::append`].
#[derive(Clone, Debug)]
pub struct Append {
    /// The command that asks for it.
    pub command: CommandId,
    /// The author. Must be a member, unless the system appends.
    pub author: Option<UserId>,
    /// The author's socket: the host may write while the chat is off.
    pub socket: Option<SocketId>,
    /// Writes though the chat is off.
    pub as_admin: bool,
    /// The client's own name for it: the same user and name within two minutes give the first
    /// outcome again.
    pub reference: Option<Reference>,
    /// The message's id.
    pub message: MessageId,
    /// The encoded event.
    pub event: Bytes,
    /// Now.
    pub at: Timestamp,
}

/// See [`Rooms::append`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is in the log, by this command.
    Appended(Appended),
    /// The client had sent it before by another command; nothing was appended.
    Repeated {
        /// The id that the message got then.
        message: MessageId,
        /// Its number.
        seq: u64,
        /// When.
        at: Timestamp,
    },
    /// The author is not a member.
    NotMember,
    /// The chat is off.
    ChatDisabled,
}

/// What an appending step gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The message's id.
    pub message: MessageId,
    /// Its place: the entry's own number.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// Gateways that hold attendants.
    pub gateways: Vec<NodeId>,
}

/// See [`Rooms::react`].
#[derive(Clone, Debug)]
pub struct React {
    /// The command that asks for it.
    pub command: CommandId,
    /// The message.
    pub message: MessageId,
    /// Who marks.
    pub user: UserId,
    /// The mark.
    pub emoji: Emoji,
    /// Whether the mark shall be there afterwards.
    pub on: bool,
    /// The encoded event.
    pub event: Bytes,
    /// Now.
    pub at: Timestamp,
}

/// See [`Rooms::react`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReactOutcome {
    /// The mark changed, by this command.
    Changed {
        /// The entry's place.
        position: Position,
        /// When.
        at: Timestamp,
        /// Gateways that hold attendants.
        gateways: Vec<NodeId>,
    },
    /// The mark was like that already.
    Unchanged,
    /// The log has no such message any more.
    NoSuchMessage,
    /// The user is not a member.
    NotMember,
}

/// See [`Rooms::change_media`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaOutcome {
    /// The state is as asked for.
    Changed {
        /// The whole state now.
        media: Media,
        /// The roster's version after this step.
        roster: u64,
        /// Gateways that hold attendants.
        gateways: Vec<NodeId>,
    },
    /// The sender is no peer of the room.
    NotPeer,
    /// The target is no peer of the room.
    NoSuchPeer,
    /// Only the host may do that.
    NotHost,
}

/// See [`Rooms::switch_chat`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchOutcome {
    /// The chat is as asked for.
    Switched {
        /// The roster's version after this step.
        roster: u64,
        /// Gateways that hold attendants.
        gateways: Vec<NodeId>,
    },
    /// The sender does not attend the room.
    NotAttending,
    /// Only the host may do that.
    NotHost,
}

/// See [`Rooms::view`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct View {
    /// Whether the user is a member.
    pub member: bool,
    /// The socket as an attendant.
    pub attendant: Option<Attendant>,
    /// The addressee as an attendant.
    pub addressee: Option<Attendant>,
    /// Gateways that hold attendants.
    pub gateways: Vec<NodeId>,
    /// The log's end; the default if there is no such room.
    pub position: Position,
    /// The roster's version; 0 if there is no such room.
    pub roster: u64,
    /// The newest entry that the user has read: the log's end while one of their sockets attends that
    /// asked for the room itself, else their read mark; 0 if they are not a member.
    pub read: u64,
    /// The user's marks; zeros if they are not a member.
    pub marks: Marks,
}

/// How far a member has a log: numbers of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Marks {
    /// The newest that has reached a device of theirs.
    pub delivered: u64,
    /// The newest that they have read.
    pub read: u64,
}

/// One of a member's marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// See [`Marks::delivered`].
    Delivered,
    /// See [`Marks::read`].
    Read,
}

/// See [`Rooms::mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkOutcome {
    /// The mark moved from one entry to another, by this step.
    Moved {
        /// Where it was.
        from: u64,
        /// Where it is.
        to: u64,
    },
    /// The mark was there already, or further.
    Unchanged,
    /// The log has no such message any more.
    NoSuchMessage,
    /// The user is not a member.
    NotMember,
}

/// Which entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRange {
    /// Those after this number, from there on.
    After(u64),
    /// The newest of those before this number.
    Before(u64),
}

/// See [`Rooms::read`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<StoredEntry>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
    /// The log's end.
    pub position: Position,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number.
    pub seq: u64,
    /// When it was appended.
    pub at: Timestamp,
    /// The encoded event.
    pub event: Bytes,
    /// The number of a code change, which the event itself does not have.
    pub version: Option<u64>,
}

/// How long logs are kept; given to an implementation when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Entries per room.
    pub entries: usize,
    /// Age of an entry. A room without attendants is kept as long, from when the last of them left or
    /// an entry was appended.
    pub age: Duration,
}
