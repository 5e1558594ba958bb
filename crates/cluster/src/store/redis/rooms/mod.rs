//! Rooms in Redis: a step is one script on the keys of its room. What each key holds is said in
//! `scripts/room.lua`, which every script of a room begins with.

mod answer;
mod list;

use futures_util::future;
use heliograph_domain::{
    command::{Access, Mark, Since},
    id::{CommandId, SocketId, UserId},
    room::{Media, MediaChange, RoomId},
    time::Timestamp,
    user::User,
    wire::proto,
};
use prost::Message;

use super::{
    super::{
        Append, AppendOutcome, Attend, AttendOutcome, Attendant, Cursor, Expelled, Idle, Left, MarkOutcome,
        MediaOutcome, Page, PageRange, Preparation, REMEMBERED, React, ReactOutcome, Retention, Rooms, StateChange,
        StateOutcome, Step, StoreError, SwitchOutcome, View, Write, WriteOutcome, Written,
    },
    ABANDONED,
    connection::Connection,
    keys::Keys,
    reply::Reply,
    request::{Request, Script, millis},
};
use crate::clock::Clock;

/// A script from its files, the names of the keys first.
macro_rules! script {
    ($($file:literal)+) => {
        Script::new(concat!(include_str!("../scripts/room.lua"), $(include_str!(concat!("../scripts/", $file, ".lua"))),+))
    };
}

static ATTEND: Script = script!(
    "room_outcomes" "room_keep" "room_roster" "room_members" "room_missed" "room_make" "room_contents" "room_attend"
);
static LEAVE: Script = script!("room_outcomes" "room_keep" "room_roster" "room_leave");
static APPEND: Script = script!("room_outcomes" "room_keep" "room_push" "room_append");
static REACT: Script = script!("room_outcomes" "room_keep" "room_push" "room_find" "room_react");
static WRITE: Script = script!("room_outcomes" "room_keep" "room_push" "room_find" "room_write");
static SET_STATE: Script = script!("room_keep" "room_state");
static PREPARE: Script = script!("room_keep" "room_roster" "room_make" "room_prepare");
static EXPEL: Script = script!("room_outcomes" "room_keep" "room_roster" "room_expel");
static LIFT_BAN: Script = script!("room_lift_ban");
static PEERS: Script = script!("room_peers");
static CLOSE_IDLE: Script = script!("room_members" "room_remove" "room_close_idle");
static CHANGE_MEDIA: Script = script!("room_media");
static SWITCH_CHAT: Script = script!("room_switch");
static VIEW: Script = script!("room_view");
static MARK: Script = script!("room_find" "room_mark");
static MEMBERS: Script = script!("room_members" "room_list_members");
static READ: Script = script!("room_read");
static CLOSE: Script = script!("room_remove" "room_close");
static LISTED: Script = script!("room_listed");

/// The greatest number that Lua counts without gaps. No room gets that far.
const GREATEST: u64 = (1 << 53) - 1;

pub(super) struct RedisRooms {
    connection: Connection,
    keys: Keys,
    retention: Retention,
    outcomes: usize,
    clock: Clock,
}

impl RedisRooms {
    /// Rooms that keep as much as `retention` says, and at least so many outcomes of commands each, if they
    /// are not too old, but less than four times as many.
    pub(super) fn new(connection: Connection, keys: Keys, retention: Retention, outcomes: usize) -> Self {
        Self { connection, keys, retention, outcomes, clock: Clock::system() }
    }

    async fn ask(&self, request: Request) -> Result<Reply, StoreError> {
        self.connection.ask("room", request).await
    }

    /// A request to run a script that does not remember what came of it.
    fn on(&self, script: &'static Script, room: &RoomId) -> Request {
        script.on(self.keys.room(room).each_ref())
    }

    /// A request to carry out a command: with what `room_outcomes.lua` and `room_keep.lua` take.
    fn carry_out(&self, script: &'static Script, room: &RoomId, command: CommandId) -> Request {
        self.on(script, room)
            .arg(&command.to_bytes())
            .arg(self.clock.now().as_millis())
            .arg(millis(REMEMBERED))
            .arg(self.outcomes)
            .arg(self.retention.entries)
            .arg(millis(self.retention.age).min(GREATEST / 4))
            .arg(millis(ABANDONED))
    }
}

impl RedisRooms {
    /// A request to run a script that does not remember what came of it, and renews the room's life. It takes
    /// what `room_keep.lua` takes.
    fn keeping(&self, script: &'static Script, room: &RoomId) -> Request {
        self.carry_out(script, room, CommandId::generate())
    }
}

impl Rooms for RedisRooms {
    fn attend<'a>(&'a self, room: &'a RoomId, step: Attend) -> Step<'a, AttendOutcome> {
        Box::pin(async move {
            let actor = &step.actor;
            let (since, epoch) = match step.since {
                None => (String::new(), None),
                Some(Since::Delivered) => ("delivered".to_owned(), None),
                Some(Since::Seq(seq)) => (exact(seq).to_string(), None),
                Some(Since::Position(position)) => (exact(position.seq).to_string(), Some(position.epoch)),
            };
            let request = self
                .carry_out(&ATTEND, room, step.command)
                .arg(actor.socket.as_str())
                .arg(actor.user.id.as_str())
                .arg(proto::User::from(&actor.user).encode_to_vec())
                .arg(u8::from(actor.user.guest))
                .arg(actor.gateway.as_str())
                .arg(actor.vocabulary.name())
                .arg(u8::from(step.explicit))
                .arg(step.peer.map(answer::bits).map_or_else(String::new, |bits| bits.to_string()))
                .arg(u8::from(step.takeover))
                .arg(step.max_peers)
                .arg(step.at.as_millis())
                .arg(step.new_epoch)
                .arg(room.as_str())
                .arg(since)
                .arg(epoch.map_or_else(String::new, |epoch| epoch.to_string()))
                .arg(exact(step.missed_limit as u64))
                .arg(exact(step.member_limit as u64))
                .arg(u8::from(step.members_only))
                .arg(step.partner.as_ref().map_or("", |partner| partner.id.as_str()))
                .arg(u8::from(step.partner.as_ref().is_some_and(|partner| partner.guest)))
                .arg(
                    step.partner.as_ref().map(|partner| proto::User::from(partner).encode_to_vec()).unwrap_or_default(),
                );
            let request = match step.contents {
                None => request.arg("").arg(0).arg(0).arg(0),
                Some(limits) => request
                    .arg(exact(limits.messages as u64))
                    .arg(exact(limits.bytes as u64))
                    .arg(exact(limits.scanned as u64))
                    .arg(exact(limits.attendants as u64)),
            };
            let request = step.ghosts.iter().fold(request, |request, ghost| request.arg(ghost.as_str()));
            let (outcome, listed) = answer::attend(self.ask(request).await?)?;
            // What is not looked after now is so another time.
            future::join_all(listed.iter().map(|room| self.is_there(room))).await;
            Ok(outcome)
        })
    }

    fn leave<'a>(
        &'a self,
        room: &'a RoomId,
        command: CommandId,
        socket: &'a SocketId,
        user: &'a UserId,
        end_membership: bool,
    ) -> Step<'a, Left> {
        Box::pin(async move {
            let request = self
                .carry_out(&LEAVE, room, command)
                .arg(socket.as_str())
                .arg(user.as_str())
                .arg(u8::from(end_membership))
                .arg(room.as_str());
            answer::leave(self.ask(request).await?)
        })
    }

    fn append<'a>(&'a self, room: &'a RoomId, step: Append) -> Step<'a, AppendOutcome> {
        Box::pin(async move {
            let author = step.author.as_ref().map_or("", UserId::as_str);
            // Ids hold no line feed.
            let reference = step.author.as_ref().zip(step.reference.as_ref());
            let reference = reference.map(|(author, reference)| format!("{author}\n{}", reference.as_json()));
            let request = self
                .carry_out(&APPEND, room, step.command)
                .arg(reference.unwrap_or_default())
                .arg(author)
                .arg(step.socket.as_ref().map_or("", SocketId::as_str))
                .arg(u8::from(step.as_admin))
                .arg(step.message.as_str())
                .arg(&step.event[..])
                .arg(step.at.as_millis());
            answer::append(self.ask(request).await?)
        })
    }

    fn react<'a>(&'a self, room: &'a RoomId, step: React) -> Step<'a, ReactOutcome> {
        Box::pin(async move {
            let request = self
                .carry_out(&REACT, room, step.command)
                .arg(step.message.as_str())
                .arg(step.user.as_str())
                .arg(step.emoji.as_str())
                .arg(u8::from(step.on))
                .arg(&step.event[..])
                .arg(step.at.as_millis());
            answer::react(self.ask(request).await?)
        })
    }

    fn write<'a>(&'a self, room: &'a RoomId, step: Write) -> Step<'a, WriteOutcome> {
        Box::pin(async move {
            let (kind, message) = match &step.what {
                Written::CodeChange => ("code", ""),
                Written::Stroke => ("stroke", ""),
                Written::Clearing => ("clearing", ""),
                Written::Deletion(message) => ("deletion", message.as_str()),
            };
            let request = self
                .carry_out(&WRITE, room, step.command)
                .arg(kind)
                .arg(step.author.as_ref().map_or("", UserId::as_str))
                .arg(message)
                .arg(&step.event[..])
                .arg(step.at.as_millis());
            answer::write(self.ask(request).await?)
        })
    }

    fn set_state<'a>(&'a self, room: &'a RoomId, user: &'a UserId, change: StateChange) -> Step<'a, StateOutcome> {
        Box::pin(async move {
            let request = self.keeping(&SET_STATE, room).arg(user.as_str());
            let request = match &change {
                StateChange::Code { data, version } => request.arg("code").arg(exact(*version)).arg(&data[..]),
                StateChange::Whiteboard { data, seq } => {
                    let seq = seq.map_or_else(String::new, |seq| exact(seq).to_string());
                    let request = request.arg("whiteboard").arg(seq);
                    match data {
                        Some(data) => request.arg(&data[..]),
                        None => request,
                    }
                }
                StateChange::Recording(on) => request.arg("recording").arg(u8::from(*on)),
            };
            answer::set_state(self.ask(request).await?)
        })
    }

    fn prepare<'a>(&'a self, room: &'a RoomId, step: Preparation) -> Step<'a, ()> {
        Box::pin(async move {
            let access = match step.access {
                None => "",
                Some(Access::Open) => "open",
                Some(Access::Members) => "members",
            };
            let request = self
                .keeping(&PREPARE, room)
                .arg(access)
                .arg(step.new_epoch)
                .arg(step.at.as_millis())
                .arg(room.as_str());
            let request = step.members.iter().fold(request, |request, member| {
                let encoded = proto::User::from(member).encode_to_vec();
                request.arg(member.id.as_str()).arg(u8::from(member.guest)).arg(encoded)
            });
            self.ask(request).await.map(|_| ())
        })
    }

    fn expel<'a>(&'a self, room: &'a RoomId, command: CommandId, user: &'a UserId, ban: bool) -> Step<'a, Expelled> {
        Box::pin(async move {
            let request = self.carry_out(&EXPEL, room, command).arg(user.as_str()).arg(u8::from(ban));
            answer::expel(self.ask(request).await?)
        })
    }

    fn lift_ban<'a>(&'a self, room: &'a RoomId, user: &'a UserId) -> Step<'a, ()> {
        Box::pin(async move { self.ask(self.on(&LIFT_BAN, room).arg(user.as_str())).await.map(|_| ()) })
    }

    fn peers<'a>(&'a self, room: &'a RoomId) -> Step<'a, Vec<Attendant>> {
        Box::pin(async move { answer::attendants(self.ask(self.on(&PEERS, room)).await?) })
    }

    fn close_idle<'a>(&'a self, room: &'a RoomId, since: Timestamp) -> Step<'a, Idle> {
        Box::pin(async move {
            let request = self.on(&CLOSE_IDLE, room).arg(2 * millis(REMEMBERED)).arg(room.as_str());
            answer::close_idle(self.ask(request.arg(since.as_millis())).await?)
        })
    }

    fn change_media<'a>(
        &'a self,
        room: &'a RoomId,
        by: &'a SocketId,
        target: &'a SocketId,
        change: MediaChange,
        as_admin: bool,
    ) -> Step<'a, MediaOutcome> {
        Box::pin(async move {
            let everything = Media { audio: true, video: true, screen: true, hand: true, speaking: true };
            let request = self
                .on(&CHANGE_MEDIA, room)
                .arg(by.as_str())
                .arg(target.as_str())
                .arg(answer::bits(everything.with(change)))
                .arg(answer::bits(Media::default().with(change)))
                .arg(u8::from(as_admin));
            answer::change_media(self.ask(request).await?)
        })
    }

    fn switch_chat<'a>(
        &'a self,
        room: &'a RoomId,
        by: &'a SocketId,
        enabled: bool,
        as_admin: bool,
    ) -> Step<'a, SwitchOutcome> {
        Box::pin(async move {
            let request = self.on(&SWITCH_CHAT, room).arg(by.as_str()).arg(u8::from(enabled)).arg(u8::from(as_admin));
            answer::switch_chat(self.ask(request).await?)
        })
    }

    fn view<'a>(
        &'a self,
        room: &'a RoomId,
        user: Option<&'a UserId>,
        socket: Option<&'a SocketId>,
        addressee: Option<&'a SocketId>,
    ) -> Step<'a, View> {
        Box::pin(async move {
            let request = self
                .on(&VIEW, room)
                .arg(user.map_or("", UserId::as_str))
                .arg(socket.map_or("", SocketId::as_str))
                .arg(addressee.map_or("", SocketId::as_str));
            answer::view(self.ask(request).await?, socket, addressee)
        })
    }

    fn mark<'a>(
        &'a self,
        room: &'a RoomId,
        user: &'a UserId,
        cursor: Cursor,
        up_to: &'a Mark,
    ) -> Step<'a, MarkOutcome> {
        Box::pin(async move {
            let cursor = match cursor {
                Cursor::Delivered => "delivered",
                Cursor::Read => "read",
            };
            let (message, seq) = match up_to {
                Mark::Newest => ("", String::new()),
                Mark::Message(message) => (message.as_str(), String::new()),
                Mark::Seq(seq) => ("", exact(*seq).to_string()),
            };
            let request = self.on(&MARK, room).arg(user.as_str()).arg(cursor).arg(message).arg(seq);
            answer::mark(self.ask(request).await?)
        })
    }

    fn members<'a>(&'a self, room: &'a RoomId, limit: usize) -> Step<'a, Option<Vec<User>>> {
        Box::pin(async move {
            let request = self.on(&MEMBERS, room).arg(exact(limit as u64));
            self.ask(request).await?.optional().map(answer::users).transpose()
        })
    }

    fn read<'a>(&'a self, room: &'a RoomId, range: PageRange, limit: usize) -> Step<'a, Page> {
        Box::pin(async move {
            let (direction, seq) = match range {
                PageRange::After(seq) => ("after", seq),
                PageRange::Before(seq) => ("before", seq),
            };
            let request = self.on(&READ, room).arg(direction).arg(exact(seq)).arg(exact(limit as u64));
            answer::read(self.ask(request).await?)
        })
    }

    fn close<'a>(&'a self, room: &'a RoomId) -> Step<'a, (Vec<Attendant>, Vec<User>)> {
        Box::pin(async move {
            let request = self.on(&CLOSE, room).arg(2 * millis(REMEMBERED)).arg(room.as_str());
            answer::close(self.ask(request).await?)
        })
    }

    fn list<'a>(&'a self, cursor: Option<&'a RoomId>, limit: usize) -> Step<'a, Vec<RoomId>> {
        Box::pin(self.listed_after(cursor, limit))
    }
}

/// A number of an entry, or of entries, as scripts can tell it from others.
fn exact(number: u64) -> u64 {
    number.min(GREATEST)
}
